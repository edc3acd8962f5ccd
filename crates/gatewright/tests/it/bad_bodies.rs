//! Bodies that are no request are refused at once, in the caller's dialect, and nothing of them reaches a provider.

use std::time::{Duration, Instant};

use http::Method;
use serde_json::{Value, json};
use testkit::{Raw, Reply};

use crate::scene::{ENDPOINTS, Scene};
use crate::talk::{chat, message, raw_post};

/// A refusal by either dialect's rules.
async fn refused(reply: Reply, status: u16, code: &str, what: &str) -> Value {
    assert_eq!(reply.header("x-gatewright-fault"), "caller", "{what}");
    assert_eq!(reply.header("x-gatewright-call-id").len(), 36, "{what}");
    let body = reply.expect_json(status).await;
    assert_eq!(body["error"]["code"], code, "{what}: {body}");
    assert!(!body["error"]["message"].as_str().unwrap().is_empty(), "{what}");
    body
}

fn nested(depth: usize) -> String {
    let inside = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    format!(r#"{{"model":"chat","messages":[{{"role":"user","content":"hello"}}],"metadata":{inside}}}"#)
}

#[tokio::test]
async fn what_is_no_json_object_is_a_400() {
    let scene = Scene::start(ENDPOINTS).await;
    let hello = r#""messages":[{"role":"user","content":"hello"}]"#;
    let bodies: Vec<(&str, Vec<u8>)> = vec![
        ("nothing", Vec::new()),
        ("blanks", b" \n".to_vec()),
        ("a word", b"hello".to_vec()),
        ("half an object", format!(r#"{{"model":"chat",{hello}"#).into()),
        ("an array", b"[]".to_vec()),
        ("a number", b"7".to_vec()),
        ("two documents", format!(r#"{{"model":"chat",{hello}}}{{}}"#).into()),
        ("a comment", format!(r#"{{/* hi */"model":"chat",{hello}}}"#).into()),
        ("a trailing comma", format!(r#"{{"model":"chat",{hello},}}"#).into()),
        (
            "no UTF-8",
            [br#"{"model":"chat","messages":[{"role":"user","content":""#.as_slice(), b"\xff\xfe\"}]}"]
                .concat(),
        ),
        ("a raw control character", format!("{{\"model\":\"ch\u{1}at\",{hello}}}").into()),
        ("a model twice", format!(r#"{{"model":"chat","model":"claude",{hello}}}"#).into()),
        ("a model twice in disguise", format!(r#"{{"model":"chat","mod\u0065l":"claude",{hello}}}"#).into()),
        ("a stream twice", format!(r#"{{"stream":false,"model":"chat","stream":true,{hello}}}"#).into()),
        ("messages twice", format!(r#"{{"model":"chat",{hello},{hello}}}"#).into()),
        ("a maximum twice", format!(r#"{{"model":"chat","max_tokens":1,"max_tokens":9,{hello}}}"#).into()),
        ("a byte order mark", format!("\u{feff}{{\"model\":\"chat\",{hello}}}").into()),
        ("deep nesting", nested(200).into()),
        ("very deep nesting", nested(1_000_000).into()),
        ("no model", format!("{{{hello}}}").into()),
        ("an empty model", format!(r#"{{"model":"",{hello}}}"#).into()),
        ("a null model", format!(r#"{{"model":null,{hello}}}"#).into()),
        ("a model that is a number", format!(r#"{{"model":5,{hello}}}"#).into()),
        ("a stream that is a word", format!(r#"{{"model":"chat","stream":"yes",{hello}}}"#).into()),
    ];
    for (what, body) in bodies {
        refused(
            scene.openai().post_bytes("/v1/chat/completions", body.clone()).await,
            400,
            "invalid_request",
            what,
        )
        .await;
        let told =
            refused(scene.anthropic().post_bytes("/v1/messages", body).await, 400, "invalid_request", what)
                .await;
        assert_eq!(told["type"], "error", "{what}");
    }
    assert!(scene.provider.requests().is_empty());
}

#[tokio::test]
async fn nesting_is_fine_up_to_128() {
    let scene = Scene::start(ENDPOINTS).await;
    // The provider has its own opinion of such metadata; here it counts that it was asked.
    let reply = scene.openai().post_bytes("/v1/chat/completions", nested(120)).await;
    assert_eq!(reply.header("x-gatewright-attempts"), "1");
    let told = refused(
        scene.openai().post_bytes("/v1/chat/completions", nested(129)).await,
        400,
        "invalid_request",
        "129",
    )
    .await;
    assert!(told["error"]["message"].as_str().unwrap().contains("128"), "{told}");
}

#[tokio::test]
async fn a_missing_model_says_what_to_do() {
    let scene = Scene::start(ENDPOINTS).await;
    let body = json!({ "messages": [{ "role": "user", "content": "hello" }] });
    let told =
        refused(scene.openai().post("/v1/chat/completions", &body).await, 400, "invalid_request", "").await;
    assert_eq!(told["error"]["param"], "model");
    assert!(told["error"]["message"].as_str().unwrap().contains("`provider/model`"), "{told}");
    let neither = json!({ "model": "chat" });
    refused(
        scene.openai().post("/gateway/chat/mlflow/invocations", &neither).await,
        400,
        "invalid_request",
        "",
    )
    .await;
}

#[tokio::test]
async fn what_does_not_say_that_it_is_json_is_a_415() {
    let scene = Scene::start(ENDPOINTS).await;
    let body = chat("chat", "hello").to_string();
    for content_type in
        ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "json", ""]
    {
        let headers = [("content-type", content_type)];
        let reply = scene.openai().send(Method::POST, "/v1/chat/completions", &headers, body.clone()).await;
        refused(reply, 415, "unsupported_media_type", content_type).await;
    }
    for content_type in ["application/json", "Application/JSON; charset=UTF-8", "application/vnd.x+json"] {
        let headers = [("content-type", content_type)];
        let reply = scene.openai().send(Method::POST, "/v1/chat/completions", &headers, body.clone()).await;
        assert_eq!(reply.status, 200, "{content_type}");
    }
    // Nothing said is nothing wrong.
    assert_eq!(scene.openai().send(Method::POST, "/v1/chat/completions", &[], body).await.status, 200);
}

#[tokio::test]
async fn a_body_over_the_cap_is_a_413_at_once() {
    let rest = format!("{ENDPOINTS}server: {{ caps: {{ body: 1KiB }} }}\n");
    let scene = Scene::start(&rest).await;
    let large = chat("chat", &"x".repeat(2_000)).to_string();
    refused(
        scene.openai().post_bytes("/v1/chat/completions", large.clone()).await,
        413,
        "body_too_large",
        "openai",
    )
    .await;
    let told =
        refused(scene.anthropic().post_bytes("/v1/messages", large).await, 413, "body_too_large", "").await;
    assert_eq!(told["error"]["type"], "request_too_large");

    // Only announced: the answer does not wait for the body.
    let begun = Instant::now();
    let mut announced = Raw::connect(scene.gateway.url()).await;
    let head = "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n";
    announced.send(format!("{head}content-length: 99999999\r\n\r\n{{")).await;
    assert!(announced.read_until("\r\n").await.starts_with("HTTP/1.1 413"));
    let mut chunked = Raw::connect(scene.gateway.url()).await;
    chunked.send(format!("{head}transfer-encoding: chunked\r\n\r\n600\r\n{}\r\n", "x".repeat(0x600))).await;
    assert!(chunked.read_until("\r\n").await.starts_with("HTTP/1.1 413"));
    assert!(begun.elapsed() < Duration::from_secs(10), "within the time for a body, which is 30 s");

    let fits = chat("chat", &"x".repeat(900)).to_string();
    let mut chunked = Raw::connect(scene.gateway.url()).await;
    chunked
        .send(format!("{head}transfer-encoding: chunked\r\n\r\n{:x}\r\n{fits}\r\n0\r\n\r\n", fits.len()))
        .await;
    assert!(chunked.read_until("\r\n").await.starts_with("HTTP/1.1 200"));
    assert_eq!(scene.openai().post_bytes("/v1/chat/completions", fits).await.status, 200);
}

#[tokio::test]
async fn what_is_refused_unread_is_in_the_books() {
    let keys = "server: { caps: { body: 1KiB } }\nkeys: [ { name: ci, secret: a-key-of-some-length } ]\n";
    let scene = Scene::start(&format!("{ENDPOINTS}{keys}")).await;
    let client = scene.openai().bearer("a-key-of-some-length");
    let large = chat("chat", &"x".repeat(2_000)).to_string();
    let reply = client.post_bytes("/v1/chat/completions", large).await;
    let call = scene.books().call(reply.header("x-gatewright-call-id")).await;
    assert_eq!((&call["status"], &call["error"]), (&json!(413), &json!("body_too_large")));
    assert_eq!(
        (&call["caller"], &call["cost_usd"], &call["attempts"]),
        (&json!("ci"), &json!("0"), &json!(0))
    );
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for_forever() {
    let rest = format!("{ENDPOINTS}server: {{ caps: {{ body_read: 300ms, header_read: 300ms }} }}\n");
    let scene = Scene::start(&rest).await;
    let mut slow = Raw::connect(scene.gateway.url()).await;
    let whole = raw_post("/v1/messages", &message("claude", "hello"));
    slow.send(&whole[..whole.len() - 5]).await;
    let reply = slow.read_to_end().await;
    assert!(reply.starts_with("HTTP/1.1 408") && reply.contains("request_timeout"), "{reply}");
    let mut silent = Raw::connect(scene.gateway.url()).await;
    silent.send("POST /v1/mess").await;
    let reply = silent.read_to_end().await;
    assert!(reply.is_empty() || reply.starts_with("HTTP/1.1 408"), "{reply}");
}

#[tokio::test]
async fn the_gateway_lives_on_after_heads_that_lie() {
    let scene = Scene::start(ENDPOINTS).await;
    let heads = [
        "nonsense\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "POST /v1/messages HTTP/1.1\r\nhost: localhost\r\ncontent-length: -1\r\n\r\n",
        "POST /v1/messages HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello",
        "POST /v1/messages HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        "POST /v1/models/%ff%zz HTTP/1.1\r\nhost: localhost\r\n\r\n",
    ];
    for head in heads {
        let mut connection = Raw::connect(scene.gateway.url()).await;
        connection.send(head).await;
        connection.finish().await;
        let reply = connection.read_to_end().await;
        assert!(reply.is_empty() || reply.starts_with("HTTP/1.1 4"), "{head:?}: {reply}");
    }
    let headers: String = (0..500).map(|at| format!("x-{at}: y\r\n")).collect();
    let mut connection = Raw::connect(scene.gateway.url()).await;
    connection.send(format!("GET /healthz HTTP/1.1\r\nhost: localhost\r\n{headers}\r\n")).await;
    assert!(connection.read_until("\r\n").await.starts_with("HTTP/1.1 431"));
    assert_eq!(scene.openai().post("/v1/chat/completions", &chat("chat", "hello")).await.status, 200);
    assert!(!scene.gateway.log().contains("panic"), "{}", scene.gateway.log());
}
