//! Who may call without a key: whoever is on this machine, until the first key exists, and nobody who comes from
//! anywhere else in disguise.

use http::Method;
use testkit::gateway::Setup;

use crate::scene::{BINARY, ENDPOINTS, Scene, config};
use crate::talk::chat;

async fn status(scene: &Scene, headers: &[(&str, &str)]) -> u16 {
    let headers = [headers, &[("content-type", "application/json")]].concat();
    let body = chat("chat", "hello").to_string();
    let reply = scene.openai().send(Method::POST, "/v1/chat/completions", &headers, body).await;
    if reply.status != 200 {
        assert_eq!(reply.status, 401);
        assert_eq!(reply.header("x-gatewright-fault"), "caller");
    }
    reply.status
}

#[tokio::test]
async fn a_caller_on_this_machine_needs_no_key() {
    let scene = Scene::start(ENDPOINTS).await;
    let fine: [&[(&str, &str)]; 9] = [
        &[],
        &[("authorization", "Bearer ")],
        &[("authorization", "Bearer dummy")],
        &[("authorization", "Basic dXNlcjpwYXNz")],
        &[("x-api-key", "dummy")],
        &[("authorization", "Bearer sk-proj-left-over-from-another-life-0123456789")],
        &[("host", "localhost")],
        &[("host", "[::1]:4242"), ("origin", "http://localhost:3000")],
        &[("origin", "http://127.0.0.1:8080")],
    ];
    for headers in fine {
        assert_eq!(status(&scene, headers).await, 200, "{headers:?}");
    }
    let calls = scene.books().calls("caller=anonymous", fine.len()).await;
    assert!(calls.iter().all(|call| call["key_id"].is_null()), "{calls:?}");
}

#[tokio::test]
async fn what_came_by_another_way_does() {
    let scene = Scene::start(ENDPOINTS).await;
    let refused: [&[(&str, &str)]; 13] = [
        &[("host", "gateway.example.com")],
        &[("host", "127.0.0.1.evil.example:4242")],
        &[("host", "localhost.evil.example")],
        &[("host", "")],
        &[("origin", "https://evil.example")],
        &[("origin", "null")],
        &[("forwarded", "for=10.0.0.1")],
        &[("x-forwarded-for", "127.0.0.1")],
        &[("x-forwarded-proto", "https")],
        &[("x-forwarded-anything", "1")],
        &[("via", "1.1 proxy")],
        &[("x-real-ip", "127.0.0.1")],
        &[("authorization", "Bearer gw_looks_like_a_key")],
    ];
    for headers in refused {
        assert_eq!(status(&scene, headers).await, 401, "{headers:?}");
    }
    assert!(scene.provider.requests().is_empty());
}

#[tokio::test]
async fn the_first_key_ends_it_unless_somebody_wrote_otherwise() {
    let keys = "keys: [ { name: ci, secret: a-key-that-is-long-enough } ]\n";
    let ended = Scene::start(&format!("{ENDPOINTS}{keys}")).await;
    let reply =
        ended.openai().post("/v1/chat/completions", &chat("chat", "hello")).await.expect_json(401).await;
    assert!(reply["error"]["message"].as_str().unwrap().contains("first virtual key"), "{reply}");
    let key = [("authorization", "Bearer a-key-that-is-long-enough")];
    assert_eq!(status(&ended, &key).await, 200);

    let kept = Scene::start(&format!("{ENDPOINTS}{keys}server: {{ anonymous: loopback }}\n")).await;
    assert_eq!(status(&kept, &[]).await, 200);
    assert_eq!(status(&kept, &[("x-api-key", "dummy")]).await, 200);
    // What looks like a key of this gateway is one, mistyped.
    assert_eq!(status(&kept, &[("x-api-key", "a-key-that-is-long-enouhg")]).await, 401);
}

#[tokio::test]
async fn never_means_never_and_always_always() {
    let never = Scene::start(&format!("{ENDPOINTS}server: {{ anonymous: never }}\n")).await;
    assert_eq!(status(&never, &[]).await, 401);
    assert_eq!(status(&never, &[("x-api-key", "dummy")]).await, 401);
    let models = never.openai().get("/v1/models").await;
    assert_eq!(models.status, 401);

    let always = Scene::start(&format!("{ENDPOINTS}server: {{ anonymous: always }}\n")).await;
    for headers in [&[][..], &[("host", "ai.example.com"), ("x-forwarded-for", "8.8.8.8")]] {
        assert_eq!(status(&always, headers).await, 200, "{headers:?}");
    }
    assert_eq!(status(&always, &[("x-api-key", "gw_wrong")]).await, 401);
}

#[tokio::test]
async fn a_public_url_means_that_others_come_too() {
    let scene =
        Scene::start(&format!("{ENDPOINTS}server: {{ public_url: \"https://ai.example.com\" }}\n")).await;
    assert_eq!(status(&scene, &[]).await, 401);
}

#[tokio::test]
async fn a_listener_for_the_network_has_no_anonymous_callers_on_loopback() {
    let provider = testkit::MockProvider::start().await;
    let rest = format!("{ENDPOINTS}server: {{ anonymous: never, insecure_http: true }}\n");
    let gateway = Setup::new(BINARY).config(config(&provider, &rest)).listen("0.0.0.0:0").start().await;
    let reply = gateway.client().post("/v1/chat/completions", &chat("chat", "hello")).await;
    assert_eq!(reply.status, 401);
}
