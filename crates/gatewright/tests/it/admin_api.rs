//! The admin API: who may ask, what can be asked for, page by page, and what is told about wrong questions.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use testkit::gateway::Setup;
use testkit::provider::Behaviour;

use crate::program::run_in;
use crate::scene::{BINARY, ENDPOINTS, Scene};
use crate::talk::{chat, message, streamed};

const PATHS: [&str; 6] = [
    "/api/v1/calls",
    "/api/v1/calls/tail",
    "/api/v1/traces",
    "/api/v1/usage",
    "/api/v1/version",
    "/api/v1/openapi.json",
];

#[tokio::test]
async fn nobody_asks_without_the_token() {
    let scene = Scene::start(&format!("{ENDPOINTS}server: {{ anonymous: loopback }}\nkeys: [ {{ name: ci, secret: a-key-of-some-length }} ]\n")).await;
    for path in PATHS {
        let nothing = scene.openai().get(path).await;
        assert!(nothing.header("www-authenticate").starts_with("Bearer"), "{path}");
        assert_eq!(nothing.header("content-type"), "application/problem+json", "{path}");
        let problem = nothing.expect_json(401).await;
        assert_eq!((&problem["status"], &problem["title"]), (&json!(401), &json!("not authorized")));
        assert_eq!(problem["code"], "unauthenticated");
        assert!(problem["detail"].as_str().unwrap().contains("admin-token"), "{problem}");
        for client in [
            scene.openai().bearer("wrong"),
            scene.openai().header("x-api-key", &scene.gateway.admin_token()),
            scene.openai().header("authorization", "Basic !!"),
            scene.openai().header("authorization", "Bearer"),
        ] {
            assert_eq!(client.get(path).await.status, 401, "{path}");
        }
        // A key for calls is known here, and may nothing.
        let key = scene.openai().bearer("a-key-of-some-length").get(path).await.expect_json(403).await;
        assert_eq!(key["code"], "not_permitted", "{path}");
        assert!(key["detail"].as_str().unwrap().contains("`ci`"), "{key}");
    }
}

#[tokio::test]
async fn the_token_comes_as_bearer_or_as_a_password() {
    let scene = Scene::start(ENDPOINTS).await;
    let token = scene.gateway.admin_token();
    let basic = |user: &str| format!("Basic {}", STANDARD.encode(format!("{user}:{token}")));
    for value in [format!("Bearer {token}"), format!("bearer {token}"), basic("admin"), basic("")] {
        let client = scene.openai().header("authorization", &value);
        for path in PATHS {
            assert_eq!(client.get(path).await.status, 200, "{path}");
        }
    }
}

#[tokio::test]
async fn the_variable_gives_another_token() {
    let gateway =
        Setup::new(BINARY).variable("GATEWRIGHT_ADMIN_TOKEN", "token-of-the-operator").start().await;
    for token in ["token-of-the-operator", &gateway.admin_token()] {
        assert_eq!(gateway.client().bearer(token).get("/api/v1/version").await.status, 200);
    }
}

/// Seven calls that differ in everything that can be filtered by.
async fn scene_with_calls() -> Scene {
    let keys = "server: { anonymous: loopback }\nkeys: [ { name: ci, secret: a-key-of-some-length } ]\n";
    let scene = Scene::start(&format!("{ENDPOINTS}{keys}")).await;
    let path = "/v1/chat/completions";
    let openai = scene.openai();
    openai.post(path, &chat("chat", "one")).await.expect_json(200).await;
    openai
        .clone()
        .bearer("a-key-of-some-length")
        .post(path, &chat("chat", "two"))
        .await
        .expect_json(200)
        .await;
    openai.post(path, &streamed(chat("claude", "three"))).await.events().collect().await;
    openai
        .clone()
        .header("x-gatewright-session", "s-9")
        .post(path, &chat("chat", "four"))
        .await
        .expect_json(200)
        .await;
    scene.anthropic().post("/v1/messages", &message("claude", "five")).await.expect_json(200).await;
    openai.post(path, &chat("nothing", "six")).await.expect_json(404).await;
    scene.provider.enqueue(Behaviour::status(500).times(2));
    openai.post(path, &chat("chat", "seven")).await.expect_json(502).await;
    scene.books().calls("", 7).await;
    scene
}

#[tokio::test]
async fn calls_are_filtered_by_what_they_were() {
    let scene = scene_with_calls().await;
    let books = scene.books();
    let counts = [
        ("endpoint=chat", 4),
        ("caller=ci", 1),
        ("caller=anonymous", 6),
        ("model=gpt-4o", 4),
        ("model=claude", 2),
        ("provider=anthropic", 2),
        ("status=2xx", 5),
        ("status=4xx", 1),
        ("status=5xx", 1),
        ("outcome=succeeded", 5),
        ("outcome=failed", 2),
        ("outcome=cancelled", 0),
        ("session=s-9", 1),
        ("streamed=true", 1),
        ("streamed=false&provider=anthropic", 1),
        ("since=2020-01-01T00:00:00Z", 7),
        ("until=2020-01-01T00:00:00Z", 0),
        ("endpoint=nothing-like-it", 0),
    ];
    for (query, count) in counts {
        for resource in ["calls", "traces"] {
            let page = books.get(&format!("/api/v1/{resource}?{query}")).await;
            assert_eq!(page["calls"].as_array().unwrap().len(), count, "{resource}?{query}: {page}");
            assert_eq!(page["next"], Value::Null, "{query}");
        }
    }
}

#[tokio::test]
async fn pages_follow_each_other_without_gap_or_overlap() {
    let scene = scene_with_calls().await;
    let books = scene.books();
    let ids = |page: &Value| -> Vec<Value> {
        page["calls"].as_array().unwrap().iter().map(|call| call["id"].clone()).collect()
    };
    let all = ids(&books.get("/api/v1/calls").await);
    let mut paged = Vec::new();
    let mut cursor = String::new();
    for size in [3, 3, 1] {
        let page = books.get(&format!("/api/v1/calls?limit=3{cursor}")).await;
        assert_eq!(ids(&page).len(), size);
        paged.extend(ids(&page));
        cursor = page["next"].as_str().map(|next| format!("&cursor={next}")).unwrap_or_default();
    }
    assert_eq!((paged, cursor.as_str()), (all, ""));
}

#[tokio::test]
async fn a_tail_has_what_came_after_its_cursor() {
    let scene = scene_with_calls().await;
    let books = scene.books();
    let now = books.get("/api/v1/calls/tail").await;
    assert_eq!(now["calls"], json!([]));
    for at in 0..3 {
        scene
            .openai()
            .post("/v1/chat/completions", &chat("chat", &format!("late {at}")))
            .await
            .expect_json(200)
            .await;
    }
    let mut cursor = now["next"].as_str().unwrap().to_owned();
    let mut seen = BTreeSet::new();
    crate::books::eventually("three more calls", async || {
        let page = books.get(&format!("/api/v1/calls/tail?cursor={cursor}")).await;
        for call in page["calls"].as_array().unwrap() {
            assert!(seen.insert(call["id"].to_string()), "{call} came twice");
        }
        page["next"].as_str().unwrap().clone_into(&mut cursor);
        if seen.len() == 3 { Ok(()) } else { Err(format!("{seen:?}")) }
    })
    .await;
}

#[tokio::test]
async fn wrong_questions_are_told_what_is_wrong() {
    let scene = Scene::start(ENDPOINTS).await;
    let client = scene.openai().bearer(&scene.gateway.admin_token());
    let wrong = [
        ("/api/v1/calls?limit=0", "`limit`"),
        ("/api/v1/calls?limit=501", "`limit`"),
        ("/api/v1/calls?limit=x", "limit"),
        ("/api/v1/calls?cursor=nonsense", "cursor"),
        ("/api/v1/calls?status=200", "`status`"),
        ("/api/v1/calls?outcome=fine", "`outcome`"),
        ("/api/v1/calls?since=yesterday", "`since`"),
        ("/api/v1/calls?streamed=maybe", "streamed"),
        ("/api/v1/calls?endpont=chat", "endpont"),
        ("/api/v1/usage?by=mood", "`by`"),
        ("/api/v1/usage?until=later", "`until`"),
    ];
    for (path, named) in wrong {
        let problem = client.get(path).await.expect_json(400).await;
        assert!(problem["detail"].as_str().unwrap().contains(named), "{path}: {problem}");
    }
    let missing = [
        "/api/v1/calls/019ab0c4-5d1e-7000-8f3a-5b1c9d2e7f60",
        "/api/v1/calls/nonsense",
        "/api/v1/traces/4bf92f3577b34da6a3ce929d0e0e4736",
        "/api/v1/traces/nonsense",
        "/api/v1/traces/019ab0c4-5d1e-7000-8f3a-5b1c9d2e7f60",
        "/api/v1/nothing",
        "/nothing",
    ];
    for path in missing {
        let problem = client.get(path).await.expect_json(404).await;
        assert_eq!(problem["title"], "not found", "{path}");
    }
}

#[tokio::test]
async fn the_document_is_the_one_that_the_command_prints_and_knows_every_route() {
    let scene = Scene::start(ENDPOINTS).await;
    let served = scene.books().get("/api/v1/openapi.json").await;
    let printed = run_in(scene.gateway.directory(), &["openapi"]).await;
    assert_eq!(served, serde_json::from_str::<Value>(&printed.out).unwrap());
    let described: Vec<&str> = served["paths"].as_object().unwrap().keys().map(String::as_str).collect();
    for path in PATHS.iter().chain(&["/api/v1/calls/{id}", "/api/v1/traces/{id}"]) {
        assert!(described.contains(path), "{path} is not among {described:?}");
    }
}
