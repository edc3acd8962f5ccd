//! The built-in provider: answers in both dialects without a network, the same every time, as slowly and as badly as it
//! is told to.

use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use testkit::Gateway;
use testkit::gateway::Setup;

use crate::books::Books;
use crate::scene::BINARY;
use crate::talk::{Told, chat, message, streamed, streamed_with_usage, with};

async fn demo() -> Gateway {
    Setup::new(BINARY).start().await
}

fn tools() -> Value {
    let parameters = json!({ "type": "object", "properties": { "city": { "type": "string" } } });
    json!([{ "type": "function", "function": { "name": "weather", "parameters": parameters } }])
}

#[tokio::test]
async fn it_talks_in_both_dialects_and_says_that_it_is_simulated() {
    let gateway = demo().await;
    let client = gateway.client();
    let path = "/v1/chat/completions";
    let reply = client.post(path, &chat("demo", "hello there")).await;
    assert_eq!(
        (reply.header("x-gatewright-simulated"), reply.header("x-gatewright-cost-usd")),
        ("true", "0")
    );
    let body = reply.bytes().await;
    let whole = Told::by_chat(&serde_json::from_slice(&body).unwrap());
    assert!(whole.text.contains("hello there") && whole.tokens.0 > 0 && whole.tokens.1 > 0, "{whole:?}");
    assert_eq!(
        client.post(path, &chat("demo", "hello there")).await.bytes().await,
        body,
        "the same every time"
    );
    let reply = client.post(path, &streamed_with_usage(chat("demo", "hello there"))).await;
    assert_eq!(reply.header("x-gatewright-simulated"), "true");
    let events = reply.events().collect().await;
    assert!(events.len() > 5, "word by word");
    assert_eq!(Told::by_chat_stream(&events), whole);

    let client = gateway.client().anthropic("dummy");
    let said = Told::by_message(
        &client.post("/v1/messages", &message("demo", "hello there")).await.expect_json(200).await,
    );
    assert_eq!(said, whole, "both dialects say the same");
    let reply = client.post("/v1/messages", &streamed(message("demo", "hello there"))).await;
    assert_eq!(Told::by_message_stream(&reply.events().collect().await), whole);
}

#[tokio::test]
async fn it_calls_tools_and_reads_their_results() {
    let gateway = demo().await;
    let client = gateway.client();
    let path = "/v1/chat/completions";
    let body = with(chat("demo", "what is the weather in Paris"), json!({ "tools": tools() }));
    let reply = client.post(path, &body).await.expect_json(200).await;
    let told = Told::by_chat(&reply);
    assert_eq!((told.calls.len(), told.calls[0].0.as_str(), told.stop.as_str()), (1, "weather", "calls"));
    let events = client.post(path, &streamed_with_usage(body.clone())).await.events().collect().await;
    assert_eq!(Told::by_chat_stream(&events), told);
    let mut second = body;
    let messages = second["messages"].as_array_mut().unwrap();
    messages.push(reply["choices"][0]["message"].clone());
    messages.push(json!({ "role": "tool", "tool_call_id": reply["choices"][0]["message"]["tool_calls"][0]["id"], "content": "sunny" }));
    let told = Told::by_chat(&client.post(path, &second).await.expect_json(200).await);
    assert!(told.text.contains("sunny") && told.calls.is_empty(), "{told:?}");
}

#[tokio::test]
async fn it_keeps_to_a_schema_and_to_a_maximum() {
    let gateway = demo().await;
    let schema = json!({ "type": "object", "properties": { "name": { "type": "string" }, "age": { "type": "integer" } } });
    let format = json!({ "type": "json_schema", "json_schema": { "name": "person", "schema": schema } });
    let body = with(chat("demo", "who"), json!({ "response_format": format }));
    let told =
        Told::by_chat(&gateway.client().post("/v1/chat/completions", &body).await.expect_json(200).await);
    let person: Value = serde_json::from_str(&told.text).unwrap();
    assert!(person["name"].is_string() && person["age"].is_i64(), "{person}");
    let body = with(message("demo", "a long story"), json!({ "max_tokens": 2 }));
    let told = Told::by_message(
        &gateway.client().anthropic("x").post("/v1/messages", &body).await.expect_json(200).await,
    );
    assert_eq!((told.stop.as_str(), told.tokens.1), ("length", 2), "{told:?}");
}

#[tokio::test]
async fn it_embeds_as_floats_and_as_base64() {
    let gateway = demo().await;
    let body = json!({ "model": "demo", "input": ["one", "two"], "dimensions": 6 });
    let floats = gateway.client().post("/v1/embeddings", &body).await;
    assert_eq!(floats.header("x-gatewright-simulated"), "true");
    let floats = floats.expect_json(200).await;
    let vector = |value: &Value| -> Vec<f64> {
        value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
    };
    let first = vector(&floats["data"][0]["embedding"]);
    assert_eq!((first.len(), floats["data"].as_array().unwrap().len()), (6, 2));
    assert_ne!(first, vector(&floats["data"][1]["embedding"]));
    assert!(floats["usage"]["prompt_tokens"].as_u64() > Some(0));

    let packed = with(body, json!({ "encoding_format": "base64" }));
    let packed = gateway.client().post("/v1/embeddings", &packed).await.expect_json(200).await;
    let bytes = STANDARD.decode(packed["data"][0]["embedding"].as_str().unwrap()).unwrap();
    let unpacked: Vec<f32> =
        bytes.chunks_exact(4).map(|four| f32::from_le_bytes(four.try_into().unwrap())).collect();
    assert_eq!(unpacked.len(), first.len());
    assert!(
        unpacked.iter().zip(&first).all(|(a, b)| (f64::from(*a) - b).abs() < 1e-6),
        "{unpacked:?} {first:?}"
    );
}

#[tokio::test]
async fn embeddings_are_not_to_be_had_in_the_other_dialect() {
    let config = "credentials:\n  - { name: anthropic, provider: anthropic, api_key: sk-ant-x }\n";
    let gateway = Setup::new(BINARY).config(config).start().await;
    let body = json!({ "model": "anthropic/claude-sonnet-4-5", "input": "x" });
    let refused = gateway.client().post("/v1/embeddings", &body).await.expect_json(400).await;
    assert!(refused["error"]["message"].as_str().unwrap().contains("embeddings"), "{refused}");
}

#[tokio::test]
async fn it_takes_its_time_where_it_is_told_to() {
    let config = "
credentials:
  - { name: slow, provider: simulator, latency: { first_token: 300ms, between: 50ms } }
endpoints:
  - { name: slow, targets: [ { credential: slow, model: any } ] }
";
    let gateway = Setup::new(BINARY).config(config).start().await;
    let begun = Instant::now();
    let reply = gateway.client().post("/v1/chat/completions", &chat("slow", "hello")).await;
    assert_eq!(reply.status, 200);
    assert!(begun.elapsed() >= Duration::from_millis(300));
    let begun = Instant::now();
    let events = gateway
        .client()
        .post("/v1/chat/completions", &streamed(chat("slow", "hello")))
        .await
        .events()
        .collect()
        .await;
    let words = Told::by_chat_stream(&events).text.split(' ').count();
    let least = Duration::from_millis(300 + 50 * (words as u64 - 1));
    assert!(begun.elapsed() >= least, "{words} words in {:?}", begun.elapsed());
    let calls = Books::of(&gateway).calls("streamed=true", 1).await;
    assert!(calls[0]["first_token_ms"].as_f64().unwrap() >= 300.0, "{calls:?}");
}

#[tokio::test]
async fn it_fails_as_often_as_it_is_told_to() {
    let config = "
server: { executors: 1 }
credentials:
  - { name: shaky, provider: simulator, failures: { every: 3, status: 500 } }
  - { name: sound, provider: simulator }
endpoints:
  - { name: shaky, targets: [ { credential: shaky, model: any } ], retry: { attempts: 1 } }
  - name: saved
    targets: [ { credential: shaky, model: any } ]
    fallbacks: [ { credential: sound, model: other } ]
    retry: { attempts: 1 }
";
    let gateway = Setup::new(BINARY).config(config).start().await;
    let mut statuses = Vec::new();
    for _ in 0..9 {
        statuses.push(gateway.client().post("/v1/chat/completions", &chat("shaky", "hello")).await.status);
    }
    assert_eq!(statuses, [200, 200, 502, 200, 200, 502, 200, 200, 502]);
    for _ in 0..4 {
        gateway.client().post("/v1/chat/completions", &chat("saved", "hello")).await.expect_json(200).await;
    }
}
