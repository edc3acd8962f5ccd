//! The events of a streamed message: blocks strictly one after the other, one token a delta, and usage that is
//! complete only at the end.

use bytes::Bytes;
use serde_json::{Value, json};

use super::messages::Message;
use crate::provider::script::pieces;

pub(super) fn events(message: &Message) -> Vec<Bytes> {
    let mut opening = message.whole();
    opening["content"] = json!([]);
    for unknown in ["stop_reason", "stop_sequence", "stop_details"] {
        opening[unknown] = Value::Null;
    }
    opening["usage"]["output_tokens"] = json!(1);
    opening["usage"]["output_tokens_details"] = Value::Null;
    let mut events = vec![
        event("message_start", &json!({ "type": "message_start", "message": opening })),
        event("ping", &json!({ "type": "ping" })),
    ];
    for (index, block) in message.content.iter().enumerate() {
        block_events(index, block, &mut events);
    }
    let delta = json!({
        "stop_reason": message.stop_reason,
        "stop_sequence": message.stop_sequence,
        "stop_details": message.stop_details,
    });
    events.push(event(
        "message_delta",
        &json!({ "type": "message_delta", "delta": delta, "usage": message.usage }),
    ));
    events.push(event("message_stop", &json!({ "type": "message_stop" })));
    events
}

pub(super) fn event(name: &str, data: &Value) -> Bytes {
    Bytes::from(format!("event: {name}\ndata: {data}\n\n"))
}

fn block_events(index: usize, block: &Value, events: &mut Vec<Bytes>) {
    let mut opening = block.clone();
    let mut deltas = Vec::new();
    match block["type"].as_str() {
        Some("text") => {
            opening["text"] = json!("");
            deltas.extend(texts(block, "text").map(|piece| json!({ "type": "text_delta", "text": piece })));
        }
        Some("thinking") => {
            opening["thinking"] = json!("");
            opening["signature"] = json!("");
            deltas.extend(
                texts(block, "thinking").map(|piece| json!({ "type": "thinking_delta", "thinking": piece })),
            );
            deltas.push(json!({ "type": "signature_delta", "signature": block["signature"] }));
        }
        Some("tool_use") => {
            opening["input"] = json!({});
            deltas.push(json!({ "type": "input_json_delta", "partial_json": "" }));
            // A tool without arguments says nothing at all.
            if block["input"].as_object().is_some_and(|input| !input.is_empty()) {
                let input = block["input"].to_string();
                deltas.extend(
                    pieces(&input)
                        .into_iter()
                        .map(|piece| json!({ "type": "input_json_delta", "partial_json": piece })),
                );
            }
        }
        _ => {}
    }
    let start = json!({ "type": "content_block_start", "index": index, "content_block": opening });
    events.push(event("content_block_start", &start));
    for delta in deltas {
        events.push(event(
            "content_block_delta",
            &json!({ "type": "content_block_delta", "index": index, "delta": delta }),
        ));
    }
    events.push(event("content_block_stop", &json!({ "type": "content_block_stop", "index": index })));
}

fn texts(block: &Value, member: &str) -> impl Iterator<Item = String> {
    pieces(block[member].as_str().unwrap_or_default()).into_iter()
}
