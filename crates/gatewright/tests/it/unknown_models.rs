//! A model that is not there: 404 in the caller's dialect, naming what this caller may use instead.

use serde_json::{Value, json};

use crate::scene::Scene;
use crate::talk::{chat, message, streamed};

const SETUP: &str = "
endpoints:
  - { name: chat, aliases: [gpt-default], targets: [ { credential: openai, model: gpt-4o } ] }
  - { name: claude, targets: [ { credential: anthropic, model: claude-sonnet-4-5 } ] }
server: { anonymous: loopback }
keys:
  - { name: narrow, secret: key-that-sees-only-claude, endpoints: [claude] }
";

fn check(body: &Value, call: &str) {
    let error = &body["error"];
    assert_eq!(
        (&error["code"], &error["type"]),
        (&json!("unknown_model"), &json!("not_found_error")),
        "{body}"
    );
    let message = error["message"].as_str().unwrap();
    assert!(
        message.contains("`chta`") && message.contains("`chat`") && message.contains("`claude`"),
        "{message}"
    );
    assert_eq!(call.len(), 36, "every error has the id of its call");
}

#[tokio::test]
async fn in_both_dialects_whole_and_streamed() {
    let scene = Scene::start(SETUP).await;
    for body in [chat("chta", "hello"), streamed(chat("chta", "hello"))] {
        let reply = scene.openai().post("/v1/chat/completions", &body).await;
        assert_eq!(
            (reply.header("x-gatewright-fault"), reply.header("content-type")),
            ("caller", "application/json")
        );
        let call = reply.header("x-gatewright-call-id").to_owned();
        let told = reply.expect_json(404).await;
        check(&told, &call);
        assert_eq!(told["error"]["param"], "model");
    }
    for body in [message("chta", "hello"), streamed(message("chta", "hello"))] {
        let reply = scene.anthropic().post("/v1/messages", &body).await;
        let call = reply.header("x-gatewright-call-id").to_owned();
        let told = reply.expect_json(404).await;
        check(&told, &call);
        assert_eq!((&told["type"], &told["request_id"]), (&json!("error"), &json!(call)));
    }
    assert!(scene.provider.requests().is_empty());
}

#[tokio::test]
async fn a_deployment_that_is_not_there() {
    let scene = Scene::start(SETUP).await;
    for path in ["/openai/deployments/chta/chat/completions", "/gateway/chta/mlflow/invocations"] {
        let reply = scene.openai().post(path, &chat("chat", "hello")).await;
        let call = reply.header("x-gatewright-call-id").to_owned();
        check(&reply.expect_json(404).await, &call);
    }
}

#[tokio::test]
async fn only_what_the_caller_may_use_is_named() {
    let scene = Scene::start(SETUP).await;
    let client = scene.openai().bearer("key-that-sees-only-claude");
    let told = client.post("/v1/chat/completions", &chat("chta", "hello")).await.expect_json(404).await;
    let message = told["error"]["message"].as_str().unwrap();
    assert!(message.contains("`claude`") && !message.contains("`chat`"), "{message}");
}

#[tokio::test]
async fn a_name_of_any_kind_is_just_unknown() {
    let scene = Scene::start(SETUP).await;
    let long = "x".repeat(100_000);
    for name in
        ["openai/", "/gpt-4o", "nobody/gpt-4o", "CHAT", "chat ", "chat\n", "../chat", "💥", "a\u{0}b", &long]
    {
        let reply = scene.openai().post("/v1/chat/completions", &chat(name, "hello")).await;
        assert_eq!(reply.status, 404, "{name:?}");
        let told = reply.json().await;
        assert!(told["error"]["message"].as_str().unwrap().len() < 1_000, "{name:?}");
    }
}

#[tokio::test]
async fn an_alias_is_its_endpoint() {
    let scene = Scene::start(SETUP).await;
    scene.openai().post("/v1/chat/completions", &chat("gpt-default", "hello")).await.expect_json(200).await;
    let call = scene.books().only_call().await;
    assert_eq!((&call["requested_model"], &call["endpoint"]), (&json!("gpt-default"), &json!("chat")));
}
