//! A stream that breaks never looks complete: it ends in an error event of the caller's dialect, after everything that
//! had come, and the books say so.

use serde_json::json;
use testkit::client::Event;
use testkit::provider::Fault;

use crate::scene::{ENDPOINTS, Scene};
use crate::talk::{Told, chat, message, streamed, streamed_with_usage};

/// Six events in, both vendors have said something.
fn breaks() -> [Fault; 5] {
    [Fault::Cut(6), Fault::End(6), Fault::ErrorAfter(6), Fault::Length(9), Fault::HugeLine(40 << 20)]
}

fn text_of(events: &[Event]) -> String {
    let openai = events
        .iter()
        .filter_map(|event| event.json()["choices"][0]["delta"]["content"].as_str().map(str::to_owned));
    let anthropic =
        events.iter().filter_map(|event| event.json()["delta"]["text"].as_str().map(str::to_owned));
    openai.chain(anthropic).collect()
}

#[tokio::test]
async fn a_broken_stream_ends_in_an_error_event() {
    let scene = Scene::start(ENDPOINTS).await;
    for fault in breaks() {
        // A wrong length after the last event takes nothing from the reply.
        if matches!(fault, Fault::Length(_)) {
            continue;
        }
        let begun = if matches!(fault, Fault::HugeLine(_)) { "" } else { "echo" };
        for model in ["chat", "claude"] {
            let case = format!("{fault:?} of `{model}`");
            scene.provider.on_model("gpt-4o", fault.clone().into());
            scene.provider.on_model("claude-sonnet-4-5", fault.clone().into());
            let body = streamed(chat(model, "hello there, how are you"));
            let reply = scene.openai().post("/v1/chat/completions", &body).await;
            if reply.status == 200 {
                let events = reply.events().collect().await;
                let last = events.last().unwrap();
                assert!(last.json()["error"]["message"].is_string(), "{case}: {events:?}");
                assert!(!events.iter().any(Event::is_done), "{case}");
                assert!(text_of(&events).starts_with(begun), "{case}: {events:?}");
            } else {
                assert_eq!(begun, "", "{case}");
                assert_eq!(reply.status, 502, "{case}");
            }

            let body = streamed(message(model, "hello there, how are you"));
            let reply = scene.anthropic().post("/v1/messages", &body).await;
            if reply.status == 200 {
                let events = reply.events().collect().await;
                let last = events.last().unwrap();
                assert_eq!(
                    (last.name.as_str(), &last.json()["type"]),
                    ("error", &json!("error")),
                    "{case}: {events:?}"
                );
                assert!(!events.iter().any(|event| event.name == "message_stop"), "{case}");
                assert!(text_of(&events).starts_with(begun), "{case}: {events:?}");
            } else {
                assert_eq!((begun, reply.status), ("", 502), "{case}");
            }
        }
    }
}

#[tokio::test]
async fn the_books_say_how_a_stream_broke() {
    let scene = Scene::start(ENDPOINTS).await;
    for (fault, end) in [(Fault::Cut(6), "broken_reply"), (Fault::ErrorAfter(6), "provider_status")] {
        for model in ["chat", "claude"] {
            scene.provider.enqueue(fault.clone().into());
            let reply =
                scene.openai().post("/v1/chat/completions", &streamed(chat(model, "hello there"))).await;
            let id = reply.header("x-gatewright-call-id").to_owned();
            drop(reply.events().collect().await);
            let call = scene.books().call(&id).await;
            let attempt = &call["attempt_list"][0];
            assert_eq!(
                (&call["outcome"], &attempt["end"]),
                (&json!("failed"), &json!(end)),
                "{fault:?} {model}"
            );
            assert_eq!(attempt["usage_source"], "estimated", "{fault:?} {model}");
            let tokens = |name: &str| call["usage"][name].as_u64().unwrap();
            assert!(tokens("input_tokens") > 0 && tokens("output_tokens") > 0, "{call}");
            assert!(call["first_token_ms"].is_number(), "{call}");
        }
    }
}

#[tokio::test]
async fn a_stream_in_any_framing_is_understood() {
    let scene = Scene::start(ENDPOINTS).await;
    for fault in [Fault::Framing, Fault::Trickle, Fault::AfterDone, Fault::Length(9), Fault::Length(0)] {
        for model in ["chat", "claude"] {
            let case = format!("{fault:?} of `{model}`");
            scene.provider.enqueue(fault.clone().into());
            let body = streamed_with_usage(chat(model, "hello"));
            let events = scene.openai().post("/v1/chat/completions", &body).await.events().collect().await;
            let told = Told::by_chat_stream(&events);
            assert_eq!(told.clone().without_tokens(), Told::text("echo: hello"), "{case}");
            assert!(told.tokens.1 > 0, "{case}");

            scene.provider.enqueue(fault.clone().into());
            let body = streamed(message(model, "hello"));
            let events = scene.anthropic().post("/v1/messages", &body).await.events().collect().await;
            assert_eq!(
                Told::by_message_stream(&events).without_tokens(),
                Told::text("echo: hello"),
                "{case}"
            );
        }
    }
}

#[tokio::test]
async fn a_stream_that_lacks_its_last_mark_never_gets_one_from_us() {
    let scene = Scene::start(ENDPOINTS).await;
    // OpenAI's imitators forget `[DONE]`: every choice has said why it stopped, so it is booked as complete.
    scene.provider.enqueue(Fault::NoDone.into());
    let reply = scene.openai().post("/v1/chat/completions", &streamed(chat("chat", "hello"))).await;
    let id = reply.header("x-gatewright-call-id").to_owned();
    let events = reply.events().collect().await;
    assert_eq!((text_of(&events).as_str(), events.iter().any(Event::is_done)), ("echo: hello", false));
    let call = scene.books().call(&id).await;
    assert_eq!(
        (&call["outcome"], &call["attempt_list"][0]["usage_source"]),
        (&json!("succeeded"), &json!("reported"))
    );
    // A translation says the end in the gateway's own words, and only says what it knows.
    for (model, fault) in [("chat", Fault::NoDone), ("claude", Fault::NoDone)] {
        scene.provider.enqueue(fault.into());
        let reply = if model == "chat" {
            scene.anthropic().post("/v1/messages", &streamed(message(model, "hello"))).await
        } else {
            scene.openai().post("/v1/chat/completions", &streamed(chat(model, "hello"))).await
        };
        let events = reply.events().collect().await;
        assert_eq!(text_of(&events), "echo: hello");
        assert!(events.last().unwrap().json()["error"].is_object(), "{model}: {events:?}");
    }
}

#[tokio::test]
async fn an_error_event_has_the_callers_form_and_names_the_call() {
    let scene = Scene::start(ENDPOINTS).await;
    scene.provider.enqueue(Fault::Cut(6).into());
    let reply = scene.openai().post("/v1/chat/completions", &streamed(chat("chat", "hello there"))).await;
    let error = reply.events().collect().await.pop().unwrap().json();
    assert_eq!(
        (&error["error"]["code"], &error["error"]["type"]),
        (&json!("provider_error"), &json!("server_error"))
    );
    scene.provider.enqueue(Fault::Cut(6).into());
    let reply = scene.anthropic().post("/v1/messages", &streamed(message("claude", "hello there"))).await;
    let id = reply.header("x-gatewright-call-id").to_owned();
    let error = reply.events().collect().await.pop().unwrap().json();
    assert_eq!((&error["request_id"], &error["error"]["code"]), (&json!(id), &json!("provider_error")));
}
