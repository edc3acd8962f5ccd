//! When the same target is asked again, when it is not, and how long is waited in between.

use std::time::{Duration, Instant};

use testkit::provider::{Behaviour, Fault};

use crate::scene::{NOBODY, Scene};
use crate::talk::{Told, chat, message, streamed, with};

const QUICK: &str = "
endpoints:
  - name: chat
    targets: [ { credential: openai, model: gpt-4o } ]
    retry: { attempts: 3, backoff: { initial: 1ms, max: 2s } }
  - name: claude
    targets: [ { credential: anthropic, model: claude-sonnet-4-5 } ]
    retry: { attempts: 3, backoff: { initial: 1ms, max: 2s } }
";

#[tokio::test]
async fn what_may_pass_is_tried_again() {
    let scene = Scene::start(QUICK).await;
    let passing = [
        Behaviour::status(500),
        Behaviour::status(502),
        Behaviour::status(503),
        Behaviour::status(529),
        Behaviour::status(429),
        Fault::Reset.into(),
        Fault::Close.into(),
        Fault::Html(502).into(),
    ];
    for behaviour in passing {
        let fault = format!("{:?}", behaviour.fault);
        for streams in [false, true] {
            scene.provider.forget_requests();
            scene.provider.enqueue(behaviour.clone().times(2));
            let body = if streams { streamed(chat("chat", "hello")) } else { chat("chat", "hello") };
            let reply = scene.openai().post("/v1/chat/completions", &body).await;
            assert_eq!(reply.status, 200, "{fault}");
            // A connection from the pool that turns out to be closed is replaced without being called a try.
            let stale = matches!(behaviour.fault, Fault::Reset | Fault::Close);
            let attempts = reply.header("x-gatewright-attempts");
            assert!(attempts == "3" || (stale && attempts == "2"), "{fault}: {attempts}");
            assert!(reply.text().await.contains("llo"), "{fault}");
            assert_eq!(scene.asked_models(), ["gpt-4o", "gpt-4o", "gpt-4o"], "{fault}");
        }
    }
    // The other dialect's provider is no different.
    scene.provider.enqueue(Behaviour::status(529).times(2));
    let reply = scene.anthropic().post("/v1/messages", &message("claude", "hello")).await;
    assert_eq!((reply.status, reply.header("x-gatewright-attempts")), (200, "3"));
}

#[tokio::test]
async fn a_provider_that_says_when_is_not_asked_earlier() {
    let scene = Scene::start(QUICK).await;
    for (name, value, least) in [("retry-after-ms", "400", 400), ("retry-after", "1", 1_000)] {
        scene.provider.forget_requests();
        scene.provider.enqueue(Behaviour::status(429).header(name, value));
        let reply = scene.openai().post("/v1/chat/completions", &chat("chat", "hello")).await;
        assert_eq!((reply.status, reply.header("x-gatewright-attempts")), (200, "2"));
        let requests = scene.provider.requests();
        let waited = requests[1].received_at - requests[0].received_at;
        assert!(waited >= Duration::from_millis(least), "{name}: {value} was answered with {waited:?}");
    }
}

#[tokio::test]
async fn a_wait_that_is_too_long_is_the_callers_to_make() {
    let scene = Scene::start(QUICK).await;
    scene.provider.enqueue(Behaviour::status(429).header("retry-after", "30"));
    let begun = Instant::now();
    let reply = scene.openai().post("/v1/chat/completions", &chat("chat", "hello")).await;
    assert!(begun.elapsed() < Duration::from_secs(15));
    assert_eq!(
        (reply.status, reply.header("retry-after"), reply.header("x-gatewright-attempts")),
        (429, "30", "1")
    );
    assert_eq!(reply.header("x-gatewright-fault"), "provider");
    assert_eq!(reply.json().await["error"]["type"], "rate_limit_error");
    assert_eq!(scene.asked_models().len(), 1);
}

#[tokio::test]
async fn the_last_failure_is_what_the_caller_is_told() {
    let scene = Scene::start(QUICK).await;
    let told =
        [(500, 502, "provider_error"), (503, 503, "provider_overloaded"), (504, 504, "provider_timeout")];
    for (status, shown, code) in told {
        scene.provider.enqueue(Behaviour::status(status).times(3));
        let reply = scene.openai().post("/v1/chat/completions", &chat("chat", "hello")).await;
        assert_eq!(
            (reply.header("x-gatewright-fault"), reply.header("x-gatewright-attempts")),
            ("provider", "3")
        );
        assert_eq!(reply.expect_json(shown).await["error"]["code"], code);
    }
    scene.provider.enqueue(Behaviour::status(529).times(3));
    let reply =
        scene.anthropic().post("/v1/messages", &message("claude", "hello")).await.expect_json(529).await;
    assert_eq!(
        (&reply["error"]["type"], &reply["error"]["code"]),
        (&"overloaded_error".into(), &"provider_overloaded".into())
    );
}

#[tokio::test]
async fn only_the_failures_that_are_named_are_tried_again() {
    let scene = Scene::start(
        "
endpoints:
  - { name: never, targets: [ { credential: openai, model: gpt-4o } ], retry: { attempts: 1 } }
  - name: on-limit
    targets: [ { credential: openai, model: gpt-4o } ]
    retry: { attempts: 3, on: [429], backoff: { initial: 1ms } }
",
    )
    .await;
    for (endpoint, status, attempts) in [("never", 503, "1"), ("on-limit", 500, "1"), ("on-limit", 429, "2")]
    {
        scene.provider.enqueue(Behaviour::status(status));
        let reply = scene.openai().post("/v1/chat/completions", &chat(endpoint, "hello")).await;
        assert_eq!(reply.header("x-gatewright-attempts"), attempts, "{endpoint} {status}");
        scene.provider.recover();
    }
}

#[tokio::test]
async fn a_refused_connection_is_tried_again_and_then_told() {
    let rest = format!(
        "{NOBODY}
endpoints:
  - name: nobody
    targets: [ {{ credential: nobody, model: gpt-4o }} ]
    retry: {{ attempts: 2, backoff: {{ initial: 1ms }} }}
"
    );
    let scene = Scene::start(&rest).await;
    let reply = scene.openai().post("/v1/chat/completions", &chat("nobody", "hello")).await;
    assert_eq!(reply.header("x-gatewright-attempts"), "2");
    let body = reply.expect_json(502).await;
    assert_eq!(body["error"]["code"], "provider_error");
    assert!(body["error"]["message"].as_str().unwrap().contains("openai-compatible/gpt-4o"), "{body}");
    let call = scene.books().only_call().await;
    let ends: Vec<_> =
        call["attempt_list"].as_array().unwrap().iter().map(|attempt| attempt["end"].clone()).collect();
    assert_eq!(ends, ["connect", "connect"]);
}

#[tokio::test]
async fn nothing_is_tried_again_after_the_first_content() {
    let scene = Scene::start(QUICK).await;
    for (fault, streams) in [(Fault::Cut(4), true), (Fault::End(4), true), (Fault::ErrorAfter(4), true)] {
        scene.provider.forget_requests();
        scene.provider.enqueue(fault.clone().into());
        let body = with(chat("chat", "hello"), serde_json::json!({ "stream": streams }));
        let reply = scene.openai().post("/v1/chat/completions", &body).await;
        assert_eq!(reply.header("x-gatewright-attempts"), "1");
        let events = reply.events().collect().await;
        assert!(!events.last().unwrap().is_done(), "{fault:?}");
        assert_eq!(scene.asked_models().len(), 1, "{fault:?}");
    }
    let healthy =
        scene.openai().post("/v1/chat/completions", &chat("chat", "hello")).await.expect_json(200).await;
    assert_eq!(Told::by_chat(&healthy).text, "echo: hello");
}
