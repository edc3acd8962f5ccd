//! No bytes make this crate panic, and no stream ends in two ways.

use bytes::BytesMut;
use domain::Dialect;
use proptest::prelude::*;
use wire::{
    EncodeOptions, ReplyContext, ReplyEvent, StreamEncoder, decode_reply, decode_request, encode_reply,
    encode_request,
};

use crate::cases::{self, decode_stream};

/// The words of both dialects, so that arbitrary bodies get past the first check.
const WORDS: &[&str] = &[
    "model",
    "messages",
    "role",
    "user",
    "assistant",
    "system",
    "tool",
    "function",
    "content",
    "type",
    "text",
    "image_url",
    "image",
    "source",
    "base64",
    "media_type",
    "data",
    "url",
    "file",
    "file_data",
    "tool_calls",
    "tool_use",
    "tool_result",
    "tool_use_id",
    "tool_call_id",
    "id",
    "name",
    "arguments",
    "input",
    "thinking",
    "signature",
    "redacted_thinking",
    "reasoning_content",
    "reasoning_details",
    "reasoning.text",
    "tools",
    "input_schema",
    "parameters",
    "tool_choice",
    "auto",
    "any",
    "max_tokens",
    "temperature",
    "top_p",
    "stop",
    "stop_sequences",
    "response_format",
    "json_schema",
    "schema",
    "output_config",
    "effort",
    "format",
    "cache_control",
    "ephemeral",
    "ttl",
    "metadata",
    "user_id",
    "stream",
    "stream_options",
    "choices",
    "index",
    "delta",
    "message",
    "finish_reason",
    "stop_reason",
    "usage",
    "prompt_tokens",
    "input_tokens",
    "object",
    "properties",
    "additionalProperties",
    "content_block",
    "message_start",
    "content_block_start",
    "content_block_delta",
    "content_block_stop",
    "message_delta",
    "message_stop",
    "text_delta",
    "partial_json",
    "input_json_delta",
    "error",
    "ping",
    "refusal",
    "annotations",
    "citations",
    "function_call",
    "functions",
];

fn json() -> impl Strategy<Value = String> {
    let word = prop::sample::select(WORDS).prop_map(|word| format!("\"{word}\""));
    let leaf = prop_oneof![
        word.clone(),
        word,
        Just("null".to_owned()),
        Just("true".to_owned()),
        any::<i32>().prop_map(|number| number.to_string()),
        Just("1e999".to_owned()),
        Just("0.10".to_owned()),
        Just(r#""\ud83d""#.to_owned()),
        Just(r#""""#.to_owned()),
        any::<String>().prop_map(|text| serde_json::to_string(&text).unwrap()),
    ];
    leaf.prop_recursive(6, 96, 8, |inner| {
        let member = (prop::sample::select(WORDS), inner.clone());
        prop_oneof![
            prop::collection::vec(inner, 0..6).prop_map(|items| format!("[{}]", items.join(","))),
            prop::collection::vec(member, 0..8).prop_map(|members| {
                let members: Vec<_> =
                    members.into_iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    })
}

fn try_everything(body: &[u8]) {
    for from in Dialect::ALL {
        for to in Dialect::ALL {
            if let Ok(prompt) = decode_request(from, body) {
                let encoded = encode_request(to, &prompt, &EncodeOptions::new("m"));
                if let Ok(encoded) = encoded {
                    serde_json::from_slice::<serde::de::IgnoredAny>(&encoded.body).unwrap();
                }
            }
            if let Ok(reply) = decode_reply(from, body) {
                let encoded = encode_reply(to, &reply, &ReplyContext::new("x", "m", 0));
                serde_json::from_slice::<serde::de::IgnoredAny>(&encoded.body).unwrap();
            }
        }
    }
}

fn stream_everything(stream: &[u8]) {
    for from in Dialect::ALL {
        let events = decode_stream(from, stream.chunks(11));
        assert_eq!(events.iter().filter(|event| event.is_last()).count(), 1, "{events:?}");
        assert!(events.last().is_some_and(ReplyEvent::is_last), "{events:?}");
        for to in Dialect::ALL {
            let mut encoder = StreamEncoder::new(to, &ReplyContext::new("x", "m", 0));
            let mut out = BytesMut::new();
            events.iter().for_each(|event| encoder.push(event, &mut out));
            assert!(std::str::from_utf8(&out).is_ok());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_body_panics(body in json()) {
        try_everything(body.as_bytes());
    }

    #[test]
    fn no_member_of_a_real_body_panics(
        case in any::<prop::sample::Index>(),
        place in any::<prop::sample::Index>(),
        value in json(),
    ) {
        let cases = cases::all();
        let case = case.get(&cases);
        let reply = case.provider_reply();
        for body in [Some(case.request()), reply].into_iter().flatten() {
            try_everything(&replace_value(&body, place, &value));
        }
    }

    #[test]
    fn no_bytes_of_a_stream_panic(stream in prop::collection::vec(any::<u8>(), 0..512)) {
        stream_everything(&stream);
    }

    #[test]
    fn no_events_of_a_stream_panic(
        events in prop::collection::vec((prop::sample::select(WORDS), json()), 0..8),
    ) {
        let records: String =
            events.iter().map(|(name, data)| format!("event: {name}\ndata: {data}\n\n")).collect();
        stream_everything(records.as_bytes());
    }

    #[test]
    fn no_damage_to_a_real_stream_panics(
        case in any::<prop::sample::Index>(),
        place in any::<prop::sample::Index>(),
        value in json(),
    ) {
        let cases = cases::all();
        let streams: Vec<_> = cases.iter().filter_map(cases::Case::provider_stream).collect();
        let stream: &Vec<u8> = case.get(&streams);
        stream_everything(&replace_value(stream, place, &value));
    }
}

/// The document with one of its values, told from what follows a colon, replaced.
fn replace_value(document: &[u8], place: prop::sample::Index, value: &str) -> Vec<u8> {
    let colons: Vec<_> = (0..document.len()).filter(|at| document[*at] == b':').collect();
    if colons.is_empty() {
        return value.as_bytes().to_vec();
    }
    let colon = *place.get(&colons);
    let rest = &document[colon + 1..];
    let end = rest.iter().position(|byte| matches!(byte, b',' | b'}' | b'\n')).unwrap_or(rest.len());
    [&document[..=colon], value.as_bytes(), &rest[end..]].concat()
}
