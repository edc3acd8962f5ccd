//! What is written reads back the same, whatever the values; and rubbish is refused, not believed.

use domain::{
    Api, AttemptId, CallId, CostSource, EndpointId, ErrorKind, KeyId, Outcome, PicoUsd, Scope, SpanId,
    TraceId, Usage, UsageRecord, UsageSource,
};
use proptest::prelude::*;
use store::{CallFrame, Frames, UsageFrame, encode_usage};

use crate::records::{NOON_ISH_MS, call, labels, odd_usage, usage};

fn buckets() -> impl Strategy<Value = Usage> {
    any::<[u64; 8]>().prop_map(
        |[input, cache_read, cache_write, cache_write_1h, audio_input, output, reasoning, audio_output]| {
            Usage {
                input,
                cache_read,
                cache_write,
                cache_write_1h,
                audio_input,
                output,
                reasoning,
                audio_output,
            }
        },
    )
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        Just(Outcome::Succeeded),
        Just(Outcome::Cancelled),
        proptest::sample::select(ErrorKind::ALL.to_vec()).prop_map(Outcome::Failed),
    ]
}

prop_compose! {
    fn any_usage()(
        ids in any::<[u128; 5]>(),
        key in any::<Option<u128>>(),
        caller in ".{0,40}",
        labelled in any::<bool>(),
        model in ".{0,200}",
        price in proptest::option::of(".{0,40}"),
        usage in buckets(),
        cost in any::<Option<i128>>(),
        outcome in outcome(),
        settled_at_ms in any::<i64>(),
        duration_ms in any::<u64>(),
        estimated in any::<bool>(),
    ) -> UsageRecord {
        let [attempt, call, trace, endpoint, project] = ids;
        UsageRecord {
            attempt: AttemptId(attempt),
            call: CallId(call),
            trace: TraceId(trace),
            settled_at_ms,
            scope: Scope { project: domain::ProjectId(project), ..Scope::DEFAULT },
            key: key.map(KeyId),
            caller: caller.into(),
            labels: labelled.then(labels),
            endpoint: EndpointId(endpoint),
            model: model.into(),
            usage,
            usage_source: if estimated { UsageSource::Estimated } else { UsageSource::Reported },
            cost: cost.map(PicoUsd),
            cost_source: CostSource::Configured,
            price: price.map(Into::into),
            outcome,
            duration_ms,
            api: Api::Embeddings,
            ..crate::records::usage(NOON_ISH_MS, 0)
        }
    }
}

proptest! {
    #[test]
    fn a_usage_record_reads_back(record in any_usage()) {
        let mut bytes = Vec::new();
        encode_usage(&record, &mut bytes).unwrap();
        prop_assert_eq!(UsageFrame::parse(&bytes).unwrap().record().unwrap(), record);
    }

    #[test]
    fn a_call_record_reads_back(
        request in any::<Vec<u8>>(),
        size in any::<u64>(),
        session in proptest::option::of(".{0,20}"),
        parent in any::<Option<u64>>(),
        usage in buckets(),
        outcome in outcome(),
        attempts in 0_usize..3,
        status in any::<u16>(),
        duration_us in any::<u64>(),
        labelled in any::<bool>(),
        client in any::<Option<std::net::IpAddr>>(),
    ) {
        let mut record = call(NOON_ISH_MS, 3);
        record.request.body = request;
        record.reply.size = size;
        record.session = session.map(Into::into);
        record.parent_span = parent.map(SpanId);
        record.usage = usage;
        record.outcome = outcome;
        record.attempts.truncate(attempts);
        record.status = status;
        record.duration_us = duration_us;
        record.caller.labels = labelled.then(labels);
        record.client = client;
        let mut frames = Frames::default();
        frames.push(&record).unwrap();
        frames.push(&call(NOON_ISH_MS, 4)).unwrap();
        let read: Vec<_> = frames.iter().map(|frame| frame.record().unwrap()).collect();
        prop_assert_eq!(read, vec![record, call(NOON_ISH_MS, 4)]);
    }

    #[test]
    fn rubbish_is_refused(bytes in any::<Vec<u8>>()) {
        // Neither panics nor reads past the end; what happens to parse is somebody's valid record.
        if let Ok(frame) = UsageFrame::parse(&bytes) {
            let _ = frame.record();
        }
        if let Ok((frame, rest)) = CallFrame::split(&bytes) {
            prop_assert!(rest.len() < bytes.len());
            let _ = frame.record();
        }
    }
}

#[test]
fn a_cut_record_is_refused() {
    for record in [usage(NOON_ISH_MS, 1), odd_usage(NOON_ISH_MS, 1)] {
        let mut bytes = Vec::new();
        encode_usage(&record, &mut bytes).unwrap();
        for cut in 0..bytes.len() {
            let read = UsageFrame::parse(&bytes[..cut]).and_then(|frame| frame.record());
            assert!(read.is_err(), "cut at {cut}");
        }
    }
    let mut frames = Frames::default();
    frames.push(&call(NOON_ISH_MS, 1)).unwrap();
    for cut in 0..frames.bytes().len() {
        assert!(CallFrame::split(&frames.bytes()[..cut]).is_err(), "cut at {cut}");
    }
}

#[test]
fn a_form_from_the_future_is_not_taken_for_ours() {
    let mut bytes = Vec::new();
    encode_usage(&usage(NOON_ISH_MS, 1), &mut bytes).unwrap();
    bytes[0] = 99;
    assert!(UsageFrame::parse(&bytes).is_err());
}

/// The form of calls before a client's address and labels were kept: the head ended two empty options earlier.
#[test]
fn a_call_of_the_first_form_reads_back() {
    const HEAD_AT: usize = 8 + 1 + 5 * 16 + 2 * 8;
    let mut frames = Frames::default();
    frames.push(&call(NOON_ISH_MS, 1)).unwrap();
    let mut bytes = frames.bytes().to_vec();
    let number = |bytes: &[u8], at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
    let (length, head) = (number(&bytes, 0), number(&bytes, 4));
    let end = HEAD_AT + usize::try_from(head).unwrap();
    assert_eq!(bytes.drain(end - 2..end).collect::<Vec<_>>(), [0, 0]);
    bytes[..4].copy_from_slice(&(length - 2).to_le_bytes());
    bytes[4..8].copy_from_slice(&(head - 2).to_le_bytes());
    bytes[8] = 1;
    let (frame, rest) = CallFrame::split(&bytes).unwrap();
    assert!(rest.is_empty());
    assert_eq!(frame.record().unwrap(), call(NOON_ISH_MS, 1));
}
