//! One test per line of the drain order: no new work, what runs may finish, the grace ends, the books are closed,
//! exit 0.

use std::time::{Duration, Instant};

use http::Method;
use serde_json::json;
use testkit::client::Event;
use testkit::provider::{Fault, Outcome};

use crate::books::{Books, eventually};
use crate::scene::{ENDPOINTS, SOON, Scene};
use crate::talk::{Told, chat, message, streamed, streamed_with_usage};

/// Some ten seconds of stream where nobody ends it.
const LONG: &str = "write 1000 words";

/// Asks for a stop, and returns when it has begun.
async fn stop_begun(scene: &Scene) {
    scene.gateway.terminate();
    scene.gateway.wait_for_log("stopping", SOON).await;
}

#[tokio::test]
async fn open_streams_finish_and_new_connections_are_refused() {
    let mut scene = Scene::start(ENDPOINTS).await;
    scene.provider.on_model("gpt-4o", Fault::Pace(Duration::from_millis(50)).into());
    scene.provider.on_model("claude-sonnet-4-5", Fault::Pace(Duration::from_millis(50)).into());
    let text = "these words are on their way while the gateway is told to stop";
    let openai = scene.openai().post("/v1/chat/completions", &streamed_with_usage(chat("chat", text))).await;
    let anthropic = scene.anthropic().post("/v1/messages", &streamed(message("claude", text))).await;
    assert_eq!((openai.status, anthropic.status), (200, 200));
    stop_begun(&scene).await;
    let client = scene.openai();
    eventually("a refusal of new connections", async || {
        match client.try_send(Method::GET, "/readyz", &[], "").await {
            Err(_) => Ok(()),
            // Accepted before the stop had got about.
            Ok(reply) => Err(format!("/readyz answered {}", reply.status)),
        }
    })
    .await;
    assert_eq!(
        scene.provider.requests().iter().filter(|request| request.outcome == Outcome::Running).count(),
        2
    );
    let echoed = format!("echo: {text}");
    assert_eq!(Told::by_chat_stream(&openai.events().collect().await).text, echoed);
    assert_eq!(Told::by_message_stream(&anthropic.events().collect().await).text, echoed);
    assert_eq!(scene.gateway.wait().await.code(), Some(0));
}

#[tokio::test]
async fn a_whole_call_in_flight_is_answered() {
    let mut scene = Scene::start(ENDPOINTS).await;
    scene.provider.enqueue(testkit::Behaviour::delayed(Duration::from_millis(600)));
    let (client, body) = (scene.openai(), chat("chat", "hello"));
    let call = client.post("/v1/chat/completions", &body);
    let stop = async {
        scene.provider.wait_for(|state| state.running() == 1, SOON).await;
        stop_begun(&scene).await;
    };
    let (reply, ()) = tokio::join!(call, stop);
    assert_eq!(Told::by_chat(&reply.expect_json(200).await).text, "echo: hello");
    assert_eq!(scene.gateway.wait().await.code(), Some(0));
}

/// Both streams end in the error of their dialect, which says that the gateway stops.
async fn ended_by_us(openai: testkit::Reply, anthropic: testkit::Reply) {
    let events = openai.events().collect().await;
    let error = events.last().unwrap().json();
    assert_eq!(error["error"]["code"], "overloaded", "{error}");
    assert!(error["error"]["message"].as_str().unwrap().contains("stopping"), "{error}");
    assert!(!events.iter().any(Event::is_done));
    let events = anthropic.events().collect().await;
    let last = events.last().unwrap();
    assert_eq!((last.name.as_str(), &last.json()["error"]["type"]), ("error", &json!("overloaded_error")));
}

async fn two_long_streams(scene: &Scene) -> (testkit::Reply, testkit::Reply) {
    scene.provider.on_model("gpt-4o", Fault::Pace(Duration::from_millis(20)).into());
    scene.provider.on_model("claude-sonnet-4-5", Fault::Stall(6).into());
    let openai = scene.openai().post("/v1/chat/completions", &streamed(chat("chat", LONG))).await;
    let anthropic = scene.anthropic().post("/v1/messages", &streamed(message("claude", LONG))).await;
    (openai, anthropic)
}

#[tokio::test]
async fn a_second_signal_ends_open_streams() {
    let mut scene = Scene::start(ENDPOINTS).await;
    let (openai, anthropic) = two_long_streams(&scene).await;
    stop_begun(&scene).await;
    scene.gateway.terminate();
    ended_by_us(openai, anthropic).await;
    assert_eq!(scene.gateway.wait().await.code(), Some(0));
}

#[tokio::test]
async fn the_end_of_the_grace_period_ends_open_streams() {
    let rest = format!("{ENDPOINTS}server: {{ caps: {{ drain: 1s }} }}\n");
    let mut scene = Scene::start(&rest).await;
    let (openai, anthropic) = two_long_streams(&scene).await;
    let begun = Instant::now();
    stop_begun(&scene).await;
    ended_by_us(openai, anthropic).await;
    assert_eq!(scene.gateway.wait().await.code(), Some(0));
    assert!(begun.elapsed() >= Duration::from_millis(900), "streams may use the grace period");

    // What was cut is in the books, and the reason with it.
    scene.gateway.restart().await;
    let books = Books::of(&scene.gateway);
    for call in books.calls("outcome=failed", 2).await {
        let call = books.call(call["id"].as_str().unwrap()).await;
        assert_eq!(
            (&call["error"], &call["attempt_list"][0]["end"]),
            (&json!("overloaded"), &json!("shutdown"))
        );
    }
    assert_eq!(books.usage("endpoint", 2).await["total"]["calls"], 2);
}

#[tokio::test]
async fn nothing_that_was_done_before_a_stop_is_missing_after_it() {
    let mut scene = Scene::start(ENDPOINTS).await;
    for at in 0..20 {
        let body = chat("chat", &format!("call {at}"));
        let body = if at % 2 == 0 { body } else { streamed(body) };
        scene.openai().post("/v1/chat/completions", &body).await.text().await;
    }
    // At once, before anything has been written by the clock.
    assert_eq!(scene.gateway.stop().await.code(), Some(0));
    scene.gateway.restart().await;
    let books = Books::of(&scene.gateway);
    assert_eq!(books.calls("endpoint=chat&outcome=succeeded", 20).await.len(), 20);
    let report = books.get("/api/v1/usage?by=endpoint").await;
    assert_eq!(
        (&report["total"]["calls"], &report["total"]["attempts"]),
        (&json!(20), &json!(20)),
        "{report}"
    );
}

#[tokio::test]
async fn a_signal_at_the_first_moment_is_an_orderly_stop() {
    for _ in 0..10 {
        let mut scene = Scene::start(ENDPOINTS).await;
        assert_eq!(scene.gateway.stop().await.code(), Some(0), "{}", scene.gateway.log());
    }
}

#[tokio::test]
async fn idle_connections_do_not_hold_up_a_stop() {
    let mut scene = Scene::start(ENDPOINTS).await;
    let mut idle = testkit::Raw::connect(scene.gateway.url()).await;
    idle.send("GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n").await;
    idle.read_until("\r\n\r\nOK").await;
    let begun = Instant::now();
    assert_eq!(scene.gateway.stop().await.code(), Some(0));
    assert!(begun.elapsed() < Duration::from_secs(15));
    assert_eq!(idle.read_to_end().await, "");
}
