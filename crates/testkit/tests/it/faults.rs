//! Every fault is what it says, and the mock notices when a client leaves.

use std::time::Duration;

use serde_json::json;
use testkit::provider::{Fault, Outcome};
use testkit::{Behaviour, Client, MockProvider, Raw};

use crate::{anthropic, chat, message, openai};

const SOON: Duration = Duration::from_secs(20);
const CHAT: &str = "/v1/chat/completions";

fn streamed(text: &str) -> serde_json::Value {
    chat(&json!({ "stream": true, "messages": [{ "role": "user", "content": text }] }))
}

#[tokio::test]
async fn statuses_carry_the_vendors_body_and_the_asked_headers() {
    let provider = MockProvider::start().await;
    provider.enqueue(Behaviour::status(429).header("retry-after", "Wed, 21 Oct 2026 07:28:00 GMT"));
    let reply = openai(&provider).post(CHAT, &chat(&json!({}))).await;
    assert_eq!(reply.header("retry-after"), "Wed, 21 Oct 2026 07:28:00 GMT");
    assert!(!reply.header("x-request-id").is_empty());
    assert_eq!(reply.expect_json(429).await["error"]["code"], "rate_limit_exceeded");
    let body = message(&json!({ "model": "claude-sonnet-4-5~status=529" }));
    let reply = anthropic(&provider).post("/v1/messages", &body).await.expect_json(529).await;
    assert_eq!(reply["error"]["type"], "overloaded_error");
    let client = openai(&provider).header("x-mock-behaviour", "html");
    let reply = client.post(CHAT, &chat(&json!({}))).await;
    assert_eq!((reply.status, reply.header("content-type")), (502, "text/html"));
    let client = openai(&provider).header("x-mock-behaviour", "nonsense");
    assert!(
        client.post(CHAT, &chat(&json!({}))).await.text().await.contains("unknown mock behaviour `nonsense`")
    );
    openai(&provider).post(CHAT, &chat(&json!({}))).await.expect_json(200).await;
}

#[tokio::test]
async fn connections_break_where_asked() {
    let provider = MockProvider::start().await;
    for fault in [Fault::Reset, Fault::Close] {
        provider.enqueue(fault.into());
        let result = openai(&provider).try_send(http::Method::POST, CHAT, &[], "{}").await;
        assert!(result.is_err());
    }
    for (fault, events) in [(Fault::Cut(3), 3), (Fault::BadChunk, 1)] {
        provider.enqueue(fault.clone().into());
        let reply = openai(&provider).post(CHAT, &streamed("hello world")).await;
        let (seen, whole) = reply.events().collect_until_cut().await;
        assert!(seen.len() <= events && !whole, "{fault:?}: {seen:?}");
    }
    provider.enqueue(Fault::End(2).into());
    let (seen, whole) =
        openai(&provider).post(CHAT, &streamed("hello")).await.events().collect_until_cut().await;
    assert!(seen.len() == 2 && whole, "a proper end after two events");
    provider.enqueue(Fault::Length(5).into());
    assert!(openai(&provider).post(CHAT, &chat(&json!({}))).await.try_bytes().await.is_err());
    assert_eq!(provider.last_request().outcome, Outcome::Broken);
}

#[tokio::test]
async fn a_short_length_leaves_bytes_for_the_next_reply() {
    let provider = MockProvider::start().await;
    provider.enqueue(Fault::Length(-4).into());
    let mut raw = Raw::connect(&provider.url()).await;
    let request = "GET /v1/models HTTP/1.1\r\nhost: x\r\nauthorization: Bearer sk-a\r\n\r\n";
    let body = chat(&json!({})).to_string();
    raw.send(format!("POST {CHAT} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer sk-a\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}", body.len())).await;
    let head = raw.read_until("\r\n\r\n").await;
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    raw.send(request).await;
    let rest = raw.read_until("HTTP/1.1 200").await;
    assert!(rest.contains("\"system_fingerprint\":\"fp_mock\"}HTTP/1.1 200"), "{rest}");
    assert_eq!(provider.requests()[0].connection, provider.requests()[1].connection);
}

#[tokio::test]
async fn a_client_that_leaves_is_noticed() {
    let provider = MockProvider::start().await;
    provider.enqueue(Fault::Hang.into());
    let client = openai(&provider);
    let body = chat(&json!({}));
    let waiting = client.post(CHAT, &body);
    tokio::select! {
        _ = waiting => panic!("a hanging provider has answered"),
        () = provider.wait_for(|state| state.running() == 1, SOON) => {}
    }
    provider.wait_for(|state| state.count(Outcome::PeerGone) == 1, SOON).await;

    provider.enqueue(Fault::Stall(2).into());
    let mut events = openai(&provider).post(CHAT, &streamed("hello")).await.events();
    events.next().await.unwrap().unwrap();
    assert_eq!(provider.last_request().outcome, Outcome::Running);
    events.abandon();
    provider
        .wait_for(|state| state.count(Outcome::PeerGone) == 2 && state.connections_open() == 0, SOON)
        .await;
    assert_eq!(provider.last_request().events_sent, 2);
}

#[tokio::test]
async fn content_can_lie() {
    let provider = MockProvider::start().await;
    let client = openai(&provider);
    let events = async |fault: Fault| {
        provider.enqueue(fault.into());
        client.post(CHAT, &streamed("hello")).await.events().collect().await
    };
    assert!(events(Fault::ErrorFirst).await[0].json()["error"].is_object());
    let after = events(Fault::ErrorAfter(2)).await;
    assert!(after.len() == 3 && after[2].json()["error"].is_object());
    assert!(events(Fault::NoDone).await.iter().all(|event| !event.is_done()));
    assert!(!events(Fault::AfterDone).await.last().unwrap().is_done());
    let plain = events(Fault::None).await;
    assert_eq!(events(Fault::Framing).await.len(), plain.len());
    assert_eq!(events(Fault::Trickle).await.len(), plain.len());
    provider.enqueue(Fault::HugeLine(300_000).into());
    assert!(client.post(CHAT, &streamed("hello")).await.bytes().await.len() > 300_000);
    provider.enqueue(Fault::Garbage.into());
    let text = client.post(CHAT, &chat(&json!({}))).await.text().await;
    assert!(serde_json::from_str::<serde_json::Value>(&text).is_err());
    provider.enqueue(Fault::NoUsage.into());
    let whole = client.post(CHAT, &chat(&json!({}))).await.expect_json(200).await;
    assert!(whole.get("usage").is_none());
    provider.enqueue(Fault::EchoKey.into());
    assert!(client.post(CHAT, &chat(&json!({}))).await.text().await.contains("sk-test"));
    provider.enqueue(Fault::LargeError(1 << 20).into());
    assert!(client.post(CHAT, &chat(&json!({}))).await.bytes().await.len() > 1 << 20);
}

#[tokio::test]
async fn pings_come_and_pace_is_kept() {
    let provider = MockProvider::start().await;
    provider.enqueue(Fault::Pings(1).into());
    let body = message(&json!({ "stream": true }));
    let mut events = anthropic(&provider).post("/v1/messages", &body).await.events();
    let mut names = Vec::new();
    for _ in 0..4 {
        names.push(events.next().await.unwrap().unwrap().name);
    }
    assert_eq!(names, ["message_start", "ping", "ping", "ping"]);

    provider.enqueue(Fault::Pace(Duration::from_millis(10)).into());
    let started = std::time::Instant::now();
    let count = openai(&provider).post(CHAT, &streamed("hi")).await.events().collect().await.len();
    assert!(started.elapsed() >= Duration::from_millis(10) * u32::try_from(count - 1).unwrap());
}

#[tokio::test]
async fn bodies_arrive_in_every_form() {
    let provider = MockProvider::start().await;
    let mut raw = Raw::connect(&provider.url()).await;
    let body = chat(&json!({})).to_string();
    let (first, second) = body.split_at(10);
    let head = format!(
        "POST {CHAT} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer sk-a\r\ncontent-type: application/json\r\n"
    );
    raw.send(format!("{head}expect: 100-continue\r\ntransfer-encoding: chunked\r\n\r\n")).await;
    assert_eq!(raw.read_until("\r\n\r\n").await, "HTTP/1.1 100 Continue\r\n\r\n");
    raw.send(format!("a\r\n{first}\r\n{:x};x=y\r\n{second}\r\n0\r\n\r\n", second.len())).await;
    assert!(raw.read_until("\r\n\r\n").await.starts_with("HTTP/1.1 200 OK"));
    assert_eq!(provider.last_request().body, body);
    let closed = Client::new(&provider.url()).get("/v1/models").await;
    assert_eq!(closed.status, 401);
}
