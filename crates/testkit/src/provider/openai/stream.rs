//! The chunks of a streamed chat completion: a role first, one token a chunk, tool arguments in fragments, the finish
//! reason in a chunk of its own, and usage exactly when it was asked for.

use bytes::Bytes;
use serde_json::{Value, json};

use super::chat::{CREATED, Completion, FINGERPRINT, call_id, finish_reason};
use crate::provider::script::{Answer, Stop, digest, pieces};

pub(super) fn events(completion: &Completion, options: &Value) -> Vec<Bytes> {
    let chunks = Chunks {
        completion,
        with_usage: options["include_usage"] == true,
        obfuscated: options["include_obfuscation"] != false,
    };
    // The choices of one completion come interleaved, as they are generated side by side.
    let mut waiting: Vec<_> = completion
        .answers
        .iter()
        .enumerate()
        .map(|(index, answer)| chunks.deltas(index, answer).into_iter())
        .collect();
    let mut events = Vec::new();
    loop {
        let round: Vec<Bytes> = waiting.iter_mut().filter_map(Iterator::next).collect();
        if round.is_empty() {
            break;
        }
        events.extend(round);
    }
    if chunks.with_usage {
        events.push(data(&chunks.chunk(&json!([]), &completion.usage)));
    }
    events.push(Bytes::from_static(b"data: [DONE]\n\n"));
    events
}

pub(super) fn data(value: &Value) -> Bytes {
    Bytes::from(format!("data: {value}\n\n"))
}

struct Chunks<'a> {
    completion: &'a Completion,
    with_usage: bool,
    obfuscated: bool,
}

impl Chunks<'_> {
    fn deltas(&self, index: usize, answer: &Answer) -> Vec<Bytes> {
        let refuses = answer.stop == Stop::Refusal;
        let mut deltas = vec![json!({ "role": "assistant", "content": "", "refusal": null })];
        if !answer.calls.is_empty() && answer.text.is_empty() {
            deltas[0]["content"] = Value::Null;
        }
        if let Some(thinking) = answer.thinking.as_deref().filter(|_| self.completion.shows_reasoning) {
            deltas.extend(pieces(thinking).into_iter().map(|piece| json!({ "reasoning_content": piece })));
        }
        let field = if refuses { "refusal" } else { "content" };
        deltas.extend(pieces(&answer.text).into_iter().map(|piece| json!({ field: piece })));
        for (at, call) in answer.calls.iter().enumerate() {
            let id = call_id(self.completion, index, at);
            let function = json!({ "name": call.name, "arguments": "" });
            deltas.push(json!({ "tool_calls": [{ "index": at, "id": id, "type": "function", "function": function }] }));
            deltas.extend(
                pieces(&call.arguments.to_string()).into_iter().map(
                    |piece| json!({ "tool_calls": [{ "index": at, "function": { "arguments": piece } }] }),
                ),
            );
        }
        let mut events: Vec<Bytes> = deltas.iter().map(|delta| self.event(index, delta, None)).collect();
        events.push(self.event(index, &json!({}), Some(finish_reason(&answer.stop))));
        events
    }

    fn event(&self, index: usize, delta: &Value, finish: Option<&str>) -> Bytes {
        let choices = json!([{ "index": index, "delta": delta, "logprobs": null, "finish_reason": finish }]);
        let mut chunk = self.chunk(&choices, &Value::Null);
        if self.obfuscated && finish.is_none() {
            // Padding that hides the length of a token; its content means nothing.
            let noise = format!("{:016x}", digest(delta.to_string().as_bytes()));
            chunk["obfuscation"] = json!(noise[..1 + noise.len() / 4]);
        }
        data(&chunk)
    }

    fn chunk(&self, choices: &Value, usage: &Value) -> Value {
        let mut chunk = json!({
            "id": self.completion.id,
            "object": "chat.completion.chunk",
            "created": CREATED,
            "model": self.completion.model,
            "service_tier": "default",
            "system_fingerprint": FINGERPRINT,
            "choices": choices,
        });
        if self.with_usage {
            chunk["usage"] = usage.clone();
        }
        chunk
    }
}
