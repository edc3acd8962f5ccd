//! The three deadlines of an endpoint. Each is set so short that it must pass, and the others so long that they do not.

use std::time::{Duration, Instant};

use serde_json::json;
use testkit::provider::{Behaviour, Fault, Outcome};

use crate::scene::{SOON, Scene};
use crate::talk::{Told, chat, message, streamed};

const SHORT: &str = "
endpoints:
  - name: total
    targets: [ { credential: openai, model: gpt-4o } ]
    timeouts: { total: 400ms }
  - name: first-token
    targets: [ { credential: openai, model: gpt-4o } ]
    timeouts: { first_token: 400ms }
    retry: { attempts: 1 }
  - name: first-token-then-claude
    targets: [ { credential: openai, model: gpt-4o } ]
    fallbacks: [ { credential: anthropic, model: claude-sonnet-4-5 } ]
    timeouts: { first_token: 400ms }
    retry: { attempts: 1 }
  - name: idle
    targets: [ { credential: openai, model: gpt-4o } ]
    timeouts: { idle: 400ms }
  - name: idle-claude
    targets: [ { credential: anthropic, model: claude-sonnet-4-5 } ]
    timeouts: { idle: 400ms }
  - name: patient-first-token
    targets: [ { credential: openai, model: gpt-4o } ]
    timeouts: { first_token: 2500ms }
    retry: { attempts: 1 }
";

#[tokio::test]
async fn total_ends_a_call_that_hangs() {
    let scene = Scene::start(SHORT).await;
    scene.provider.on_model("gpt-4o", Fault::Hang.into());
    let begun = Instant::now();
    let reply = scene.openai().post("/v1/chat/completions", &chat("total", "hello")).await;
    assert!(begun.elapsed() >= Duration::from_millis(400) && begun.elapsed() < Duration::from_secs(10));
    assert_eq!(
        (reply.header("x-gatewright-fault"), reply.header("x-gatewright-attempts")),
        ("provider", "1")
    );
    let body = reply.expect_json(504).await;
    assert_eq!(body["error"]["code"], "provider_timeout");
    assert!(body["error"]["message"].as_str().unwrap().contains("`timeouts.total`"), "{body}");
    scene.provider.wait_for(|state| state.count(Outcome::PeerGone) == 1, SOON).await;
    let reply =
        scene.anthropic().post("/v1/messages", &message("total", "hello")).await.expect_json(504).await;
    assert_eq!(
        (&reply["error"]["type"], &reply["error"]["code"]),
        (&json!("timeout_error"), &json!("provider_timeout"))
    );
    let call = &scene.books().calls("", 2).await[1];
    let call = scene.books().call(call["id"].as_str().unwrap()).await;
    let attempt = &call["attempt_list"][0];
    assert_eq!((&attempt["end"], &attempt["usage_source"]), (&json!("deadline"), &json!("estimated")));
}

#[tokio::test]
async fn total_ends_a_stream_that_never_rests() {
    let scene = Scene::start(SHORT).await;
    scene.provider.enqueue(Fault::Pace(Duration::from_millis(20)).into());
    let reply =
        scene.openai().post("/v1/chat/completions", &streamed(chat("total", "write 400 words"))).await;
    let events = reply.events().collect().await;
    let error = events.last().unwrap().json();
    assert_eq!(error["error"]["code"], "provider_timeout", "{error}");
    assert!(events.len() > 3, "something had come before");
}

#[tokio::test]
async fn first_token_counts_content_only_and_another_target_may_help() {
    let scene = Scene::start(SHORT).await;
    // Nothing at all, no head; and then only keep-alives.
    for fault in [Fault::Hang, Fault::Pings(0), Fault::Stall(1)] {
        scene.provider.on_model("gpt-4o", fault.clone().into());
        let path = "/v1/chat/completions";
        let refused =
            scene.openai().post(path, &streamed(chat("first-token", "hello"))).await.expect_json(504).await;
        assert_eq!(refused["error"]["code"], "provider_timeout", "{fault:?}");
        let message = refused["error"]["message"].as_str().unwrap();
        assert!(message.contains("`timeouts.first_token`"), "{fault:?}: {message}");
        let reply = scene.openai().post(path, &streamed(chat("first-token-then-claude", "hello"))).await;
        assert_eq!(reply.header("x-gatewright-target"), "anthropic/claude-sonnet-4-5", "{fault:?}");
        assert_eq!(Told::by_chat_stream(&reply.events().collect().await).text, "echo: hello", "{fault:?}");
    }
}

#[tokio::test]
async fn first_token_is_for_streams_only() {
    let scene = Scene::start(SHORT).await;
    scene.provider.enqueue(Behaviour::delayed(Duration::from_millis(700)));
    let reply = scene
        .openai()
        .post("/v1/chat/completions", &chat("first-token", "hello"))
        .await
        .expect_json(200)
        .await;
    assert_eq!(Told::by_chat(&reply).text, "echo: hello");
}

#[tokio::test]
async fn a_long_first_token_deadline_is_told_inside_the_stream() {
    let scene = Scene::start(SHORT).await;
    scene.provider.enqueue(Fault::Pings(1).into());
    let reply =
        scene.openai().post("/v1/chat/completions", &streamed(chat("patient-first-token", "hello"))).await;
    assert_eq!(reply.status, 200, "after two seconds the client has the head");
    let error = reply.events().collect().await.pop().unwrap().json();
    assert_eq!(error["error"]["code"], "provider_timeout");
}

#[tokio::test]
async fn idle_ends_a_stream_that_falls_silent_and_pings_do_not_save_it() {
    let scene = Scene::start(SHORT).await;
    for fault in [Fault::Stall(6), Fault::Pings(6)] {
        scene.provider.enqueue(fault.clone().into());
        let reply = scene.openai().post("/v1/chat/completions", &streamed(chat("idle", "hello there"))).await;
        let error = reply.events().collect().await.pop().unwrap().json();
        assert_eq!(error["error"]["code"], "provider_timeout", "{fault:?}");
        assert!(error["error"]["message"].as_str().unwrap().contains("`timeouts.idle`"), "{error}");

        scene.provider.enqueue(fault.clone().into());
        let reply =
            scene.anthropic().post("/v1/messages", &streamed(message("idle-claude", "hello there"))).await;
        let last = reply.events().collect().await.pop().unwrap();
        assert_eq!(
            (last.name.as_str(), &last.json()["error"]["code"]),
            ("error", &json!("provider_timeout")),
            "{fault:?}"
        );
    }
    scene.provider.wait_for(|state| state.count(Outcome::PeerGone) == 4, SOON).await;
}

#[tokio::test]
async fn idle_leaves_a_slow_but_steady_stream_alone() {
    let scene = Scene::start(SHORT).await;
    scene.provider.enqueue(Fault::Pace(Duration::from_millis(100)).into());
    let reply = scene.openai().post("/v1/chat/completions", &streamed(chat("idle", "hello there"))).await;
    assert_eq!(Told::by_chat_stream(&reply.events().collect().await).text, "echo: hello there");
}
