//! Who may call with a key: what counts as one, where it is looked for, and what a wrong one is told.

use serde_json::json;
use testkit::{Client, Reply};

use crate::books::group;
use crate::scene::{ENDPOINTS, Scene};
use crate::talk::{chat, message};

const ALL: &str = "key-for-everything-01";
const NARROW: &str = "key-for-claude-only-2";
const EXPIRED: &str = "key-of-another-age-03";
const OTHER: &str = "key-of-project-web-04";

fn setup() -> String {
    format!(
        "{ENDPOINTS}
keys:
  - {{ name: all, secret: {ALL} }}
  - {{ name: narrow, secret: {NARROW}, endpoints: [claude, openai/gpt-4.1] }}
  - {{ name: expired, secret: {EXPIRED}, expires: 2020-01-01 }}
  - {{ name: other, secret: {OTHER}, project: web, expires: 2999-01-01T00:00:00Z }}
"
    )
}

async fn call(client: &Client, model: &str) -> Reply {
    client.post("/v1/chat/completions", &chat(model, "hello")).await
}

async fn refused(reply: Reply, status: u16, code: &str, what: &str) -> String {
    let fault = if status == 401 { "caller" } else { "policy" };
    assert_eq!(reply.header("x-gatewright-fault"), fault, "{what}");
    assert_eq!(reply.header("x-gatewright-call-id").len(), 36, "{what}");
    let body = reply.expect_json(status).await;
    assert_eq!(body["error"]["code"], code, "{what}: {body}");
    body["error"]["message"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_key_is_read_from_wherever_an_sdk_puts_it() {
    let scene = Scene::start(&setup()).await;
    let client = scene.openai();
    let sigv4 =
        format!("AWS4-HMAC-SHA256 Credential={ALL}/20260101/us-east-1/bedrock/aws4_request, Signature=0");
    let carriers = [
        ("authorization", format!("Bearer {ALL}")),
        ("authorization", format!("bearer  {ALL} ")),
        ("authorization", sigv4),
        ("x-api-key", ALL.to_owned()),
        ("api-key", ALL.to_owned()),
        ("x-goog-api-key", ALL.to_owned()),
        ("x-gatewright-key", ALL.to_owned()),
    ];
    for (name, value) in &carriers {
        assert_eq!(call(&client.clone().header(name, value), "chat").await.status, 200, "{name}: {value}");
    }
    let reply = client.post(&format!("/v1/chat/completions?a=b&key={ALL}"), &chat("chat", "hello")).await;
    assert_eq!(reply.status, 200);
    assert_eq!(scene.books().calls("caller=all", 8).await.len(), 8);
}

#[tokio::test]
async fn the_first_place_wins() {
    let scene = Scene::start(&setup()).await;
    let order = ["x-gatewright-key", "authorization", "x-api-key", "api-key", "x-goog-api-key"];
    for pair in order.windows(2) {
        let client = |first: &str, second: &str| {
            let value = |name: &str, key: &str| {
                if name == "authorization" { format!("Bearer {key}") } else { key.to_owned() }
            };
            scene.openai().header(pair[0], &value(pair[0], first)).header(pair[1], &value(pair[1], second))
        };
        assert_eq!(call(&client(ALL, "a-wrong-key-of-21-ch"), "chat").await.status, 200, "{pair:?}");
        assert_eq!(call(&client("a-wrong-key-of-21-ch", ALL), "chat").await.status, 401, "{pair:?}");
        // An empty one is none.
        assert_eq!(call(&client("", ALL), "chat").await.status, 200, "{pair:?}");
    }
}

#[tokio::test]
async fn keys_that_are_not_known_are_a_401_that_says_nothing_about_them() {
    let scene = Scene::start(&setup()).await;
    let minted = format!("gw_0123_{}_abcdef", "A".repeat(43));
    let mut told = Vec::new();
    for key in
        ["gw_", &minted, "key-for-everything-02", "nothing like a key", "sk-proj-something-of-another-vendor"]
    {
        told.push(refused(call(&scene.openai().bearer(key), "chat").await, 401, "invalid_key", key).await);
    }
    told.dedup();
    assert_eq!(told.len(), 1, "every wrong key is told the same: {told:?}");
    let anthropic = scene.gateway.client().anthropic("gw_wrong");
    let body = anthropic.post("/v1/messages", &message("claude", "hello")).await.expect_json(401).await;
    assert_eq!((&body["type"], &body["error"]["type"]), (&json!("error"), &json!("authentication_error")));
    let log = scene.gateway.log();
    assert!(!log.contains("gw_0123") && !log.contains("key-for-everything"), "{log}");
}

#[tokio::test]
async fn a_key_without_access_is_a_403_and_an_ended_one_a_401() {
    let scene = Scene::start(&setup()).await;
    let narrow = scene.openai().bearer(NARROW);
    assert_eq!(call(&narrow, "claude").await.status, 200);
    assert_eq!(call(&narrow, "openai/gpt-4.1").await.status, 200);
    for model in ["chat", "openai/gpt-4o"] {
        let message = refused(call(&narrow, model).await, 403, "model_not_allowed", model).await;
        assert!(
            message.contains("`narrow`") && message.contains(model) && message.contains("`claude`"),
            "{message}"
        );
    }
    let message =
        refused(call(&scene.openai().bearer(EXPIRED), "chat").await, 401, "invalid_key", "expired").await;
    assert!(message.contains("`expired`") && message.contains("expired; "), "{message}");
    assert_eq!(call(&scene.openai().bearer(OTHER), "chat").await.status, 200);
}

#[tokio::test]
async fn usage_and_traces_name_the_key_and_its_project() {
    let scene = Scene::start(&setup()).await;
    for key in [ALL, ALL, NARROW, OTHER] {
        assert_eq!(call(&scene.openai().bearer(key), "claude").await.status, 200);
    }
    let books = scene.books();
    let by_key = books.usage("key", 4).await;
    for (name, calls) in [("all", 2), ("narrow", 1), ("other", 1)] {
        let group = group(&by_key, name);
        assert_eq!(group["calls"], calls);
        assert!(group["id"].as_str().unwrap().starts_with("k-"), "{group}");
    }
    let by_project = books.usage("project", 4).await;
    for (name, calls) in [("default", 3), ("web", 1)] {
        let group = group(&by_project, name);
        assert_eq!(group["calls"], calls);
        assert!(group["id"].as_str().unwrap().starts_with("p-"), "{group}");
    }
    let call = &books.calls("caller=narrow", 1).await[0];
    assert!(call["key_id"].as_str().unwrap().starts_with("k-"), "{call}");
}

#[tokio::test]
async fn the_admin_token_is_no_key() {
    let scene = Scene::start(&setup()).await;
    let admin = scene.openai().bearer(&scene.gateway.admin_token());
    refused(call(&admin, "chat").await, 401, "invalid_key", "the admin token").await;
}
