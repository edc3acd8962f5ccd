//! What the mock says when all is well, and that its streams say the same as its whole replies.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use testkit::MockProvider;

use crate::{anthropic, chat, message, openai};

fn user(text: &str) -> Value {
    json!([{ "role": "user", "content": text }])
}

/// Puts the chunks of an OpenAI stream together to what the whole reply has.
fn joined_chat(events: &[testkit::client::Event]) -> (Value, Value) {
    let mut message = json!({ "content": "", "refusal": "", "reasoning_content": "" });
    let mut calls: Vec<Value> = Vec::new();
    let mut finish = Value::Null;
    for chunk in events.iter().map(testkit::client::Event::json) {
        let Some(choice) = chunk["choices"].get(0) else {
            continue;
        };
        for name in ["content", "refusal", "reasoning_content"] {
            if let Some(piece) = choice["delta"][name].as_str() {
                message[name] = json!(format!("{}{piece}", message[name].as_str().unwrap()));
            }
        }
        for call in choice["delta"]["tool_calls"].as_array().into_iter().flatten() {
            let at = usize::try_from(call["index"].as_u64().unwrap()).unwrap();
            if at == calls.len() {
                calls.push(json!({ "name": call["function"]["name"], "arguments": "" }));
            }
            let so_far = calls[at]["arguments"].as_str().unwrap();
            calls[at]["arguments"] =
                json!(format!("{so_far}{}", call["function"]["arguments"].as_str().unwrap()));
        }
        if !choice["finish_reason"].is_null() {
            finish = choice["finish_reason"].clone();
        }
    }
    message["calls"] = json!(calls);
    (message, finish)
}

#[tokio::test]
async fn openai_streams_agree_with_whole_replies() {
    let provider = MockProvider::start().await;
    let client = openai(&provider);
    let tools =
        json!([{"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}]);
    let bodies = [
        chat(&json!({})),
        chat(&json!({"messages": user("write 50 words"), "max_tokens": 10})),
        chat(
            &json!({"messages": user(r#"call weather {"city":"Paris"} and call weather {"city":"Ürümqi"}"#), "tools": tools}),
        ),
        chat(&json!({"messages": user("refuse this")})),
        chat(&json!({"model": "deepseek-r2", "messages": user("why")})),
        chat(&json!({"model": "gpt-5", "messages": user("think")})),
    ];
    for mut body in bodies {
        let whole = client.post("/v1/chat/completions", &body).await.expect_json(200).await;
        body["stream"] = json!(true);
        body["stream_options"] = json!({ "include_usage": true });
        let events = client.post("/v1/chat/completions", &body).await.events().collect().await;
        assert!(events.last().unwrap().is_done());
        let chunks: Vec<Value> = events.iter().map(testkit::client::Event::json).collect();
        let usage = &chunks[chunks.len() - 2];
        assert_eq!((&usage["usage"], &usage["choices"]), (&whole["usage"], &json!([])));
        assert!(chunks[..chunks.len() - 2].iter().all(|chunk| chunk.get("usage") == Some(&Value::Null)));
        let (message, finish) = joined_chat(&events);
        let said = &whole["choices"][0]["message"];
        for name in ["content", "refusal", "reasoning_content"] {
            assert_eq!(message[name].as_str().unwrap(), said[name].as_str().unwrap_or_default(), "{body}");
        }
        let calls = said["tool_calls"].as_array().into_iter().flatten().map(|call| call["function"].clone());
        assert_eq!(message["calls"], calls.collect::<Value>());
        assert_eq!(finish, whole["choices"][0]["finish_reason"]);
    }
}

#[tokio::test]
async fn openai_usage_comes_only_when_asked_for() {
    let provider = MockProvider::start().await;
    let body = chat(&json!({ "stream": true }));
    let events = openai(&provider).post("/v1/chat/completions", &body).await.events().collect().await;
    assert!(events.iter().all(|event| event.json().get("usage").is_none()));
}

/// Puts the events of an Anthropic stream together to what the whole reply has.
fn joined_message(events: &[testkit::client::Event]) -> Value {
    let mut message = Value::Null;
    let mut input = String::new();
    for event in events {
        let data = event.json();
        assert_eq!(data["type"], event.name.as_str());
        let index = data["index"].as_u64().and_then(|index| usize::try_from(index).ok()).unwrap_or(0);
        match event.name.as_str() {
            "message_start" => message = data["message"].clone(),
            "content_block_start" => {
                assert_eq!(message["content"].as_array().unwrap().len(), index, "blocks come in order");
                message["content"].as_array_mut().unwrap().push(data["content_block"].clone());
                input.clear();
            }
            "content_block_delta" => {
                let block = &mut message["content"][index];
                for name in ["text", "thinking", "signature"] {
                    if let Some(piece) = data["delta"][name].as_str() {
                        block[name] = json!(format!("{}{piece}", block[name].as_str().unwrap()));
                    }
                }
                input.push_str(data["delta"]["partial_json"].as_str().unwrap_or_default());
            }
            "content_block_stop" if !input.is_empty() => {
                message["content"][index]["input"] = serde_json::from_str(&input).unwrap();
            }
            "message_delta" => {
                for (name, value) in data["delta"].as_object().unwrap() {
                    message[name] = value.clone();
                }
                message["usage"] = data["usage"].clone();
            }
            _ => {}
        }
    }
    message
}

#[tokio::test]
async fn anthropic_streams_agree_with_whole_replies() {
    let provider = MockProvider::start().await;
    let client = anthropic(&provider);
    let tools = json!([{"name": "weather", "input_schema": {"type": "object"}}]);
    let bodies = [
        message(&json!({})),
        message(&json!({"messages": user("write 50 words"), "max_tokens": 10})),
        message(
            &json!({"messages": user("say ok then call weather and call weather {\"a\":[1,2]}"), "tools": tools}),
        ),
        message(&json!({"messages": user("refuse this")})),
        message(
            &json!({"messages": user("redacted why"), "thinking": {"type": "enabled", "budget_tokens": 1500}}),
        ),
        message(
            &json!({"model": "claude-opus-4-7", "messages": user("why"), "thinking": {"type": "adaptive", "display": "omitted"}}),
        ),
        message(
            &json!({"system": [{"type": "text", "text": "long", "cache_control": {"type": "ephemeral"}}]}),
        ),
    ];
    for mut body in bodies {
        let mut whole = client.post("/v1/messages", &body).await.expect_json(200).await;
        body["stream"] = json!(true);
        let events = client.post("/v1/messages", &body).await.events().collect().await;
        assert_eq!(events.last().unwrap().name, "message_stop");
        let mut streamed = joined_message(&events);
        // Ids are those of their request.
        for side in [&mut whole, &mut streamed] {
            side["id"] = Value::Null;
            for block in side["content"].as_array_mut().unwrap() {
                block["id"] = Value::Null;
            }
        }
        assert_eq!(streamed, whole);
    }
}

#[tokio::test]
async fn a_second_turn_follows_tool_results() {
    let provider = MockProvider::start().await;
    let tools = json!([{"name": "weather", "input_schema": {"type": "object"}}]);
    let thinking = json!({"type": "enabled", "budget_tokens": 1024});
    let ask = message(&json!({"messages": user("call weather"), "tools": tools, "thinking": thinking}));
    let first = anthropic(&provider).post("/v1/messages", &ask).await.expect_json(200).await;
    let id = first["content"][1]["id"].clone();
    let result =
        json!([{"type": "tool_result", "tool_use_id": id, "content": [{"type": "text", "text": "sunny"}]}]);
    let mut body = ask.clone();
    body["messages"] = json!([
        {"role": "user", "content": "call weather"},
        {"role": "assistant", "content": first["content"]},
        {"role": "user", "content": result},
    ]);
    let second = anthropic(&provider).post("/v1/messages", &body).await.expect_json(200).await;
    assert_eq!(second["content"][1]["text"], "results: sunny");

    body["messages"][1]["content"][0]["thinking"] = json!("tampered");
    let refused = anthropic(&provider).post("/v1/messages", &body).await.expect_json(400).await;
    assert!(refused["error"]["message"].as_str().unwrap().contains("Invalid `signature`"));
    body["messages"][1]["content"].as_array_mut().unwrap().remove(0);
    let refused = anthropic(&provider).post("/v1/messages", &body).await.expect_json(400).await;
    assert!(refused["error"]["message"].as_str().unwrap().contains("must start with a thinking block"));
}

#[tokio::test]
async fn embeddings_in_both_encodings_are_the_same_numbers() {
    let provider = MockProvider::start().await;
    let body = |encoding: &str| json!({"model": "text-embedding-3-small", "input": ["a", "b"], "dimensions": 8, "encoding_format": encoding});
    let floats = openai(&provider).post("/v1/embeddings", &body("float")).await.expect_json(200).await;
    let packed = openai(&provider).post("/v1/embeddings", &body("base64")).await.expect_json(200).await;
    for at in 0..2 {
        let bytes = STANDARD.decode(packed["data"][at]["embedding"].as_str().unwrap()).unwrap();
        let unpacked: Vec<f32> =
            bytes.chunks(4).map(|four| f32::from_le_bytes(four.try_into().unwrap())).collect();
        let plain: Vec<f32> = serde_json::from_value(floats["data"][at]["embedding"].clone()).unwrap();
        assert_eq!((unpacked.len(), unpacked), (8, plain));
    }
    assert_ne!(floats["data"][0], floats["data"][1]);
}

#[tokio::test]
async fn models_are_listed_for_who_asks() {
    let provider = MockProvider::start().await;
    let listed = openai(&provider).get("/v1/models").await.expect_json(200).await;
    assert_eq!((&listed["object"], &listed["data"][0]["object"]), (&json!("list"), &json!("model")));
    let listed = anthropic(&provider).get("/v1/models").await.expect_json(200).await;
    assert_eq!((&listed["has_more"], &listed["data"][0]["type"]), (&json!(false), &json!("model")));
}

#[tokio::test]
async fn structured_output_fits_its_schema() {
    let provider = MockProvider::start().await;
    let schema = json!({"type": "object", "additionalProperties": false, "required": ["city"], "properties": {"city": {"type": "string"}}});
    let format =
        json!({"type": "json_schema", "json_schema": {"name": "place", "strict": true, "schema": schema}});
    let reply =
        openai(&provider).post("/v1/chat/completions", &chat(&json!({"response_format": format}))).await;
    assert_eq!(reply.expect_json(200).await["choices"][0]["message"]["content"], r#"{"city":"mock"}"#);
    let config = json!({"format": {"type": "json_schema", "schema": schema}});
    let reply = anthropic(&provider).post("/v1/messages", &message(&json!({"output_config": config}))).await;
    assert_eq!(reply.expect_json(200).await["content"][0]["text"], r#"{"city":"mock"}"#);
}
