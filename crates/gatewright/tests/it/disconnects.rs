//! A client that leaves takes its upstream call with it, within a second, and leaves a usage record behind.

use std::time::Duration;

use serde_json::{Value, json};
use testkit::Raw;
use testkit::provider::{Fault, Outcome};

use crate::books::group;
use crate::scene::{ENDPOINTS, SOON, Scene};
use crate::talk::{chat, message, raw_post, streamed};

const AT_ONCE: Duration = Duration::from_secs(1);
/// Far from over when the provider falls silent.
const LONG: &str = "a text of more words than will be heard";

/// When the client leaves.
#[derive(Debug, Clone, Copy)]
enum When {
    /// A whole reply is awaited.
    Waiting,
    /// A stream has no content yet.
    BeforeFirstToken,
    /// A stream has content.
    AfterFirstToken,
}

async fn leave(scene: &Scene, path: &str, body: Value, when: When) {
    let (fault, body) = match when {
        When::Waiting => (Fault::Hang, body),
        When::BeforeFirstToken => (Fault::Stall(1), streamed(body)),
        When::AfterFirstToken => (Fault::Stall(6), streamed(body)),
    };
    scene.provider.forget_requests();
    scene.provider.enqueue(fault.into());
    let mut client = Raw::connect(scene.gateway.url()).await;
    client.send(raw_post(path, &body)).await;
    if matches!(when, When::AfterFirstToken) {
        assert!(client.read_until("echo").await.ends_with("echo"));
    } else {
        let said = usize::from(matches!(when, When::BeforeFirstToken));
        let arrived = |state: &testkit::provider::State| {
            state.requests.first().is_some_and(|request| request.events_sent >= said)
        };
        scene.provider.wait_for(arrived, SOON).await;
    }
    drop(client);
    scene.provider.wait_for(|state| state.count(Outcome::PeerGone) == 1, AT_ONCE).await;
}

async fn check(client_is_anthropic: bool, model: &str) {
    let scene = Scene::start(ENDPOINTS).await;
    for when in [When::Waiting, When::BeforeFirstToken, When::AfterFirstToken] {
        if client_is_anthropic {
            leave(&scene, "/v1/messages", message(model, LONG), when).await;
        } else {
            leave(&scene, "/v1/chat/completions", chat(model, LONG), when).await;
        }
    }
    let books = scene.books();
    let calls = books.calls("outcome=cancelled", 3).await;
    for (call, status) in calls.iter().zip([200, 499, 499]) {
        assert_eq!((&call["status"], &call["attempts"]), (&json!(status), &json!(1)), "{call}");
        let call = books.call(call["id"].as_str().unwrap()).await;
        let attempt = &call["attempt_list"][0];
        assert_eq!(
            (&attempt["outcome"], &attempt["end"]),
            (&json!("cancelled"), &json!("client_gone")),
            "{call}"
        );
        assert_eq!(attempt["usage_source"], "estimated", "{call}");
        assert!(attempt["usage"]["input_tokens"].as_u64() > Some(0), "{call}");
        let generated = attempt["usage"]["output_tokens"].as_u64() > Some(0);
        assert_eq!(generated, status == 200, "{call}");
    }
    let report = books.usage("endpoint", 3).await;
    let totals = group(&report, model);
    assert_eq!((&totals["calls"], &totals["attempts"]), (&json!(3), &json!(3)));
    assert!(totals["usage"]["input_tokens"].as_u64() > Some(0), "{totals}");
}

#[tokio::test]
async fn openai_client_openai_target() {
    check(false, "chat").await;
}

#[tokio::test]
async fn openai_client_anthropic_target() {
    check(false, "claude").await;
}

#[tokio::test]
async fn anthropic_client_anthropic_target() {
    check(true, "claude").await;
}

#[tokio::test]
async fn anthropic_client_openai_target() {
    check(true, "chat").await;
}

#[tokio::test]
async fn a_client_that_resets_is_gone_too() {
    let scene = Scene::start(ENDPOINTS).await;
    scene.provider.enqueue(Fault::Stall(6).into());
    let mut client = Raw::connect(scene.gateway.url()).await;
    client.send(raw_post("/v1/chat/completions", &streamed(chat("chat", "hello")))).await;
    client.read_until("echo").await;
    client.reset();
    scene.provider.wait_for(|state| state.count(Outcome::PeerGone) == 1, AT_ONCE).await;
    assert_eq!(scene.books().only_call().await["outcome"], "cancelled");
}

#[tokio::test]
async fn a_client_that_leaves_between_two_tries_ends_them() {
    let scene = Scene::start(
        "
endpoints:
  - name: chat
    targets: [ { credential: openai, model: gpt-4o } ]
    retry: { attempts: 2, backoff: { initial: 1ms, max: 60s } }
",
    )
    .await;
    scene.provider.enqueue(testkit::Behaviour::status(429).header("retry-after", "50"));
    let mut client = Raw::connect(scene.gateway.url()).await;
    client.send(raw_post("/v1/chat/completions", &chat("chat", "hello"))).await;
    scene.provider.wait_for(|state| state.count(Outcome::Answered) == 1, SOON).await;
    drop(client);
    let call = scene.books().only_call().await;
    assert_eq!(
        (&call["outcome"], &call["status"], &call["attempts"]),
        (&json!("cancelled"), &json!(499), &json!(1))
    );
    assert_eq!(scene.provider.requests().len(), 1);
}
