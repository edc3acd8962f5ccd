//! Whole replies that cannot be used are a 502 in the caller's dialect, after whatever may still help has been tried.

use serde_json::{Value, json};
use testkit::provider::{Behaviour, Fault};

use crate::scene::{ENDPOINTS, Scene};
use crate::talk::{Told, chat, message};

const ONCE: &str = "
endpoints:
  - { name: chat, targets: [ { credential: openai, model: gpt-4o } ], retry: { attempts: 1 } }
  - { name: claude, targets: [ { credential: anthropic, model: claude-sonnet-4-5 } ], retry: { attempts: 1 } }
";

#[tokio::test]
async fn rubbish_is_a_502_in_the_callers_dialect() {
    let scene = Scene::start(ONCE).await;
    let rubbish: [Behaviour; 8] = [
        Fault::Garbage.into(),
        Fault::Html(200).into(),
        Fault::Length(7).into(),
        Fault::BadChunk.into(),
        Fault::Cut(2).into(),
        Fault::Close.into(),
        Fault::ErrorFirst.into(),
        Fault::Redirect("http://127.0.0.1:9/v1/chat/completions".into()).into(),
    ];
    for behaviour in rubbish {
        for model in ["chat", "claude"] {
            let case = format!("{:?} of `{model}`", behaviour.fault);
            scene.provider.enqueue(behaviour.clone());
            let reply = scene.openai().post("/v1/chat/completions", &chat(model, "hello")).await;
            assert_eq!(reply.header("x-gatewright-fault"), "provider", "{case}");
            let status = reply.status;
            let body = reply.json().await;
            let code = body["error"]["code"].as_str().unwrap();
            let expected =
                (status, code) == (502, "provider_error") || (status, code) == (503, "provider_overloaded");
            assert!(expected, "{case}: {status} {body}");

            scene.provider.enqueue(behaviour.clone());
            let reply = scene.anthropic().post("/v1/messages", &message(model, "hello")).await;
            let status = reply.status;
            let body = reply.json().await;
            assert!(status == 502 || status == 529, "{case}: {status} {body}");
            assert_eq!(body["type"], "error", "{case}");
        }
    }
}

#[tokio::test]
async fn slow_bytes_and_missing_usage_are_no_failure() {
    let scene = Scene::start(ONCE).await;
    for fault in [Fault::Trickle, Fault::NoUsage] {
        for model in ["chat", "claude"] {
            scene.provider.enqueue(fault.clone().into());
            let reply = scene
                .openai()
                .post("/v1/chat/completions", &chat(model, "hello"))
                .await
                .expect_json(200)
                .await;
            assert_eq!(Told::by_chat(&reply).text, "echo: hello", "{fault:?} {model}");
        }
    }
}

#[tokio::test]
async fn usage_that_is_not_reported_is_estimated_and_said_to_be() {
    let scene = Scene::start(ONCE).await;
    scene.provider.enqueue(Fault::NoUsage.into());
    let reply = scene.openai().post("/v1/chat/completions", &chat("chat", "write 30 words")).await;
    let call = scene.books().call(reply.header("x-gatewright-call-id")).await;
    let attempt = &call["attempt_list"][0];
    assert_eq!(
        (&attempt["usage_source"], &attempt["cost_source"]),
        (&json!("estimated"), &json!("estimated"))
    );
    let tokens = |name: &str| attempt["usage"][name].as_u64().unwrap();
    assert!(tokens("input_tokens") > 0 && tokens("output_tokens") > 0, "{attempt}");
}

/// Some megabytes: more than is read before the client gets anything.
fn many_vectors() -> Value {
    let inputs: Vec<String> = (0..150).map(|at| format!("text {at}")).collect();
    json!({ "model": "vectors", "input": inputs })
}

#[tokio::test]
async fn a_large_reply_flows_on_and_is_counted() {
    let scene = Scene::start(ENDPOINTS).await;
    let reply = scene.openai().post("/v1/embeddings", &many_vectors()).await;
    let id = reply.header("x-gatewright-call-id").to_owned();
    let body = reply.bytes().await;
    assert!(body.len() > 2 << 20, "{} bytes are not large", body.len());
    let sent = scene.provider.last_request().body;
    assert!(body == scene.without_gateway().post_bytes("/v1/embeddings", sent).await.bytes().await);
    let told: Value = serde_json::from_slice(&body).unwrap();
    let call = scene.books().call(&id).await;
    assert_eq!(
        (&call["usage"]["input_tokens"], &call["outcome"]),
        (&told["usage"]["prompt_tokens"], &json!("succeeded"))
    );
}

#[tokio::test]
async fn a_large_reply_that_breaks_off_looks_broken_to_the_client() {
    let scene = Scene::start(ENDPOINTS).await;
    scene.provider.enqueue(Fault::Length(7).into());
    let reply = scene.openai().post("/v1/embeddings", &many_vectors()).await;
    assert_eq!(reply.status, 200, "its head had come");
    let id = reply.header("x-gatewright-call-id").to_owned();
    assert!(reply.try_bytes().await.is_err(), "half a document must not end in order");
    let call = scene.books().call(&id).await;
    assert_eq!(
        (&call["outcome"], &call["attempt_list"][0]["end"]),
        (&json!("failed"), &json!("broken_reply"))
    );
}
