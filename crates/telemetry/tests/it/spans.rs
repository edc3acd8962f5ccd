//! A call as spans.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::{ErrorKind, Labels, Outcome, SpanId};
use serde_json::{Value, json};
use telemetry::{Span, SpanKind, spans};

use crate::records::{NOON_MS, call};

fn attributes(span: &Span) -> BTreeMap<&str, Value> {
    let attributes: BTreeMap<_, _> =
        span.attributes.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
    assert_eq!(attributes.len(), span.attributes.len(), "no name twice");
    assert!(attributes.values().all(|value| !value.is_null()));
    attributes
}

#[test]
fn a_call_is_a_span_and_each_attempt_one_below_it() {
    let record = call(1);
    let spans = spans(&record);
    let shape: Vec<_> =
        spans.iter().map(|span| (span.name.as_str(), span.id, span.parent, span.kind, span.error)).collect();
    let overloaded = Some(ErrorKind::ProviderOverloaded);
    assert_eq!(
        shape,
        [
            ("gateway/chat", SpanId(1), Some(SpanId(0xabc)), SpanKind::Server, None),
            ("provider/bedrock/claude-sonnet-4-5", SpanId(2), Some(SpanId(1)), SpanKind::Client, overloaded),
            ("provider/openai/gpt-5", SpanId(3), Some(SpanId(1)), SpanKind::Client, None),
        ]
    );
    assert!(spans.iter().all(|span| span.trace == record.trace));
    assert_eq!(spans[2].started_at_us, NOON_MS * 1_000 + 200_100);
}

#[test]
fn attributes_have_the_names_of_the_convention() {
    let spans = spans(&call(1));
    let root = attributes(&spans[0]);
    assert_eq!(root["gen_ai.operation.name"], "chat");
    assert_eq!(root["gen_ai.request.model"], "chat");
    assert_eq!(root["gen_ai.conversation.id"], "session-1");
    assert_eq!(root["gen_ai.usage.input_tokens"], 120, "cached tokens are input, too");
    assert_eq!(root["gen_ai.usage.cache_read.input_tokens"], 20);
    assert_eq!(root["gen_ai.usage.output_tokens"], 15, "reasoning is output, too");
    assert_eq!(root["gen_ai.response.time_to_first_chunk"], json!(0.5));
    assert_eq!(root["gatewright.notes"], json!(["`seed` was left out"]));
    assert!(!root.contains_key("gatewright.cost.usd"), "unknown is not free");
    assert!(!root.contains_key("error.type"));

    let failed = attributes(&spans[1]);
    assert_eq!(failed["gen_ai.provider.name"], "aws.bedrock");
    assert_eq!(failed["error.type"], "provider_overloaded");
    assert_eq!(failed["http.response.status_code"], 529);
    assert_eq!(failed["gatewright.end"], "provider_status");
    assert_eq!(failed["gatewright.cost.usd"], "0");
    assert!(!failed.contains_key("gen_ai.usage.input_tokens"), "nothing was consumed");
}

#[test]
fn what_is_written_on_the_key_is_on_the_call() {
    let mut record = call(1);
    record.client = Some([192, 0, 2, 7].into());
    record.caller.labels = Some(Arc::new(Labels {
        tags: [Arc::from("team-a")].into(),
        metadata: [(Arc::from("owner"), Arc::from("ann"))].into(),
    }));
    let spans = spans(&record);
    let root = attributes(&spans[0]);
    assert_eq!(root["gatewright.tags"], json!(["team-a"]));
    assert_eq!(root["gatewright.metadata.owner"], "ann");
    assert_eq!(root["client.address"], "192.0.2.7");
}

#[test]
fn a_client_that_left_is_no_failure_but_said() {
    let mut record = call(1);
    record.outcome = Outcome::Cancelled;
    record.endpoint_name = None;
    let spans = spans(&record);
    assert_eq!((spans[0].name.as_str(), spans[0].error), ("gateway/chat", None));
    assert_eq!(attributes(&spans[0])["error.type"], "cancelled");
}
