//! What holds for every golden case, whatever it is about.

use domain::{Api, Dialect, Usage};
use serde_json::Value;
use wire::{
    EncodeOptions, Part, PartKind, Reply, ReplyContext, ReplyEvent, StreamDecoder, decode_reply,
    decode_request, encode_reply, encode_request, fold, reply_usage,
};

use crate::cases::{self, Case, decode_stream, essence};

#[test]
fn chunking_never_matters() {
    for case in cases::all() {
        let Some(stream) = case.provider_stream() else {
            continue;
        };
        let whole = decode_stream(case.to, [stream.as_slice()]);
        let (written, _) = case.translate_stream(&whole);
        for size in (1..=16).chain([31, 64, 257]) {
            let events = decode_stream(case.to, stream.chunks(size));
            assert_eq!(events, whole, "{} in chunks of {size}", case.name);
        }
        for cut in near_line_ends(&stream) {
            let (head, tail) = stream.split_at(cut);
            let events = decode_stream(case.to, [head, tail]);
            assert_eq!(case.translate_stream(&events).0, written, "{} cut at {cut}", case.name);
        }
    }
}

/// Where cutting in two is most likely to matter; single bytes cover every other place.
fn near_line_ends(stream: &[u8]) -> impl Iterator<Item = usize> {
    let near = |at: usize| stream[at.saturating_sub(2)..(at + 2).min(stream.len())].contains(&b'\n');
    (0..stream.len()).filter(move |at| near(*at))
}

#[test]
fn line_endings_never_matter() {
    for case in cases::all() {
        let Some(stream) = case.provider_stream() else {
            continue;
        };
        let whole = decode_stream(case.to, [stream.as_slice()]);
        let text = String::from_utf8(stream).unwrap();
        for ending in ["\r\n", "\r"] {
            let other = text.replace('\n', ending);
            let events = decode_stream(case.to, other.as_bytes().chunks(1));
            assert_eq!(events, whole, "{} with {ending:?}", case.name);
        }
    }
}

#[test]
fn streamed_and_whole_agree() {
    let mut compared = 0;
    for case in cases::all() {
        let (Some(stream), Some(reply)) = (case.provider_stream(), case.provider_reply()) else {
            continue;
        };
        let events = decode_stream(case.to, [stream.as_slice()]);
        let streamed = fold(&events).unwrap_or_else(|error| panic!("{}: {error:?}", case.name));
        let whole = decode_reply(case.to, &reply).unwrap();
        assert_eq!(essence(streamed), essence(whole.clone()), "{}: what the provider says", case.name);

        let (written, _) = case.translate_stream(&events);
        let seen = fold(&decode_stream(case.from, [written.as_slice()]));
        let seen = seen.unwrap_or_else(|error| panic!("{}: {error:?}", case.name));
        let encoded = case.with_context(|context| encode_reply(case.from, &whole, context));
        let mut expected = essence(decode_reply(case.from, &encoded.body).unwrap());
        if !case.prompt().include_usage {
            expected.usage = None;
        }
        let mut seen = essence(seen);
        if case.from == Dialect::OpenaiChat {
            in_order_of_a_message(&mut seen);
            in_order_of_a_message(&mut expected);
        }
        assert_eq!(seen, expected, "{}: what the client sees", case.name);
        compared += 1;
    }
    assert!(compared >= 20, "only {compared} cases have both forms");
}

/// An openai-chat message has one text and does not say what came before it; its stream does.
fn in_order_of_a_message(reply: &mut Reply) {
    let rank = |part: &Part| match &part.kind {
        PartKind::Thinking { .. } | PartKind::RedactedThinking { .. } => 0,
        PartKind::Text { .. } => 1,
        PartKind::Refusal { .. } => 2,
        _ => 3,
    };
    for choice in &mut reply.choices {
        choice.parts.sort_by_key(rank);
        choice.parts.dedup_by(|next, first| match (&mut first.kind, &mut next.kind) {
            (PartKind::Text { text, citations }, PartKind::Text { text: more, citations: others }) => {
                text.push_str(more);
                citations.append(others);
                true
            }
            _ => false,
        });
    }
}

#[test]
fn a_truncated_stream_is_never_a_success() {
    for case in cases::all() {
        let Some(stream) = case.provider_stream() else {
            continue;
        };
        let complete = stream.trim_ascii_end().len();
        let mut decoder = StreamDecoder::new(case.to);
        let mut before = Vec::new();
        let mut seen = usize::MAX;
        for cut in 0..complete {
            // The stream is fed byte by byte, and at every byte a copy is told that it was the last.
            let mut events = before.clone();
            decoder.clone().finish(&mut events);
            let last = events.last().unwrap();
            assert!(matches!(last, ReplyEvent::Error(_)), "{} cut at {cut}: {last:?}", case.name);
            let ends = events.iter().filter(|event| event.is_last()).count();
            assert_eq!(ends, 1, "{} cut at {cut}", case.name);
            if events.len() != std::mem::replace(&mut seen, events.len()) {
                assert!(fold(&events).is_err());
                let (written, _) = case.translate_stream(&events);
                assert!(!says_success(case.from, &written), "{} cut at {cut}", case.name);
                assert!(says_error(case.from, &written), "{} cut at {cut}", case.name);
            }
            decoder.push(&stream[cut..=cut], &mut before);
        }
    }
}

fn says_success(dialect: Dialect, stream: &[u8]) -> bool {
    let text = std::str::from_utf8(stream).unwrap();
    match dialect {
        Dialect::OpenaiChat => text.contains("data: [DONE]"),
        Dialect::AnthropicMessages => text.contains("event: message_stop"),
    }
}

fn says_error(dialect: Dialect, stream: &[u8]) -> bool {
    let text = std::str::from_utf8(stream).unwrap();
    let last = text.trim_end().rsplit("\n\n").next().unwrap();
    match dialect {
        Dialect::OpenaiChat => last.starts_with("data: {\"error\":"),
        Dialect::AnthropicMessages => last.starts_with("event: error\ndata: {\"type\":\"error\""),
    }
}

#[test]
fn usage_is_what_was_recorded() {
    for case in cases::all() {
        let Some(recorded) = case.read("usage.json") else {
            continue;
        };
        let recorded: Usage = serde_json::from_slice(&recorded).unwrap();
        if let Some(stream) = case.provider_stream() {
            let events = decode_stream(case.to, stream.chunks(7));
            let mut usages = events.iter().filter_map(|event| match event {
                ReplyEvent::Usage(usage) => Some(*usage),
                _ => None,
            });
            assert_eq!(usages.next_back(), Some(recorded), "{}: stream", case.name);
        }
        if let Some(reply) = case.provider_reply() {
            assert_eq!(reply_usage(case.to, Api::Chat, &reply), Some(recorded), "{}: reply", case.name);
            let seen =
                case.read("reply.json").and_then(|body| reply_usage(case.from, Api::Chat, &body)).unwrap();
            let totals = |usage: Usage| (usage.input_total(), usage.output_total(), usage.cache_read);
            assert_eq!(totals(seen), totals(recorded), "{}: what the client reads", case.name);
        }
    }
}

#[test]
fn a_round_trip_changes_nothing() {
    for case in cases::all() {
        round_trip_request(&case, case.from, &case.request());
        let sent = case.read(&format!("request.{}.json", case.to)).unwrap();
        round_trip_request(&case, case.to, &sent);
        if let Some(reply) = case.provider_reply() {
            round_trip_reply(&case, case.to, &reply);
        }
        if let Some(reply) = case.read("reply.json") {
            round_trip_reply(&case, case.from, &reply);
        }
    }
}

fn round_trip_request(case: &Case, dialect: Dialect, body: &[u8]) {
    let prompt = decode_request(dialect, body).unwrap_or_else(|error| panic!("{}: {error}", case.name));
    let options = EncodeOptions::new(&prompt.model);
    let again = encode_request(dialect, &prompt, &options).unwrap();
    assert_eq!(again.notes, [], "{}: {dialect}", case.name);
    let (before, after) = (value(body), value(&again.body));
    assert_eq!(after, before, "{}: {dialect}", case.name);
    // Equality of objects forgets order; a schema's order is part of a provider's cache key.
    let (mut before_schemas, mut after_schemas) = (Vec::new(), Vec::new());
    schemas(&before, &mut before_schemas);
    schemas(&after, &mut after_schemas);
    assert_eq!(after_schemas, before_schemas, "{}: order within schemas", case.name);
}

/// The text of every schema and of every call's input, in the order of the document's tools and messages.
fn schemas(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                if matches!(name.as_str(), "parameters" | "input_schema" | "schema" | "input") {
                    found.push(value.to_string());
                } else {
                    schemas(value, found);
                }
            }
            found.sort();
        }
        Value::Array(items) => items.iter().for_each(|item| schemas(item, found)),
        _ => {}
    }
}

fn round_trip_reply(case: &Case, dialect: Dialect, body: &[u8]) {
    let reply = decode_reply(dialect, body).unwrap_or_else(|error| panic!("{}: {error}", case.name));
    let again = encode_reply(dialect, &reply, &ReplyContext::new("x", &reply.model, 0));
    let without_ids = |body: &[u8]| {
        let mut value = value(body);
        let fields = value.as_object_mut().unwrap();
        fields.remove("id");
        fields.remove("created");
        value
    };
    assert_eq!(without_ids(&again.body), without_ids(body), "{}: {dialect}", case.name);
}

fn value(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap()
}
