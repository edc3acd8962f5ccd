//! Counting the tokens of a prompt: the provider's own count where it has one, an estimate that says so where not.

use serde_json::{Value, json};
use testkit::client::Reply;
use testkit::gateway::Setup;

use crate::scene::{BINARY, ENDPOINTS, Scene};
use crate::talk::{message, with};

const PATH: &str = "/v1/messages/count_tokens";

/// A request for a count: a message request without a maximum.
fn question(model: &str, text: &str) -> Value {
    json!({ "model": model, "messages": [{ "role": "user", "content": text }] })
}

async fn counted(reply: Reply) -> u64 {
    reply.expect_json(200).await["input_tokens"].as_u64().unwrap()
}

#[tokio::test]
async fn a_provider_that_counts_is_asked() {
    let scene = Scene::start(ENDPOINTS).await;
    let direct = question("claude-sonnet-4-5", "how long is this?");
    let expected = counted(scene.anthropic_without_gateway().post(PATH, &direct).await).await;
    for prefix in ["", "/gateway/anthropic", "/anthropic"] {
        let path = format!("{prefix}{PATH}");
        let reply = scene.anthropic().post(&path, &question("claude", "how long is this?")).await;
        assert_eq!((reply.header("x-gatewright-notes"), reply.header("x-gatewright-cost-usd")), ("", "0"));
        assert_eq!(reply.header("x-gatewright-target"), "anthropic/claude-sonnet-4-5");
        assert_eq!(counted(reply).await, expected, "{path}");
    }
    let asked = scene.provider.requests();
    assert!(asked.iter().all(|request| request.path == PATH), "{asked:?}");
}

#[tokio::test]
async fn an_estimate_says_that_it_is_one() {
    let scene = Scene::start(ENDPOINTS).await;
    let reply = scene.anthropic().post(PATH, &question("chat", &"word".repeat(1000))).await;
    assert_eq!(reply.header("x-gatewright-notes"), "input_tokens:estimated");
    assert_eq!(
        (reply.header("x-gatewright-cost-usd"), reply.header("x-gatewright-target")),
        ("0", "openai/gpt-4o")
    );
    assert_eq!(counted(reply).await, 1000);
    let tool =
        json!({ "name": "clock", "description": "Tells the time.", "input_schema": { "type": "object" } });
    let longer =
        with(question("chat", &"word".repeat(1000)), json!({ "system": "Be brief.", "tools": [tool] }));
    assert!(counted(scene.anthropic().post(PATH, &longer).await).await > 1000);
    assert!(scene.asked_models().is_empty(), "nobody was asked");
}

#[tokio::test]
async fn a_count_is_a_call_that_costs_nothing() {
    let scene = Scene::start(ENDPOINTS).await;
    for model in ["claude", "chat"] {
        scene.anthropic().post(PATH, &question(model, "hello")).await.expect_json(200).await;
        let calls = scene.books().calls(&format!("endpoint={model}"), 1).await;
        let call = scene.books().call(calls[0]["id"].as_str().unwrap()).await;
        assert_eq!((&call["api"], &call["status"]), (&json!("count-tokens"), &json!(200)), "{call}");
        assert_eq!((&call["usage"]["input_tokens"], &call["cost_usd"]), (&json!(0), &json!("0")), "{call}");
    }
}

#[tokio::test]
async fn a_count_takes_no_turn_from_the_shares() {
    let scene = Scene::start(
        "
endpoints:
  - name: mixed
    targets:
      - { credential: anthropic, model: claude-sonnet-4-5, weight: 1 }
      - { credential: anthropic, model: claude-haiku-4-5, weight: 1 }
server: { executors: 1 }
",
    )
    .await;
    for _ in 0..4 {
        scene.anthropic().post(PATH, &question("mixed", "hello")).await.expect_json(200).await;
        scene.anthropic().post("/v1/messages", &message("mixed", "hello")).await.expect_json(200).await;
    }
    let asked = scene.asked_models();
    assert!(
        asked.chunks(2).all(|pair| pair[0] == pair[1]),
        "counted for another model than was called: {asked:?}"
    );
    assert_eq!(asked.iter().filter(|model| *model == "claude-haiku-4-5").count(), 4, "{asked:?}");
}

#[tokio::test]
async fn what_is_wrong_is_told_in_anthropics_form() {
    let scene = Scene::start(ENDPOINTS).await;
    let unknown = scene.anthropic().post(PATH, &question("nothing", "hello")).await.expect_json(404).await;
    assert_eq!(
        (&unknown["type"], &unknown["error"]["type"], &unknown["error"]["details"]["error_code"]),
        (&json!("error"), &json!("not_found_error"), &json!("unknown_model"))
    );
    for model in ["chat", "claude"] {
        let body = json!({ "model": model });
        let refused = scene.anthropic().post(PATH, &body).await.expect_json(400).await;
        assert_eq!(refused["error"]["type"], "invalid_request_error", "{model}");
        assert!(refused["error"]["message"].as_str().unwrap().contains("messages"), "{refused}");
    }
}

#[tokio::test]
async fn the_simulator_counts_words() {
    let gateway = Setup::new(BINARY).start().await;
    let client = gateway.client().anthropic("dummy");
    assert_eq!(counted(client.post(PATH, &question("demo", "three short words")).await).await, 3);
}
