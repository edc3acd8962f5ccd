//! Requests as the two SDKs send them, and what a reply says whatever its dialect and form.

use serde_json::{Value, json};
use testkit::client::Event;

/// An OpenAI chat request.
pub(crate) fn chat(model: &str, text: &str) -> Value {
    json!({ "model": model, "messages": [{ "role": "user", "content": text }] })
}

/// An Anthropic message request.
pub(crate) fn message(model: &str, text: &str) -> Value {
    json!({ "model": model, "max_tokens": 1000, "messages": [{ "role": "user", "content": text }] })
}

/// The same request with these members; for an OpenAI stream `include_usage` is one of them.
pub(crate) fn with(mut body: Value, members: Value) -> Value {
    let Value::Object(members) = members else { panic!("members form an object") };
    for (name, value) in members {
        body[name] = value;
    }
    body
}

/// The same request, streamed.
pub(crate) fn streamed(body: Value) -> Value {
    with(body, json!({ "stream": true }))
}

/// The same OpenAI request, streamed with usage at the end.
pub(crate) fn streamed_with_usage(body: Value) -> Value {
    with(body, json!({ "stream": true, "stream_options": { "include_usage": true } }))
}

/// A POST as bytes, for a connection that is left in the middle.
pub(crate) fn raw_post(path: &str, body: &Value) -> String {
    let body = body.to_string();
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\nanthropic-version: 2023-06-01\r\n\
         content-length: {length}\r\n\r\n{body}"
    )
}

/// What a reply says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) text: String,
    /// Names and arguments of the tools it calls.
    pub(crate) calls: Vec<(String, Value)>,
    /// `end`, `length`, `calls`, or the dialect's own word.
    pub(crate) stop: String,
    /// Prompt and generated tokens.
    pub(crate) tokens: (u64, u64),
}

impl Told {
    pub(crate) fn text(text: &str) -> Self {
        Self { text: text.to_owned(), stop: "end".to_owned(), ..Self::default() }
    }

    pub(crate) fn without_tokens(mut self) -> Self {
        self.tokens = (0, 0);
        self
    }

    /// By a whole OpenAI reply.
    pub(crate) fn by_chat(reply: &Value) -> Self {
        let choice = &reply["choices"][0];
        let calls = choice["message"]["tool_calls"].as_array().into_iter().flatten();
        Self {
            text: choice["message"]["content"].as_str().unwrap_or_default().to_owned(),
            calls: calls
                .map(|call| named_call(&call["function"]["name"], &call["function"]["arguments"]))
                .collect(),
            stop: stop(&choice["finish_reason"]),
            tokens: openai_tokens(&reply["usage"]),
        }
    }

    /// By an OpenAI stream, which must end properly.
    pub(crate) fn by_chat_stream(events: &[Event]) -> Self {
        assert!(events.last().is_some_and(Event::is_done), "the stream has no end: {events:?}");
        let mut told = Self::default();
        let mut arguments: Vec<(Value, String)> = Vec::new();
        for chunk in events.iter().map(Event::json) {
            if !chunk["usage"].is_null() {
                told.tokens = openai_tokens(&chunk["usage"]);
            }
            let choice = &chunk["choices"][0];
            told.text.push_str(choice["delta"]["content"].as_str().unwrap_or_default());
            for call in choice["delta"]["tool_calls"].as_array().into_iter().flatten() {
                let at = usize::try_from(call["index"].as_u64().unwrap()).unwrap();
                if at == arguments.len() {
                    arguments.push((call["function"]["name"].clone(), String::new()));
                }
                arguments[at].1.push_str(call["function"]["arguments"].as_str().unwrap_or_default());
            }
            if !choice["finish_reason"].is_null() {
                told.stop = stop(&choice["finish_reason"]);
            }
        }
        told.calls = arguments.iter().map(|(name, text)| named_call(name, &json!(text))).collect();
        told
    }

    /// By a whole Anthropic reply.
    pub(crate) fn by_message(reply: &Value) -> Self {
        let mut told = Self {
            stop: stop(&reply["stop_reason"]),
            tokens: anthropic_tokens(&reply["usage"]),
            ..Self::default()
        };
        for block in reply["content"].as_array().unwrap() {
            match block["type"].as_str().unwrap() {
                "text" => told.text.push_str(block["text"].as_str().unwrap()),
                "tool_use" => told.calls.push(named_call(&block["name"], &block["input"])),
                other => panic!("an unexpected block `{other}` in {reply}"),
            }
        }
        told
    }

    /// By an Anthropic stream, which must end properly.
    pub(crate) fn by_message_stream(events: &[Event]) -> Self {
        assert!(
            events.last().is_some_and(|event| event.name == "message_stop"),
            "the stream has no end: {events:?}"
        );
        let mut message = Value::Null;
        let mut inputs: Vec<String> = Vec::new();
        for event in events {
            let data = event.json();
            assert_eq!(data["type"], event.name.as_str());
            let index = usize::try_from(data["index"].as_u64().unwrap_or(0)).unwrap();
            match event.name.as_str() {
                "message_start" => message = data["message"].clone(),
                "content_block_start" => {
                    assert_eq!(inputs.len(), index, "blocks come one after the other");
                    inputs.push(String::new());
                    message["content"].as_array_mut().unwrap().push(data["content_block"].clone());
                }
                "content_block_delta" => {
                    inputs[index].push_str(data["delta"]["partial_json"].as_str().unwrap_or_default());
                    let block = &mut message["content"][index];
                    if let Some(text) = data["delta"]["text"].as_str() {
                        block["text"] = json!(format!("{}{text}", block["text"].as_str().unwrap()));
                    }
                }
                "message_delta" => {
                    message["stop_reason"] = data["delta"]["stop_reason"].clone();
                    for (name, value) in data["usage"].as_object().unwrap() {
                        message["usage"][name] = value.clone();
                    }
                }
                _ => {}
            }
        }
        for (index, input) in inputs.iter().enumerate().filter(|(_, input)| !input.is_empty()) {
            message["content"][index]["input"] = serde_json::from_str(input).unwrap();
        }
        Self::by_message(&message)
    }
}

fn named_call(name: &Value, arguments: &Value) -> (String, Value) {
    let arguments = match arguments.as_str() {
        Some(text) => serde_json::from_str(text).unwrap(),
        None => arguments.clone(),
    };
    (name.as_str().unwrap().to_owned(), arguments)
}

fn stop(reason: &Value) -> String {
    match reason.as_str().unwrap_or_default() {
        "stop" | "end_turn" => "end",
        "length" | "max_tokens" => "length",
        "tool_calls" | "tool_use" => "calls",
        other => other,
    }
    .to_owned()
}

fn openai_tokens(usage: &Value) -> (u64, u64) {
    (usage["prompt_tokens"].as_u64().unwrap_or(0), usage["completion_tokens"].as_u64().unwrap_or(0))
}

/// Anthropic counts what comes from its cache apart from the rest of the prompt.
fn anthropic_tokens(usage: &Value) -> (u64, u64) {
    let count = |name: &str| usage[name].as_u64().unwrap_or(0);
    let prompt =
        count("input_tokens") + count("cache_read_input_tokens") + count("cache_creation_input_tokens");
    (prompt, count("output_tokens"))
}

/// The text without the numbers that the mock gives to its replies, which differ from call to call.
pub(crate) fn without_numbers(text: &str) -> String {
    let mut parts = text.split("mock0");
    let mut kept = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        kept.push_str("mock");
        kept.push_str(part.trim_start_matches(|c: char| c.is_ascii_digit()));
    }
    kept
}
