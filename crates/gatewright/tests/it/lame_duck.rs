//! The time between *stop* and *closed*: not ready any more, and still there for everybody who comes.

use std::time::{Duration, Instant};

use testkit::Raw;
use testkit::gateway::Setup;

use crate::books::eventually;
use crate::scene::{BINARY, ENDPOINTS, SOON, Scene, config};
use crate::talk::{Told, chat};

const LAME: &str = "server: { caps: { lame_duck: 60s } }\n";

async fn stopping(rest: &str) -> Scene {
    let scene = Scene::start(&format!("{ENDPOINTS}{rest}")).await;
    assert_eq!(scene.openai().get("/readyz").await.status, 200);
    scene.gateway.terminate();
    scene.gateway.wait_for_log("stopping", SOON).await;
    scene
}

#[tokio::test]
async fn new_connections_are_served_while_readiness_says_no() {
    let mut scene = stopping(LAME).await;
    let ready = eventually("not ready", async || match scene.openai().get("/readyz").await {
        reply if reply.status == 503 => Ok(reply),
        reply => Err(format!("/readyz answered {}", reply.status)),
    })
    .await;
    assert_eq!(ready.header("connection"), "close", "the next request should go to somebody else");
    for at in 0..5 {
        let reply = scene.openai().post("/v1/chat/completions", &chat("chat", &format!("late {at}"))).await;
        assert_eq!(reply.header("connection"), "close");
        assert_eq!(Told::by_chat(&reply.expect_json(200).await).text, format!("echo: late {at}"));
    }
    assert_eq!(scene.openai().get("/healthz").await.status, 200, "alive it is");
    // A second signal ends it, long before its time.
    let begun = Instant::now();
    assert_eq!(scene.gateway.stop().await.code(), Some(0));
    assert!(begun.elapsed() < Duration::from_secs(30));
}

#[tokio::test]
async fn a_connection_that_was_open_before_may_send_one_more_request() {
    let scene = Scene::start(&format!("{ENDPOINTS}{LAME}")).await;
    let mut open = Raw::connect(scene.gateway.url()).await;
    let get = "GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n";
    open.send(get).await;
    open.read_until("\r\n\r\nOK").await;
    scene.gateway.terminate();
    scene.gateway.wait_for_log("stopping", SOON).await;
    open.send(get).await;
    let reply = open.read_to_end().await;
    assert!(reply.ends_with("\r\n\r\nOK") && reply.contains("connection: close\r\n"), "{reply}");
}

#[tokio::test]
async fn its_end_is_the_end_of_new_connections() {
    let mut scene = stopping("server: { caps: { lame_duck: 300ms } }\n").await;
    assert_eq!(scene.gateway.wait().await.code(), Some(0));
    assert!(scene.openai().try_send(http::Method::GET, "/healthz", &[], "").await.is_err());
}

#[tokio::test]
async fn a_variable_sets_it_where_the_file_does_not() {
    let provider = testkit::MockProvider::start().await;
    let setup =
        Setup::new(BINARY).config(config(&provider, ENDPOINTS)).variable("GATEWRIGHT_LAME_DUCK", "60s");
    let gateway = setup.start().await;
    gateway.terminate();
    gateway.wait_for_log("stopping", SOON).await;
    assert_eq!(gateway.client().get("/healthz").await.status, 200);
}

#[tokio::test]
async fn who_was_let_in_before_the_door_closed_is_served() {
    let get = "GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    for _ in 0..5 {
        let mut scene = Scene::start(&format!("{ENDPOINTS}server: {{ executors: 1 }}\n")).await;
        let mut connected = Vec::new();
        for _ in 0..64 {
            let mut raw = Raw::connect(scene.gateway.url()).await;
            raw.send(get).await;
            connected.push(raw);
        }
        scene.gateway.terminate();
        let mut rest = Vec::new();
        for raw in &mut connected {
            rest.push(raw.read_to_end().await);
        }
        let answered = rest.iter().filter(|reply| reply.ends_with("\r\n\r\nOK")).count();
        assert_eq!(answered, rest.len(), "nobody who was connected is reset: {rest:?}");
        assert_eq!(scene.gateway.wait().await.code(), Some(0));
    }
}
