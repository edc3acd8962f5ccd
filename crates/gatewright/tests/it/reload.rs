//! A changed file is in force while traffic flows, a wrong one changes nothing, and nobody's call notices either.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use testkit::gateway::Setup;
use testkit::provider::Fault;
use testkit::{Client, Gateway, MockProvider};
use tokio::task::JoinSet;

use crate::books::{Books, eventually};
use crate::scene::{BINARY, ENDPOINTS, Scene, config};
use crate::talk::{Told, chat, streamed_with_usage};

const ANOTHER: &str = "  - { name: another, targets: [ { credential: openai, model: gpt-4o } ] }\n";

/// Waits until a model is answered with this status.
async fn answers(gateway: &Gateway, model: &str, status: u16) {
    let client = gateway.client();
    eventually(&format!("{status} for `{model}`"), async || {
        let found = client.post("/v1/chat/completions", &chat(model, "hello")).await.status;
        if found == status { Ok(()) } else { Err(found.to_string()) }
    })
    .await;
}

#[tokio::test]
async fn a_changed_file_is_in_force_without_a_restart() {
    let mut scene = Scene::start(ENDPOINTS).await;
    answers(&scene.gateway, "another", 404).await;
    scene.gateway.write_config(&config(&scene.provider, &format!("{ENDPOINTS}{ANOTHER}")));
    answers(&scene.gateway, "another", 200).await;
    scene.gateway.write_config(&config(&scene.provider, ENDPOINTS));
    answers(&scene.gateway, "another", 404).await;
}

#[tokio::test]
async fn a_file_that_is_written_in_place_is_seen_as_well() {
    let scene = Scene::start(ENDPOINTS).await;
    let text = config(&scene.provider, &format!("{ENDPOINTS}{ANOTHER}"));
    std::fs::write(scene.gateway.config_file(), text).unwrap();
    answers(&scene.gateway, "another", 200).await;
}

#[tokio::test]
async fn a_wrong_file_changes_nothing_and_says_so() {
    let mut scene = Scene::start(ENDPOINTS).await;
    let books = Books::of(&scene.gateway);
    scene.gateway.write_config(&config(&scene.provider, &format!("{ENDPOINTS}{ANOTHER}endpoint: []\n")));
    let status = eventually("a report of the wrong file", async || {
        let status = books.get("/api/v1/configuration").await;
        if status["failure"].is_null() { Err(status.to_string()) } else { Ok(status) }
    })
    .await;
    let told = status.to_string();
    assert!(told.contains("endpoint") && told.contains("gatewright.yaml"), "{told}");
    assert!(scene.gateway.log().contains("gatewright.yaml:"), "{}", scene.gateway.log());
    answers(&scene.gateway, "chat", 200).await;
    answers(&scene.gateway, "another", 404).await;

    scene.gateway.write_config(&config(&scene.provider, &format!("{ENDPOINTS}{ANOTHER}")));
    answers(&scene.gateway, "another", 200).await;
    assert_eq!(books.get("/api/v1/configuration").await["failure"], Value::Null);
}

#[tokio::test]
async fn a_hangup_signal_reloads() {
    let mut scene = Scene::start(ENDPOINTS).await;
    scene.gateway.write_config(&config(&scene.provider, &format!("{ENDPOINTS}{ANOTHER}")));
    let id = scene.gateway.process_id().and_then(|id| Pid::from_raw(i32::try_from(id).unwrap()));
    kill_process(id.unwrap(), Signal::HUP).unwrap();
    answers(&scene.gateway, "another", 200).await;
    assert_eq!(scene.gateway.stop().await.code(), Some(0));
}

/// Calls one after the other, until told to stop.
async fn keep_calling(client: Client, stop: Arc<AtomicBool>, answered: Arc<AtomicUsize>) {
    let body = chat("steady", "hello");
    let mut beat = tokio::time::interval(Duration::from_millis(16));
    while !stop.load(Ordering::Relaxed) {
        beat.tick().await;
        let reply = client.post("/v1/chat/completions", &body).await;
        let status = reply.status;
        let text = reply.text().await;
        assert_eq!(status, 200, "{text}");
        answered.fetch_add(1, Ordering::Relaxed);
    }
}

/// Some 500 calls a second from eight callers, and 200 streams, all over one gateway whose file changes ten times a
/// second.
#[tokio::test]
async fn reloads_disturb_nobody() {
    const STREAMS: usize = 200;
    let long = std::env::var_os("GATEWRIGHT_LONG").is_some();
    let reloads = if long { 600 } else { 30 };
    // A stream lasts as long as the reloads do: a word every so often.
    let words = if long { 120 } else { 10 };
    let text = vec!["word"; words].join(" ");
    let provider = MockProvider::start().await;
    provider.on_model("gpt-4o", Fault::Pace(Duration::from_millis(250)).into());
    let with_weight = |weight: usize| {
        let endpoints = format!(
            "endpoints:
  - {{ name: slow, targets: [ {{ credential: openai, model: gpt-4o }} ] }}
  - name: steady
    targets:
      - {{ credential: openai, model: gpt-5-mini, weight: {weight} }}
      - {{ credential: openai, model: gpt-4o-mini, weight: 10 }}
"
        );
        config(&provider, &endpoints)
    };
    let mut gateway = Setup::new(BINARY).config(with_weight(1)).start().await;

    let mut streams = JoinSet::new();
    for _ in 0..STREAMS {
        let (client, body) = (gateway.client(), streamed_with_usage(chat("slow", &text)));
        streams.spawn(async move {
            let reply = client.post("/v1/chat/completions", &body).await;
            assert_eq!(reply.status, 200);
            Told::by_chat_stream(&reply.events().collect().await)
        });
    }
    let (stop, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let mut callers = JoinSet::new();
    for _ in 0..8 {
        callers.spawn(keep_calling(gateway.client(), Arc::clone(&stop), Arc::clone(&answered)));
    }
    let books = Books::of(&gateway);
    let mut beat = tokio::time::interval(Duration::from_millis(100));
    for reload in 0..reloads {
        beat.tick().await;
        gateway.write_config(&with_weight(1 + reload % 7));
    }
    while let Some(told) = streams.join_next().await {
        assert_eq!(told.unwrap().text, format!("echo: {text}"));
    }
    stop.store(true, Ordering::Relaxed);
    while let Some(ended) = callers.join_next().await {
        ended.unwrap();
    }
    let seen = books.get("/api/v1/configuration").await["reloads"].as_u64().unwrap();
    assert!(seen >= u64::try_from(reloads / 6).unwrap(), "the file was read again {seen} times only");
    let calls = answered.load(Ordering::Relaxed) + STREAMS;
    let report = books.usage("endpoint", u64::try_from(calls).unwrap()).await;
    assert_eq!(report["total"]["calls"], calls, "each call is in the books once: {report}");
    assert_eq!(report["total"]["attempts"], calls, "and nothing had to be tried again");
    assert!(!gateway.log().contains(" ERROR ") && !gateway.log().contains("panic"), "{}", gateway.log());
}
