//! What connections carry: many calls on one, each judged by itself, on the clients' side and on the providers'.

use testkit::Raw;
use testkit::provider::Behaviour;

use crate::scene::{ENDPOINTS, Scene};
use crate::talk::{chat, message, raw_post, streamed};

/// How a whole reply of the mock provider ends.
const REPLY_END: &str = "fp_mock\"}";

/// Sends a request with one more header, and returns the head and the body of its reply.
async fn ask(connection: &mut Raw, request: &str, header: &str) -> (String, String) {
    let request = request.replacen("\r\n", &format!("\r\n{header}"), 1);
    connection.send(request).await;
    let head = connection.read_until("\r\n\r\n").await.to_ascii_lowercase();
    let body = if head.contains("transfer-encoding: chunked") {
        connection.read_until("\r\n0\r\n\r\n").await
    } else {
        connection.read_until("}}").await
    };
    (head, body)
}

#[tokio::test]
async fn every_request_on_a_connection_is_judged_by_its_own_key() {
    let keys = "keys:
  - { name: all, secret: key-for-everything-01 }
  - { name: narrow, secret: key-for-claude-only-2, endpoints: [claude] }
";
    let scene = Scene::start(&format!("{ENDPOINTS}{keys}")).await;
    let mut connection = Raw::connect(scene.gateway.url()).await;
    let request = raw_post("/v1/chat/completions", &streamed(chat("chat", "hello")));
    let (all, narrow) = ("x-api-key: key-for-everything-01\r\n", "x-api-key: key-for-claude-only-2\r\n");
    let expected = [
        (all, "200"),
        (narrow, "403"),
        (all, "200"),
        ("x-api-key: key-for-everything-02\r\n", "401"),
        ("", "401"),
        (all, "200"),
        (narrow, "403"),
    ];
    for (key, status) in expected {
        let (head, body) = ask(&mut connection, &request, key).await;
        assert!(head.starts_with(&format!("http/1.1 {status}")), "{key:?}: {head}{body}");
    }
}

#[tokio::test]
async fn one_connection_serves_calls_of_every_kind() {
    let scene = Scene::start(ENDPOINTS).await;
    let mut connection = Raw::connect(scene.gateway.url()).await;
    for _ in 0..3 {
        for request in [
            raw_post("/v1/chat/completions", &streamed(chat("claude", "hello"))),
            raw_post("/v1/messages", &streamed(message("claude", "hello"))),
            raw_post("/v1/chat/completions", &streamed(chat("chat", "hello"))),
        ] {
            let (head, body) = ask(&mut connection, &request, "").await;
            assert!(head.starts_with("http/1.1 200") && body.contains("llo"), "{head}{body}");
        }
        let (head, body) =
            ask(&mut connection, &raw_post("/v1/messages", &message("nothing", "hello")), "").await;
        assert!(head.starts_with("http/1.1 404"), "{head}{body}");
        connection.read_until("}").await;
    }
}

#[tokio::test]
async fn old_and_careful_clients_are_served() {
    let scene = Scene::start(ENDPOINTS).await;
    let old = raw_post("/v1/chat/completions", &streamed(chat("chat", "hello")))
        .replacen("HTTP/1.1", "HTTP/1.0", 1);
    let mut connection = Raw::connect(scene.gateway.url()).await;
    connection.send(old).await;
    let reply = connection.read_to_end().await;
    assert!(reply.ends_with("data: [DONE]\n\n") && !reply.contains("chunked"), "{reply}");

    let request = raw_post("/v1/chat/completions", &chat("chat", "hello"));
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    let mut connection = Raw::connect(scene.gateway.url()).await;
    connection.send(format!("{head}\r\nexpect: 100-continue\r\n\r\n")).await;
    assert_eq!(connection.read_until("\r\n\r\n").await, "HTTP/1.1 100 Continue\r\n\r\n");
    connection.send(body).await;
    assert!(connection.read_until("\r\n").await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn requests_may_come_in_any_pieces_and_before_the_last_reply() {
    let scene = Scene::start(ENDPOINTS).await;
    let request = raw_post("/v1/chat/completions", &chat("chat", "hello"));
    let mut connection = Raw::connect(scene.gateway.url()).await;
    for cut in [1, 4, 6, 40, request.find("\r\n\r\n").unwrap() + 2, request.len() - 1] {
        connection.send(&request[..cut]).await;
        tokio::task::yield_now().await;
        connection.send(&request[cut..]).await;
        assert!(connection.read_until(REPLY_END).await.starts_with("HTTP/1.1 200"), "cut after {cut}");
    }
    connection.send(request.repeat(5)).await;
    for _ in 0..5 {
        assert!(connection.read_until(REPLY_END).await.starts_with("HTTP/1.1 200"));
    }
    assert_eq!(scene.provider.requests().len(), 11);
}

#[tokio::test]
async fn whatever_comes_between_calls_is_answered_in_its_place() {
    let scene = Scene::start(ENDPOINTS).await;
    let call = raw_post("/v1/chat/completions", &chat("chat", "hello"));
    let (head, body) = call.split_once("\r\n\r\n").unwrap();
    let length = format!("content-length: {}", body.len());
    let chunked = head.replace(&length, "transfer-encoding: chunked");
    let chunked = format!("{chunked}\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
    let mut connection = Raw::connect(scene.gateway.url()).await;
    connection.send(format!("{call}GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n{chunked}{call}")).await;
    assert!(connection.read_until(REPLY_END).await.starts_with("HTTP/1.1 200"));
    let health = connection.read_until("\r\n\r\n").await;
    assert!(health.starts_with("HTTP/1.1 200"), "{health}");
    for _ in 0..2 {
        assert!(connection.read_until(REPLY_END).await.contains("HTTP/1.1 200"));
    }
    assert_eq!(scene.provider.requests().len(), 3);
}

#[tokio::test]
async fn a_request_that_two_readers_could_cut_differently_is_refused() {
    let scene = Scene::start(ENDPOINTS).await;
    let request = raw_post("/v1/chat/completions", &chat("chat", "hello"));
    let length = request.split_once("content-length: ").unwrap().1.split_once("\r\n").unwrap().0.to_owned();
    let header = format!("content-length: {length}");
    for instead in [
        format!("content-length: {length}\r\ncontent-length: 5"),
        format!("content-length: +{length}"),
        format!("content-length: {length}, 5"),
        format!("content-length : {length}"),
        format!("content-length: 5\r\n folded: {length}"),
        "content-length: 99999999999999999999".to_owned(),
    ] {
        let mut connection = Raw::connect(scene.gateway.url()).await;
        connection.send(request.replacen(&header, &instead, 1)).await;
        let reply = connection.read_to_end().await;
        assert!(reply.starts_with("HTTP/1.1 4"), "{instead}: {reply}");
    }
    assert!(scene.provider.requests().is_empty());
}

#[tokio::test]
async fn a_body_that_breaks_off_reaches_nobody() {
    let scene = Scene::start(ENDPOINTS).await;
    let request = raw_post("/v1/chat/completions", &chat("chat", "hello"));
    let mut connection = Raw::connect(scene.gateway.url()).await;
    connection.send(&request[..request.len() - 1]).await;
    connection.finish().await;
    let call = scene.books().only_call().await;
    assert_eq!((&call["status"], &call["attempts"]), (&serde_json::json!(400), &serde_json::json!(0)));
    assert!(scene.provider.requests().is_empty());
}

#[tokio::test]
async fn connections_to_a_provider_are_used_again() {
    let scene = Scene::start(&format!("{ENDPOINTS}server: {{ executors: 1 }}\n")).await;
    for at in 0..12 {
        let body = chat("chat", "hello");
        let body = if at % 2 == 0 { body } else { streamed(body) };
        if at % 3 == 0 {
            // A refusal is read to its end, too.
            scene.provider.enqueue(Behaviour::status(400));
        }
        scene.openai().post("/v1/chat/completions", &body).await.text().await;
    }
    let connections: std::collections::BTreeSet<u64> =
        scene.provider.requests().iter().map(|request| request.connection).collect();
    assert_eq!((scene.provider.requests().len(), connections.len()), (12, 1), "{connections:?}");
}

#[tokio::test]
async fn calls_side_by_side_do_not_wait_for_each_other() {
    let scene = Scene::start(&format!("{ENDPOINTS}server: {{ executors: 1 }}\n")).await;
    scene.provider.on_model("gpt-4o", testkit::provider::Fault::Stall(4).into());
    let stalled = scene.openai().post("/v1/chat/completions", &streamed(chat("chat", "hello"))).await;
    for _ in 0..5 {
        scene.anthropic().post("/v1/messages", &message("claude", "hello")).await.expect_json(200).await;
    }
    stalled.abandon();
}
