//! Every call is a trace: its own or the caller's, with a span for each attempt, what it cost, and as much of what was
//! said as the endpoint keeps.

use serde_json::{Value, json};
use testkit::provider::{Behaviour, Fault};

use crate::scene::{ENDPOINTS, Scene};
use crate::talk::{chat, message, streamed};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN: &str = "00f067aa0ba902b7";

#[tokio::test]
async fn a_trace_of_the_application_is_continued() {
    let scene = Scene::start(ENDPOINTS).await;
    let traceparent = format!("00-{TRACE}-{SPAN}-01");
    let openai = scene.openai().header("traceparent", &traceparent);
    let reply = openai.post("/v1/chat/completions", &chat("chat", "hello")).await;
    assert_eq!((reply.status, reply.header("x-gatewright-trace-id")), (200, TRACE));
    let anthropic = scene.anthropic().header("traceparent", &traceparent);
    let reply = anthropic.post("/v1/messages", &streamed(message("claude", "hello"))).await;
    assert_eq!(reply.header("x-gatewright-trace-id"), TRACE);
    reply.events().collect().await;

    let books = scene.books();
    books.calls("", 2).await;
    let trace = books.trace(TRACE).await;
    assert_eq!((&trace["trace_id"], trace["calls"].as_array().unwrap().len()), (&json!(TRACE), 2));
    let spans = trace["spans"].as_array().unwrap();
    let roots: Vec<&Value> = spans.iter().filter(|span| span["parent_span_id"] == SPAN).collect();
    assert_eq!((roots.len(), spans.len()), (2, 4), "two calls with one attempt each: {spans:?}");
    for root in roots {
        assert!(spans.iter().any(|span| span["parent_span_id"] == root["span_id"]), "{spans:?}");
    }
}

#[tokio::test]
async fn a_malformed_traceparent_begins_a_trace_of_our_own() {
    let scene = Scene::start(ENDPOINTS).await;
    for text in ["nonsense", "00-00000000000000000000000000000000-00f067aa0ba902b7-01", ""] {
        let client = scene.openai().header("traceparent", text);
        let reply = client.post("/v1/chat/completions", &chat("chat", "hello")).await;
        let trace = reply.header("x-gatewright-trace-id");
        assert!(trace.len() == 32 && trace != "0".repeat(32), "{trace}");
    }
}

#[tokio::test]
async fn attempts_say_where_they_went_and_how_they_ended() {
    let scene = Scene::start(
        "
endpoints:
  - name: chat
    targets: [ { credential: openai, model: gpt-4o } ]
    fallbacks: [ { credential: openai, model: gpt-4o-mini }, { credential: anthropic, model: claude-sonnet-4-5 } ]
    retry: { attempts: 2, on: [5xx], backoff: { initial: 1ms } }
    max_attempts: 5
",
    )
    .await;
    scene.provider.on_model("gpt-4o", Behaviour::status(503));
    scene.provider.on_model("gpt-4o-mini", Fault::Reset.into());
    let session = scene.openai().header("x-gatewright-session", "s-1");
    let body = crate::talk::with(chat("chat", "hello"), json!({ "user": "u-1" }));
    let reply = session.post("/v1/chat/completions", &body).await;
    assert_eq!((reply.status, reply.header("x-gatewright-attempts")), (200, "5"));
    let call = scene.books().only_call().await;
    let told: Vec<String> = call["attempt_list"]
        .as_array()
        .unwrap()
        .iter()
        .map(|attempt| {
            let text = |name: &str| attempt[name].as_str().unwrap_or("-").to_owned();
            let status = attempt["status"].as_u64().map_or("-".to_owned(), |status| status.to_string());
            format!(
                "{} {} {status} {} {} {}",
                text("target"),
                text("relay"),
                text("outcome"),
                text("error"),
                text("end")
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            "openai/gpt-4o raw 503 failed provider_overloaded provider_status",
            "openai/gpt-4o raw 503 failed provider_overloaded provider_status",
            "openai/gpt-4o-mini raw - failed provider_error broken_reply",
            "openai/gpt-4o-mini raw - failed provider_error broken_reply",
            "anthropic/claude-sonnet-4-5 translate 200 succeeded - complete",
        ]
    );
    assert_eq!((&call["session"], &call["user"]), (&json!("s-1"), &json!("u-1")));
    assert_eq!(
        (&call["outcome"], &call["status"], &call["target"]),
        (&json!("succeeded"), &json!(200), &json!("anthropic/claude-sonnet-4-5"))
    );
    let last = &call["attempt_list"][4];
    assert!(last["provider_request_id"].as_str().unwrap().starts_with("req_mock"), "{last}");
    assert!(call["first_token_ms"].is_number() && last["first_byte_ms"].is_number(), "{call}");
}

#[tokio::test]
async fn as_much_is_kept_as_the_endpoint_says() {
    let scene = Scene::start(
        "
endpoints:
  - { name: full, targets: [ { credential: openai, model: gpt-4o } ], capture: full }
  - { name: metadata, targets: [ { credential: openai, model: gpt-4o } ], capture: metadata }
  - { name: none, targets: [ { credential: openai, model: gpt-4o } ], capture: none }
  - { name: redacted, targets: [ { credential: openai, model: gpt-4o } ], capture: redacted }
",
    )
    .await;
    let path = "/v1/chat/completions";
    for model in ["full", "metadata", "none", "redacted"] {
        scene.openai().post(path, &chat(model, "the quick brown fox")).await.expect_json(200).await;
        scene
            .openai()
            .post(path, &streamed(chat(model, "the quick brown fox")))
            .await
            .events()
            .collect()
            .await;
    }
    let books = scene.books();
    assert_eq!(books.usage("endpoint", 8).await["total"]["calls"], 8, "money is counted whatever is kept");
    let calls = books.calls("", 6).await;
    assert!(!calls.iter().any(|call| call["endpoint"] == "none"), "{calls:?}");
    for call in calls {
        let call = books.call(call["id"].as_str().unwrap()).await;
        let (request, reply) = (call["request"].to_string(), call["reply"].to_string());
        let spoken = request.contains("quick brown fox");
        match call["endpoint"].as_str().unwrap() {
            "full" => assert!(spoken && reply.contains("echo") || reply.contains("ech"), "{call}"),
            "metadata" => {
                assert!(call["request"]["body"].is_null() && call["reply"]["body"].is_null(), "{call}");
                assert!(
                    call["request"]["size"].as_u64() > Some(0) && call["reply"]["size"].as_u64() > Some(0),
                    "{call}"
                );
            }
            _ => assert!(!spoken && !reply.contains("fox"), "{call}"),
        }
    }
}

#[tokio::test]
async fn a_refused_call_is_a_trace_too() {
    let scene = Scene::start(ENDPOINTS).await;
    let reply = scene.openai().post("/v1/chat/completions", &chat("nothing", "hello")).await;
    let id = reply.header("x-gatewright-call-id").to_owned();
    let call = scene.books().call(&id).await;
    assert_eq!(
        (&call["outcome"], &call["error"], &call["attempts"]),
        (&json!("failed"), &json!("unknown_model"), &json!(0))
    );
    assert!(call["error_message"].as_str().unwrap().contains("`nothing`"), "{call}");
    assert_eq!(
        (&call["requested_model"], &call["endpoint"], &call["target"]),
        (&json!("nothing"), &Value::Null, &Value::Null)
    );
}

#[tokio::test]
async fn spans_speak_the_names_of_open_telemetry() {
    let scene = Scene::start(ENDPOINTS).await;
    let reply = scene.openai().post("/v1/chat/completions", &chat("chat", "hello")).await;
    let trace = scene.books().trace(reply.header("x-gatewright-trace-id")).await;
    let attempt = &trace["spans"][1];
    let attributes = attempt["attributes"].as_object().unwrap();
    assert_eq!(attributes["gen_ai.request.model"], "gpt-4o", "{attributes:?}");
    assert_eq!(
        attributes["gen_ai.usage.output_tokens"], trace["calls"][0]["usage"]["output_tokens"],
        "{attributes:?}"
    );
}
