//! What a caller reads when the provider refuses: in its own dialect, with who is at fault, and never with the
//! provider's credential.

use serde_json::json;
use testkit::provider::{Behaviour, Fault};

use crate::scene::{ANTHROPIC_KEY, ENDPOINTS, OPENAI_KEY, Scene};
use crate::talk::{chat, message};

#[tokio::test]
async fn a_refused_credential_is_never_the_callers() {
    let scene = Scene::start(ENDPOINTS).await;
    scene.provider.reject_key(OPENAI_KEY);
    scene.provider.reject_key(ANTHROPIC_KEY);
    for model in ["chat", "claude"] {
        let reply = scene.openai().post("/v1/chat/completions", &chat(model, "hello")).await;
        assert_eq!(
            (reply.header("x-gatewright-fault"), reply.header("x-gatewright-attempts")),
            ("provider", "1")
        );
        let body = reply.expect_json(502).await;
        assert_eq!(
            (&body["error"]["code"], &body["error"]["type"]),
            (&json!("provider_auth"), &json!("server_error"))
        );
        let reply = scene.anthropic().post("/v1/messages", &message(model, "hello")).await;
        let anthropic = reply.expect_json(502).await;
        assert_eq!(anthropic["error"]["code"], "provider_auth");
        for text in [body.to_string(), anthropic.to_string()] {
            assert!(
                !text.contains("api_key") && !text.contains("API key") && !text.contains("x-api-key"),
                "{text}"
            );
            assert!(text.contains("credential"), "{text}");
        }
    }
}

#[tokio::test]
async fn a_refusal_of_the_request_keeps_the_providers_words_and_code() {
    let scene = Scene::start(ENDPOINTS).await;
    let refusal = r#"{"error":{"message":"Unsupported value: 'x' is not supported","type":"invalid_request_error","param":"reasoning_effort","code":"unsupported_value"}}"#;
    scene.provider.enqueue(Behaviour::status(400).body(refusal).times(2));
    let reply =
        scene.openai().post("/v1/chat/completions", &chat("chat", "hello")).await.expect_json(400).await;
    assert_eq!(reply["error"]["code"], "unsupported_value");
    let words = reply["error"]["message"].as_str().unwrap();
    assert!(words.contains("openai/gpt-4o") && words.contains("'x' is not supported"), "{words}");
    let reply =
        scene.anthropic().post("/v1/messages", &message("chat", "hello")).await.expect_json(400).await;
    assert_eq!((&reply["type"], &reply["error"]["type"]), (&json!("error"), &json!("invalid_request_error")));
    assert!(reply["error"]["message"].as_str().unwrap().contains("'x' is not supported"), "{reply}");
}

#[tokio::test]
async fn a_provider_that_repeats_its_key_does_not_tell_it_to_the_caller() {
    let scene = Scene::start(ENDPOINTS).await;
    for (model, secret) in [("chat", OPENAI_KEY), ("claude", ANTHROPIC_KEY)] {
        scene.provider.enqueue(Fault::EchoKey.into());
        let text = scene.openai().post("/v1/chat/completions", &chat(model, "hello")).await.text().await;
        assert!(text.contains("request failed for") && !text.contains(secret), "{text}");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed_with_the_credential() {
    let scene = Scene::start("endpoints: [ { name: chat, targets: [ { credential: openai, model: gpt-4o } ], retry: { attempts: 1 } } ]").await;
    let elsewhere = testkit::MockProvider::start().await;
    scene.provider.enqueue(Fault::Redirect(format!("{}/v1/chat/completions", elsewhere.url())).into());
    let reply =
        scene.openai().post("/v1/chat/completions", &chat("chat", "hello")).await.expect_json(502).await;
    assert!(reply["error"]["message"].as_str().unwrap().contains("`base_url`"), "{reply}");
    assert!(elsewhere.requests().is_empty());
}

#[tokio::test]
async fn a_page_of_a_proxy_becomes_a_short_error() {
    let scene = Scene::start(
        "
endpoints:
  - { name: chat, targets: [ { credential: openai, model: gpt-4o } ], retry: { attempts: 1 } }
",
    )
    .await;
    scene.provider.enqueue(Fault::Html(502).into());
    let reply =
        scene.openai().post("/v1/chat/completions", &chat("chat", "hello")).await.expect_json(502).await;
    let words = reply["error"]["message"].as_str().unwrap();
    assert!(!words.contains('<'), "{words}");
    scene.provider.enqueue(Fault::LargeError(5 << 20).into());
    let reply = scene.openai().post("/v1/chat/completions", &chat("chat", "hello")).await;
    assert!(reply.bytes().await.len() < 8 << 10);
}
