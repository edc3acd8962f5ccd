//! What a caller may put in `model`, for both kinds of clients.

use serde_json::{Value, json};

use crate::scene::Scene;

const SETUP: &str = "
endpoints:
  - { name: chat, aliases: [gpt-default], targets: [ { credential: openai, model: gpt-4o } ] }
  - { name: claude, targets: [ { credential: anthropic, model: claude-sonnet-4-5 } ] }
server: { anonymous: loopback }
keys:
  - { name: narrow, secret: key-that-sees-only-claude, endpoints: [claude] }
";

fn names(list: &Value) -> Vec<&str> {
    list["data"].as_array().unwrap().iter().map(|model| model["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn lists_come_in_the_form_of_whoever_asks() {
    let scene = Scene::start(SETUP).await;
    for prefix in ["/v1", "/gateway/mlflow/v1", "/gateway/openai/v1", "/openai/v1"] {
        let list = scene.openai().get(&format!("{prefix}/models")).await.expect_json(200).await;
        assert_eq!((&list["object"], names(&list)), (&json!("list"), vec!["chat", "claude"]), "{prefix}");
        assert_eq!(
            (&list["data"][0]["object"], &list["data"][0]["owned_by"]),
            (&json!("model"), &json!("gatewright"))
        );
    }
    for prefix in ["/v1", "/gateway/anthropic/v1", "/anthropic/v1"] {
        let list = scene.anthropic().get(&format!("{prefix}/models")).await.expect_json(200).await;
        assert_eq!(names(&list), ["chat", "claude"], "{prefix}");
        assert_eq!(
            (&list["has_more"], &list["first_id"], &list["last_id"]),
            (&json!(false), &json!("chat"), &json!("claude"))
        );
        assert_eq!(
            (&list["data"][0]["type"], &list["data"][0]["display_name"]),
            (&json!("model"), &json!("chat"))
        );
    }
}

#[tokio::test]
async fn one_model_by_its_name() {
    let scene = Scene::start(SETUP).await;
    let openai = scene.openai().get("/v1/models/chat").await.expect_json(200).await;
    assert_eq!((&openai["id"], &openai["object"]), (&json!("chat"), &json!("model")));
    let anthropic = scene.anthropic().get("/anthropic/v1/models/claude").await.expect_json(200).await;
    assert_eq!((&anthropic["id"], &anthropic["type"]), (&json!("claude"), &json!("model")));
}

#[tokio::test]
async fn a_model_that_is_not_there_is_a_404_in_the_callers_dialect() {
    let scene = Scene::start(SETUP).await;
    let openai = scene.openai().get("/v1/models/nothing/like%20it").await;
    assert_eq!(openai.header("x-gatewright-fault"), "caller");
    let openai = openai.expect_json(404).await;
    assert_eq!(
        (&openai["error"]["code"], &openai["error"]["param"]),
        (&json!("unknown_model"), &json!("model"))
    );
    assert!(openai["error"]["message"].as_str().unwrap().contains("`nothing/like it`"), "{openai}");
    let anthropic = scene.anthropic().get("/v1/models/nothing").await.expect_json(404).await;
    assert_eq!(
        (&anthropic["type"], &anthropic["error"]["type"], &anthropic["error"]["code"]),
        (&json!("error"), &json!("not_found_error"), &json!("unknown_model"))
    );
}

#[tokio::test]
async fn a_key_sees_what_it_may_use() {
    let scene = Scene::start(SETUP).await;
    let client = scene.openai().bearer("key-that-sees-only-claude");
    assert_eq!(names(&client.get("/v1/models").await.expect_json(200).await), ["claude"]);
    client.get("/v1/models/claude").await.expect_json(200).await;
    client.get("/v1/models/chat").await.expect_json(404).await;
    let stranger = scene.openai().bearer("gw_0_unknown");
    let refused = stranger.get("/v1/models").await.expect_json(401).await;
    assert_eq!(refused["error"]["code"], "invalid_key");
}

#[tokio::test]
async fn a_model_is_shown_by_any_name_that_may_be_called() {
    let scene = Scene::start(SETUP).await;
    for (path, id) in [
        ("/v1/models/gpt-default", "gpt-default"),
        ("/v1/models/openai/gpt-4o", "openai/gpt-4o"),
        ("/openai/v1/models/openai%2Fgpt-4o", "openai/gpt-4o"),
    ] {
        let shown = scene.openai().get(path).await.expect_json(200).await;
        assert_eq!(shown["id"], id, "{path}");
        let narrow = scene.openai().bearer("key-that-sees-only-claude");
        narrow.get(path).await.expect_json(404).await;
    }
}
