//! Every route and every name it goes by, whole and streamed, to targets of both dialects.

use http::Method;
use serde_json::json;
use testkit::Client;

use crate::scene::{ENDPOINTS, Scene};
use crate::talk::{Told, chat, message, streamed, streamed_with_usage, with};

const OPENAI: [&str; 4] = ["/v1", "/gateway/mlflow/v1", "/gateway/openai/v1", "/openai/v1"];
const ANTHROPIC: [&str; 3] = ["", "/gateway/anthropic", "/anthropic"];
/// An endpoint and where it leads.
const MODELS: [(&str, &str); 2] = [("chat", "openai/gpt-4o"), ("claude", "anthropic/claude-sonnet-4-5")];

async fn check_chat(client: &Client, path: &str, model: &str, target: &str) {
    let reply = client.post(path, &chat(model, "hello")).await;
    assert_eq!(reply.header("x-gatewright-target"), target, "{path}");
    let whole = Told::by_chat(&reply.expect_json(200).await);
    assert_eq!(whole.clone().without_tokens(), Told::text("echo: hello"), "{path}");
    let reply = client.post(path, &streamed_with_usage(chat(model, "hello"))).await;
    assert_eq!((reply.status, reply.header("x-gatewright-target")), (200, target), "{path}");
    assert_eq!(reply.header("content-type"), "text/event-stream; charset=utf-8", "{path}");
    assert_eq!(Told::by_chat_stream(&reply.events().collect().await), whole, "{path}");
}

#[tokio::test]
async fn openai_chat_under_every_name() {
    let scene = Scene::start(ENDPOINTS).await;
    for prefix in OPENAI {
        for (model, target) in MODELS {
            check_chat(&scene.openai(), &format!("{prefix}/chat/completions"), model, target).await;
        }
    }
}

#[tokio::test]
async fn the_path_names_the_model_of_deployments_and_invocations() {
    let scene = Scene::start(ENDPOINTS).await;
    let azure = scene.openai().header("api-key", "dummy");
    for (model, target) in MODELS {
        let deployment = format!("/openai/deployments/{model}/chat/completions?api-version=2024-10-21");
        check_chat(&azure, &deployment, "whatever", target).await;
        let invocations = format!("/gateway/{model}/mlflow/invocations");
        check_chat(&scene.openai(), &invocations, "whatever", target).await;
        // Neither needs a model in the body.
        let body = json!({ "messages": [{ "role": "user", "content": "hello" }] });
        for path in [&deployment, &invocations] {
            let told = Told::by_chat(&scene.openai().post(path, &body).await.expect_json(200).await);
            assert_eq!(told.text, "echo: hello", "{path}");
        }
    }
}

#[tokio::test]
async fn embeddings_under_every_name() {
    let scene = Scene::start(ENDPOINTS).await;
    let mut paths: Vec<String> = OPENAI.iter().map(|prefix| format!("{prefix}/embeddings")).collect();
    paths.push("/openai/deployments/vectors/embeddings".to_owned());
    paths.push("/gateway/vectors/mlflow/invocations".to_owned());
    for encoding in ["float", "base64"] {
        let body = json!({ "model": "vectors", "input": ["one", "two"], "dimensions": 4, "encoding_format": encoding });
        let direct = with(body.clone(), json!({ "model": "text-embedding-3-small" }));
        let direct = scene.without_gateway().post("/v1/embeddings", &direct).await.expect_json(200).await;
        for path in &paths {
            let found = scene.openai().post(path, &body).await.expect_json(200).await;
            assert_eq!(found, direct, "{path} as {encoding}");
        }
    }
}

#[tokio::test]
async fn anthropic_messages_under_every_name() {
    let scene = Scene::start(ENDPOINTS).await;
    let client = scene.anthropic();
    for prefix in ANTHROPIC {
        let path = format!("{prefix}/v1/messages");
        for (model, target) in MODELS {
            let reply = client.post(&path, &message(model, "hello")).await;
            assert_eq!(reply.header("x-gatewright-target"), target, "{path}");
            let whole = Told::by_message(&reply.expect_json(200).await);
            assert_eq!(whole.clone().without_tokens(), Told::text("echo: hello"), "{path}");
            let reply = client.post(&path, &streamed(message(model, "hello"))).await;
            assert_eq!((reply.status, reply.header("x-gatewright-target")), (200, target), "{path}");
            assert_eq!(reply.header("content-type"), "text/event-stream; charset=utf-8", "{path}");
            assert_eq!(Told::by_message_stream(&reply.events().collect().await), whole, "{path}");
        }
    }
}

#[tokio::test]
async fn the_two_examples_of_mlflow_work_with_the_host_changed() {
    let scene = Scene::start(ENDPOINTS).await;
    // `OpenAI(base_url=".../gateway/mlflow/v1", api_key="")`
    let openai = scene.openai().header("authorization", "Bearer ");
    let told = openai.post("/gateway/mlflow/v1/chat/completions", &chat("chat", "hello")).await;
    assert_eq!(Told::by_chat(&told.expect_json(200).await).text, "echo: hello");
    // `Anthropic(base_url=".../gateway/anthropic", api_key="dummy")`
    let told = scene.anthropic().post("/gateway/anthropic/v1/messages", &message("claude", "hello")).await;
    assert_eq!(Told::by_message(&told.expect_json(200).await).text, "echo: hello");
}

#[tokio::test]
async fn a_wrong_method_says_which_one_is_right() {
    let scene = Scene::start(ENDPOINTS).await;
    let routes = [("/v1/chat/completions", "POST"), ("/openai/v1/embeddings", "POST"), ("/v1/models", "GET")];
    for (path, allowed) in routes {
        let reply = scene.openai().send(Method::DELETE, path, &[], "").await;
        assert_eq!((reply.status, reply.header("allow")), (405, allowed), "{path}");
        assert_eq!(reply.json().await["error"]["code"], "method_not_allowed", "{path}");
    }
    let reply = scene.anthropic().get("/anthropic/v1/messages").await;
    assert_eq!((reply.status, reply.header("allow")), (405, "POST"));
    let body = reply.json().await;
    assert_eq!((&body["type"], &body["error"]["code"]), (&json!("error"), &json!("method_not_allowed")));
}

#[tokio::test]
async fn what_is_no_route_is_a_404() {
    let scene = Scene::start(ENDPOINTS).await;
    for path in
        ["/v1/chat", "/gateway/a/b/mlflow/invocations", "/v1/chat/completions/x", "/openai/v2/embeddings"]
    {
        // Somebody's SDK asks, and reads the answer in its own form.
        let body = scene.openai().post(path, &chat("chat", "hello")).await.expect_json(404).await;
        assert_eq!(body["error"]["code"], "not_found", "{body}");
        assert!(body["error"]["message"].as_str().unwrap().contains(path), "{body}");
        let body = scene.anthropic().post(path, &message("chat", "hello")).await.expect_json(404).await;
        assert_eq!((&body["type"], &body["error"]["type"]), (&json!("error"), &json!("not_found_error")));
    }
    let body =
        scene.openai().post("/v2/chat/completions", &chat("chat", "hello")).await.expect_json(404).await;
    assert!(body["detail"].as_str().unwrap().contains("/v2/chat/completions"), "{body}");
}

#[tokio::test]
async fn operators_ask_without_a_key() {
    let scene = Scene::start(ENDPOINTS).await;
    for path in ["/healthz", "/health", "/readyz"] {
        let reply = scene.openai().get(path).await;
        assert_eq!((reply.status, reply.text().await.as_str()), (200, "OK"), "{path}");
    }
    let reply = scene.openai().get("/version").await;
    assert!(reply.header("content-type").starts_with("text/plain"));
    let version = reply.text().await;
    // MLflow's client parses it as a version.
    assert!(
        version.split('.').count() == 3 && version.split('.').all(|part| part.parse::<u32>().is_ok()),
        "{version}"
    );
}
