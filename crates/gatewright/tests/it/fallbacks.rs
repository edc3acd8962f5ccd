//! Where a call goes when its target fails: the fallbacks in their order, for the failures they are meant for, within
//! one cap over all targets.

use serde_json::{Value, json};
use testkit::provider::{Behaviour, Fault};

use crate::scene::{NOBODY, Scene};
use crate::talk::{Told, chat, message, streamed, streamed_with_usage};

const ORDER: &str = "
endpoints:
  - name: chat
    targets: [ { credential: openai, model: gpt-4o } ]
    fallbacks: [ { credential: openai, model: gpt-4o-mini }, { credential: anthropic, model: claude-haiku-4-5 } ]
    retry: { attempts: 1 }
  - name: claude
    targets: [ { credential: anthropic, model: claude-sonnet-4-5 } ]
    fallbacks: [ { credential: openai, model: gpt-4o-mini } ]
    retry: { attempts: 1 }
";

#[tokio::test]
async fn fallbacks_are_tried_in_order_and_across_dialects() {
    let scene = Scene::start(ORDER).await;
    scene.provider.on_model("gpt-4o", Behaviour::status(500));
    let path = "/v1/chat/completions";
    let reply = scene.openai().post(path, &chat("chat", "hello")).await;
    assert_eq!(
        (reply.header("x-gatewright-target"), reply.header("x-gatewright-attempts")),
        ("openai/gpt-4o-mini", "2")
    );
    assert_eq!(Told::by_chat(&reply.expect_json(200).await).text, "echo: hello");
    assert_eq!(scene.asked_models(), ["gpt-4o", "gpt-4o-mini"]);

    scene.provider.on_model("gpt-4o-mini", Behaviour::status(503));
    scene.provider.forget_requests();
    let reply = scene.openai().post(path, &streamed_with_usage(chat("chat", "hello"))).await;
    assert_eq!(reply.header("x-gatewright-target"), "anthropic/claude-haiku-4-5");
    assert_eq!(Told::by_chat_stream(&reply.events().collect().await).text, "echo: hello");
    assert_eq!(scene.asked_models(), ["gpt-4o", "gpt-4o-mini", "claude-haiku-4-5"]);

    scene.provider.recover();
    scene.provider.on_model("claude-sonnet-4-5", Behaviour::status(529));
    let reply = scene.anthropic().post("/v1/messages", &message("claude", "hello")).await;
    assert_eq!(reply.header("x-gatewright-target"), "openai/gpt-4o-mini");
    assert_eq!(Told::by_message(&reply.expect_json(200).await).text, "echo: hello");
}

#[tokio::test]
async fn what_the_target_cannot_do_is_tried_elsewhere() {
    let scene = Scene::start(ORDER).await;
    let failures = [
        Behaviour::status(401),
        Behaviour::status(403),
        Behaviour::status(404),
        Behaviour::status(429).header("retry-after", "60"),
        Fault::Reset.into(),
        Fault::Redirect("http://127.0.0.1:9/".into()).into(),
        Fault::Garbage.into(),
        Behaviour::status(400).body(
            r#"{"error":{"message":"This model's maximum context length is 8192 tokens.","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}"#,
        ),
        Behaviour::status(400).body(
            r#"{"error":{"message":"The response was filtered.","type":"invalid_request_error","param":null,"code":"content_filter"}}"#,
        ),
    ];
    for failure in failures {
        let fault = format!("{:?}", failure.fault);
        scene.provider.on_model("gpt-4o", failure);
        let reply = scene.openai().post("/v1/chat/completions", &chat("chat", "hello")).await;
        assert_eq!(
            (reply.status, reply.header("x-gatewright-target")),
            (200, "openai/gpt-4o-mini"),
            "{fault}"
        );
    }
    scene.provider.recover();
    for fault in [Fault::ErrorFirst, Fault::Cut(0), Fault::End(1), Fault::Close] {
        scene.provider.on_model("gpt-4o", fault.clone().into());
        let reply = scene.openai().post("/v1/chat/completions", &streamed(chat("chat", "hello"))).await;
        assert_eq!(
            (reply.status, reply.header("x-gatewright-target")),
            (200, "openai/gpt-4o-mini"),
            "{fault:?}"
        );
        assert_eq!(Told::by_chat_stream(&reply.events().collect().await).text, "echo: hello", "{fault:?}");
    }
}

#[tokio::test]
async fn two_hundred_with_an_error_inside_is_a_failure() {
    let scene = Scene::start(ORDER).await;
    scene.provider.on_model("gpt-4o", Fault::ErrorFirst.into());
    scene.provider.on_model("claude-sonnet-4-5", Fault::ErrorFirst.into());
    for body in [chat("chat", "hello"), streamed(chat("chat", "hello"))] {
        let reply = scene.openai().post("/v1/chat/completions", &body).await;
        assert_eq!(
            (reply.status, reply.header("x-gatewright-target")),
            (200, "openai/gpt-4o-mini"),
            "{body}"
        );
        assert!(!reply.text().await.contains("server_error"));
    }
    for body in [message("claude", "hello"), streamed(message("claude", "hello"))] {
        let reply = scene.anthropic().post("/v1/messages", &body).await;
        assert_eq!(
            (reply.status, reply.header("x-gatewright-target")),
            (200, "openai/gpt-4o-mini"),
            "{body}"
        );
        assert!(!reply.text().await.contains("overloaded_error"));
    }
}

#[tokio::test]
async fn the_callers_own_mistake_goes_nowhere_else() {
    let scene = Scene::start(ORDER).await;
    let mistakes: [(Value, Value); 2] = [
        (
            json!({ "model": "chat", "messages": [{ "role": "user", "content": "hi" }], "temperature": 9 }),
            json!("temperature"),
        ),
        (
            json!({ "model": "chat", "messages": [{ "role": "user", "content": "hi" }], "no_such_field": 1 }),
            Value::Null,
        ),
    ];
    for (body, _param) in mistakes {
        scene.provider.forget_requests();
        let reply = scene.openai().post("/v1/chat/completions", &body).await;
        assert_eq!(
            (reply.header("x-gatewright-fault"), reply.header("x-gatewright-attempts")),
            ("caller", "1")
        );
        let told = reply.expect_json(400).await;
        assert_eq!(told["error"]["type"], "invalid_request_error", "{told}");
        assert_eq!(scene.asked_models(), ["gpt-4o"]);
    }
    for status in [400, 413, 422] {
        scene.provider.forget_requests();
        let refusal =
            r#"{"type":"error","error":{"type":"invalid_request_error","message":"not like this"}}"#;
        scene.provider.enqueue(Behaviour::status(status).body(refusal));
        let reply = scene.anthropic().post("/v1/messages", &message("claude", "hello")).await;
        assert_eq!(
            (reply.status, reply.header("x-gatewright-fault")),
            (status, "caller"),
            "{:?}",
            scene.asked_models()
        );
        assert_eq!(reply.json().await["type"], "error");
        assert_eq!(scene.asked_models().len(), 1, "{status}");
    }
}

#[tokio::test]
async fn only_the_failures_that_are_named_move_on() {
    let scene = Scene::start(
        "
endpoints:
  - name: limited
    targets: [ { credential: openai, model: gpt-4o } ]
    fallbacks: [ { credential: openai, model: gpt-4o-mini } ]
    fallback_on: [rate_limit]
    retry: { attempts: 1 }
",
    )
    .await;
    for (status, shown) in [(500, 502), (401, 502), (404, 404), (429, 200)] {
        scene.provider.on_model("gpt-4o", Behaviour::status(status));
        let reply = scene.openai().post("/v1/chat/completions", &chat("limited", "hello")).await;
        assert_eq!(reply.status, shown, "{status}");
    }
}

#[tokio::test]
async fn one_cap_counts_over_all_targets() {
    let scene = Scene::start(
        "
endpoints:
  - name: capped
    targets: [ { credential: openai, model: gpt-4o } ]
    fallbacks: [ { credential: openai, model: gpt-4o-mini }, { credential: openai, model: gpt-4.1 } ]
    retry: { attempts: 3, backoff: { initial: 1ms } }
    max_attempts: 4
",
    )
    .await;
    for model in ["gpt-4o", "gpt-4o-mini", "gpt-4.1"] {
        scene.provider.on_model(model, Behaviour::status(500));
    }
    let reply = scene.openai().post("/v1/chat/completions", &chat("capped", "hello")).await;
    assert_eq!((reply.status, reply.header("x-gatewright-attempts")), (502, "4"));
    assert_eq!(scene.asked_models(), ["gpt-4o", "gpt-4o", "gpt-4o", "gpt-4o-mini"]);
}

#[tokio::test]
async fn a_drawn_target_that_fails_is_followed_by_its_fallbacks_and_not_by_its_siblings() {
    let rest = format!(
        "{NOBODY}
endpoints:
  - name: split
    targets:
      - {{ credential: nobody, model: gpt-4o, weight: 50 }}
      - {{ credential: openai, model: gpt-4o, weight: 50 }}
    fallbacks: [ {{ credential: openai, model: gpt-4o-mini }} ]
    retry: {{ attempts: 1 }}
"
    );
    let scene = Scene::start(&rest).await;
    for _ in 0..10 {
        let reply = scene.openai().post("/v1/chat/completions", &chat("split", "hello")).await;
        let told = (
            reply.header("x-gatewright-target").to_owned(),
            reply.header("x-gatewright-attempts").to_owned(),
        );
        assert!(
            told == ("openai/gpt-4o".into(), "1".into()) || told == ("openai/gpt-4o-mini".into(), "2".into()),
            "{told:?}"
        );
    }
    let models = scene.asked_models();
    let mini = models.iter().filter(|model| *model == "gpt-4o-mini").count();
    assert_eq!((models.len(), mini), (10, 5), "{models:?}");
}
