//! Where traces lie: whole, in the day they began, found again from wherever somebody comes.

use std::collections::HashSet;
use std::sync::Arc;

use domain::{CallRecord, Scope, TraceId};
use store::{CallFilter, StoreError, Within};

use crate::backend::{Pair, each, run};
use crate::records::{DAY_MS, NOON_ISH_MS, OTHER, call};
use crate::schema::execute;
use crate::traces::{HERE, append, frames, ids, list};

#[test]
fn a_trace_has_all_its_calls_in_the_order_they_began() {
    each(|pair| async move {
        let root = call(NOON_ISH_MS, 1);
        let own = |n, trace| CallRecord { trace, ..call(NOON_ISH_MS + 10, n) };
        let foreign = TraceId(0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736);
        // Children end before their parent does, and arrive first.
        append(&*pair.one.traces, &[own(3, root.trace), own(2, root.trace), own(5, foreign)]).await;
        append(&*pair.one.traces, &[root.clone(), own(4, foreign)]).await;
        let calls = |trace| {
            let traces = Arc::clone(&pair.two.traces);
            async move {
                let records = traces.trace(HERE, trace).await.unwrap();
                records.into_iter().map(|record| record.call).collect::<Vec<_>>()
            }
        };
        let at = |n| call(NOON_ISH_MS + 10, n).call;
        assert_eq!(calls(root.trace).await, [root.call, at(2), at(3)]);
        assert_eq!(calls(foreign).await, [at(4), at(5)]);
        assert_eq!(calls(TraceId(7)).await, []);
    });
}

#[test]
fn a_trace_stays_in_the_day_it_began() {
    each(|pair| async move {
        let Pair { one, two, dir } = pair;
        let foreign = TraceId(0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736);
        let part = |ms, n| CallRecord { trace: foreign, ..call(ms, n) };
        append(&*one.traces, &[part(NOON_ISH_MS, 1)]).await;
        append(&*one.traces, &[call(NOON_ISH_MS + DAY_MS, 2), part(NOON_ISH_MS + DAY_MS, 3)]).await;
        // Another process, which remembers nothing.
        append(&*two.traces, &[part(NOON_ISH_MS + 2 * DAY_MS, 4)]).await;
        append(&*two.traces, &[call(NOON_ISH_MS + 2 * DAY_MS, 5)]).await;

        let order =
            [(2, 5), (2, 4), (1, 3), (1, 2), (0, 1)].map(|(day, n)| call(NOON_ISH_MS + day * DAY_MS, n).call);
        assert_eq!(list(&*two.traces, &CallFilter::default()).await.len(), 5);
        assert_eq!(list(&*one.traces, &CallFilter::default()).await[0], order[0]);
        for id in order {
            assert_eq!(two.traces.call(HERE, id).await.unwrap().map(|record| record.call), Some(id));
        }
        assert_eq!(one.traces.trace(HERE, foreign).await.unwrap().len(), 3);

        // Deleting the first day deletes the whole trace, and only that.
        assert_eq!(one.traces.delete_before(NOON_ISH_MS + DAY_MS).await.unwrap(), 1);
        assert!(!dir.join("traces/2026-03-01.db").exists());
        assert!(!dir.join("traces/2026-03-01.bodies").exists());
        assert!(one.traces.trace(HERE, foreign).await.unwrap().is_empty());
        assert_eq!(list(&*one.traces, &CallFilter::default()).await, [order[0], order[3]]);
        // A straggler brings its day back.
        append(&*one.traces, &[call(NOON_ISH_MS, 6)]).await;
        assert_eq!(list(&*one.traces, &CallFilter::default()).await.len(), 3);
    });
}

#[test]
fn lost_bodies_leave_the_rest_of_a_call() {
    each(|pair| async move {
        let record = call(NOON_ISH_MS, 1);
        append(&*pair.one.traces, std::slice::from_ref(&record)).await;
        std::fs::write(pair.dir().join("traces/2026-03-01.bodies"), b"cut").unwrap();
        let found = pair.two.traces.call(HERE, record.call).await.unwrap().unwrap();
        assert_eq!((found.status, found.usage, found.attempts.len()), (200, record.usage, 0));
        assert_eq!(found.notes, ["the attempts and payloads of this call were lost"]);
    });
}

#[test]
fn more_calls_than_a_chunk_holds_are_all_there() {
    each(|pair| async move {
        let mut records: Vec<_> = (0..1_100).map(|n| call(NOON_ISH_MS, n)).collect();
        for record in records.iter_mut().step_by(3) {
            record.caller.scope = OTHER;
        }
        append(&*pair.one.traces, &records).await;
        let everyone = Within::organization(Scope::DEFAULT.organization);
        let (mut seen, mut after) = (HashSet::new(), None);
        loop {
            let page = pair.two.traces.list(everyone, &CallFilter::default(), after, 500).await.unwrap();
            let before = seen.len();
            seen.extend(ids(&page.calls));
            assert_eq!(seen.len(), before + page.calls.len(), "none twice");
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(seen.len(), 1_100);
        assert_eq!(
            pair.two.traces.call(everyone, records[1_099].call).await.unwrap().as_ref(),
            records.last()
        );
    });
}

#[test]
fn a_batch_that_could_not_be_written_can_be_tried_again() {
    each(|pair| async move {
        let traces = &*pair.one.traces;
        let path = pair.dir().join("traces/2026-03-01.bodies");
        std::fs::create_dir(&path).unwrap();
        let batch = [frames(&[call(NOON_ISH_MS, 1)])];
        traces.append(&batch).await.unwrap_err();
        std::fs::remove_dir(&path).unwrap();
        assert_eq!(traces.append(&batch).await.unwrap().written, 1);
        assert_eq!(list(traces, &CallFilter::default()).await, [call(NOON_ISH_MS, 1).call]);
    });
}

#[test]
fn a_damaged_day_is_put_aside_and_the_batch_goes_into_a_new_one() {
    run(async {
        let dir = tempfile::tempdir().unwrap();
        let stores = store::sqlite::open(dir.path()).await.unwrap();
        append(&*stores.traces, &[call(NOON_ISH_MS, 1), call(NOON_ISH_MS + DAY_MS, 2)]).await;
        let day = dir.path().join("traces/2026-03-01.db");
        execute(&day, "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET rootpage = 99999; PRAGMA schema_version = 1000")
            .await;
        let batch = [frames(&[call(NOON_ISH_MS, 3)])];
        let refused = stores.traces.append(&batch).await.unwrap_err();
        assert!(matches!(refused, StoreError::Corrupt { .. }), "{refused}");
        let appended = stores.traces.append(&batch).await.unwrap();
        assert_eq!((appended.written, appended.dropped), (1, 0));
        let there = list(&*stores.traces, &CallFilter::default()).await;
        assert_eq!(there.len(), 2, "what was in the damaged file lies beside the new one");
        let names = std::fs::read_dir(dir.path().join("traces")).unwrap();
        let aside = names
            .filter(|entry| {
                entry.as_ref().unwrap().file_name().to_str().unwrap().starts_with("2026-03-01.db.damaged-")
            })
            .count();
        assert!(aside >= 1);
    });
}
