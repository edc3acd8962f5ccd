//! The contract of [`store::TraceStore`]: what was written is found, in order, by those who may see it.

use std::collections::HashSet;
use std::sync::Arc;

use domain::{CallId, CallRecord, Caller, CallerKind, ErrorKind, OrganizationId, Outcome, Scope};
use store::{Appended, CallFilter, CallPage, CallSummary, Cursor, Frames, TraceStore, Within};

use crate::backend::each;
use crate::records::{NOON_ISH_MS, OTHER, call, labels};

pub(crate) const HERE: Within = Within::project(Scope::DEFAULT);

pub(crate) fn frames(records: &[CallRecord]) -> Frames {
    let mut frames = Frames::default();
    for record in records {
        frames.push(record).unwrap();
    }
    frames
}

pub(crate) async fn append(traces: &dyn TraceStore, records: &[CallRecord]) {
    let appended = traces.append(&[frames(records)]).await.unwrap();
    assert_eq!(appended, Appended { written: records.len(), dropped: 0 });
}

pub(crate) async fn list(traces: &dyn TraceStore, filter: &CallFilter) -> Vec<CallId> {
    let page = traces.list(HERE, filter, None, 500).await.unwrap();
    page.calls.iter().map(|summary| summary.call).collect()
}

pub(crate) fn ids(calls: &[CallSummary]) -> Vec<CallId> {
    calls.iter().map(|summary| summary.call).collect()
}

#[test]
fn a_call_reads_back_whole() {
    each(|pair| async move {
        let records: Vec<_> = (0..3).map(|n| call(NOON_ISH_MS, n)).collect();
        append(&*pair.one.traces, &records).await;
        for record in &records {
            assert_eq!(pair.two.traces.call(HERE, record.call).await.unwrap().as_ref(), Some(record));
        }
        assert_eq!(pair.two.traces.call(HERE, CallId(1)).await.unwrap(), None);
        assert_eq!(pair.two.traces.call(HERE, call(NOON_ISH_MS, 9).call).await.unwrap(), None);
    });
}

#[test]
fn a_list_shows_what_a_call_was() {
    each(|pair| async move {
        let record = call(NOON_ISH_MS, 1);
        append(&*pair.one.traces, std::slice::from_ref(&record)).await;
        let page = pair.two.traces.list(HERE, &CallFilter::default(), None, 10).await.unwrap();
        let [summary] = &page.calls[..] else { panic!("{page:?}") };
        assert_eq!(
            (summary.call, summary.trace, summary.status, summary.usage, summary.cost, summary.attempts),
            (record.call, record.trace, 200, record.usage, record.cost, 2)
        );
        assert_eq!(summary.provider.as_deref(), Some("openai"), "the last attempt");
        assert_eq!((summary.caller.clone(), summary.outcome), (record.caller, record.outcome));
        assert_eq!(page.next, None);
    });
}

#[test]
fn the_last_written_comes_first_whatever_the_executor() {
    each(|pair| async move {
        let ended = |n: u64| CallRecord { duration_us: n * 1_000, ..call(NOON_ISH_MS, n) };
        let even: Vec<_> = (0..10).filter(|n| n % 2 == 0).map(ended).collect();
        let odd: Vec<_> = (0..10).filter(|n| n % 2 == 1).map(ended).collect();
        pair.one.traces.append(&[frames(&even), frames(&odd)]).await.unwrap();
        append(&*pair.one.traces, &[ended(10)]).await;
        let expected: Vec<_> = (0..=10).rev().map(|n| call(NOON_ISH_MS, n).call).collect();
        assert_eq!(list(&*pair.two.traces, &CallFilter::default()).await, expected);
    });
}

#[test]
fn filters_keep_what_they_name() {
    each(|pair| async move {
        let plain = call(NOON_ISH_MS, 0);
        let mut other = call(NOON_ISH_MS + 5_000, 1);
        other.caller = Caller {
            kind: CallerKind::Anonymous,
            name: Arc::from("anonymous"),
            scope: Scope::DEFAULT,
            labels: Some(labels()),
        };
        other.endpoint_name = Some(Arc::from("embed"));
        other.requested_model = Arc::from("text-embedding-3");
        other.attempts.truncate(0);
        other.status = 404;
        other.outcome = Outcome::Failed(ErrorKind::UnknownModel);
        other.session = None;
        other.user = Some(Arc::from("u-1"));
        other.streamed = true;
        append(&*pair.one.traces, &[plain.clone(), other.clone()]).await;
        for (filter, expected) in filters() {
            let expected: Vec<_> = match expected {
                Expected::Plain => vec![plain.call],
                Expected::Other => vec![other.call],
                Expected::None => vec![],
            };
            assert_eq!(list(&*pair.two.traces, &filter).await, expected, "{filter:?}");
        }
    });
}

enum Expected {
    Plain,
    Other,
    None,
}

fn filters() -> Vec<(CallFilter, Expected)> {
    use Expected::{None, Other, Plain};

    fn by(set: impl FnOnce(&mut CallFilter)) -> CallFilter {
        let mut filter = CallFilter::default();
        set(&mut filter);
        filter
    }
    let text = |text: &str| Some(text.to_owned());
    vec![
        (by(|f| f.endpoint = text("embed")), Other),
        (by(|f| f.caller = text("ci")), Plain),
        (by(|f| f.tag = text("team-a")), Other),
        (by(|f| f.tag = text("team")), None),
        (by(|f| f.model = text("text-embedding-3")), Other),
        (by(|f| f.model = text("claude-sonnet-4-5")), Plain),
        (by(|f| f.provider = text("anthropic")), Plain),
        (by(|f| f.status = "4xx".parse().ok()), Other),
        (by(|f| f.outcome = text("succeeded")), Plain),
        (by(|f| f.outcome = text("failed")), Other),
        (by(|f| f.session = text("session-1")), Plain),
        (by(|f| f.user = text("u-1")), Other),
        (by(|f| f.streamed = Some(true)), Other),
        (by(|f| f.since_ms = Some(NOON_ISH_MS + 1)), Other),
        (by(|f| f.until_ms = Some(NOON_ISH_MS + 5_000)), Plain),
        (by(|f| (f.endpoint, f.caller) = (text("embed"), text("ci"))), None),
        (by(|f| f.since_ms = Some(NOON_ISH_MS + 5_001)), None),
    ]
}

#[test]
fn pages_are_stable_while_calls_are_added() {
    each(|pair| async move {
        // More than one chunk, and a chunk of many calls.
        for batch in 0..4 {
            let records: Vec<_> = (0..20).map(|n| call(NOON_ISH_MS, batch * 20 + n)).collect();
            append(&*pair.one.traces, &records).await;
        }
        let (mut seen, mut after, mut pages) = (Vec::new(), None, 0);
        loop {
            let page = pair.two.traces.list(HERE, &CallFilter::default(), after, 7).await.unwrap();
            seen.extend(ids(&page.calls));
            append(&*pair.one.traces, &[call(NOON_ISH_MS, 1_000 + pages)]).await;
            pages += 1;
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        let expected: Vec<_> = (0..80).rev().map(|n| call(NOON_ISH_MS, n).call).collect();
        assert_eq!(seen, expected);
        assert_eq!(pages, 12);
    });
}

#[test]
fn a_tail_sees_each_call_once_and_in_order() {
    each(|pair| async move {
        append(&*pair.one.traces, &[call(NOON_ISH_MS, 0)]).await;
        let tail = |after: Option<Cursor>, limit| {
            let traces = Arc::clone(&pair.two.traces);
            async move { traces.tail(HERE, &CallFilter::default(), after, limit).await.unwrap() }
        };
        let CallPage { calls, next } = tail(None, 10).await;
        assert!(calls.is_empty(), "what came before is not followed");
        assert_eq!(tail(next, 10).await.next, next, "nothing new");
        // A call that began earlier than the others but was finished last is not missed.
        append(&*pair.one.traces, &(5..12).map(|n| call(NOON_ISH_MS, n)).collect::<Vec<_>>()).await;
        append(&*pair.one.traces, &[call(NOON_ISH_MS - 60_000, 1)]).await;
        let first = tail(next, 4).await;
        let second = tail(first.next, 4).await;
        let third = tail(second.next, 4).await;
        let seen = [ids(&first.calls), ids(&second.calls), ids(&third.calls)].concat();
        let mut expected: Vec<_> = (5..12).map(|n| call(NOON_ISH_MS, n).call).collect();
        expected.push(call(NOON_ISH_MS - 60_000, 1).call);
        assert_eq!(seen, expected);
        assert_eq!(tail(second.next, 4).await.calls, []);
    });
}

#[test]
fn a_filtered_tail_moves_on_past_what_it_left_out() {
    each(|pair| async move {
        let start = pair.two.traces.tail(HERE, &CallFilter::default(), None, 10).await.unwrap().next;
        append(&*pair.one.traces, &[call(NOON_ISH_MS, 1)]).await;
        let nothing = CallFilter { user: Some("nobody".to_owned()), ..CallFilter::default() };
        let page = pair.two.traces.tail(HERE, &nothing, start, 10).await.unwrap();
        assert!(page.calls.is_empty() && page.next > start);
    });
}

#[test]
fn a_foreign_scope_sees_nothing() {
    each(|pair| async move {
        let mine = call(NOON_ISH_MS, 1);
        let mut theirs = call(NOON_ISH_MS, 2);
        theirs.caller.scope = OTHER;
        theirs.trace = mine.trace;
        append(&*pair.one.traces, &[mine.clone(), theirs.clone()]).await;
        let traces = &*pair.two.traces;
        let start = Some("0-0".parse().unwrap());
        for (within, expected) in [
            (HERE, vec![mine.call]),
            (Within::project(OTHER), vec![theirs.call]),
            (Within::organization(Scope::DEFAULT.organization), vec![theirs.call, mine.call]),
            (Within::organization(OrganizationId(9)), vec![]),
        ] {
            let sorted = |calls: &[CallSummary]| ids(calls).into_iter().collect::<HashSet<_>>();
            let wanted: HashSet<_> = expected.iter().copied().collect();
            let listed = traces.list(within, &CallFilter::default(), None, 10).await.unwrap();
            assert_eq!(sorted(&listed.calls), wanted);
            let tailed = traces.tail(within, &CallFilter::default(), start, 10).await.unwrap();
            assert_eq!(sorted(&tailed.calls), wanted);
            for record in [&mine, &theirs] {
                let found = traces.call(within, record.call).await.unwrap();
                assert_eq!(found.is_some(), expected.contains(&record.call));
            }
            assert_eq!(traces.trace(within, mine.trace).await.unwrap().len(), expected.len());
        }
    });
}
