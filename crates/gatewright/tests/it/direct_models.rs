//! `provider/model` reaches a provider without an endpoint, where exactly one credential for it exists.

use testkit::MockProvider;
use testkit::gateway::Setup;

use crate::scene::{BINARY, OPENAI_KEY, Scene};
use crate::talk::{Told, chat, message};

#[tokio::test]
async fn a_model_by_its_provider() {
    let scene = Scene::start("").await;
    for (name, target) in [("openai/gpt-4.1", "gpt-4.1"), ("anthropic/claude-haiku-4-5", "claude-haiku-4-5")]
    {
        let reply = scene.openai().post("/v1/chat/completions", &chat(name, "hello")).await;
        assert_eq!(reply.header("x-gatewright-target"), name);
        assert_eq!(Told::by_chat(&reply.expect_json(200).await).text, "echo: hello");
        assert_eq!(scene.provider.last_request().model(), target);
    }
    let reply = scene
        .anthropic()
        .post("/v1/messages", &message("openai/gpt-4o", "hello"))
        .await
        .expect_json(200)
        .await;
    assert_eq!(Told::by_message(&reply).text, "echo: hello");
    let input = serde_json::json!({ "model": "openai/text-embedding-3-small", "input": "x" });
    scene.openai().post("/v1/embeddings", &input).await.expect_json(200).await;
}

#[tokio::test]
async fn two_credentials_of_a_provider_leave_it_open_and_so_it_is_unknown() {
    let second = "  - { name: openai-two, provider: openai, api_key: sk-two }\n\
                  endpoints:\n  - { name: chat, targets: [ { credential: openai, model: gpt-4o } ] }\n";
    let scene = Scene::start(second).await;
    let told = scene
        .openai()
        .post("/v1/chat/completions", &chat("openai/gpt-4o", "hello"))
        .await
        .expect_json(404)
        .await;
    assert_eq!(told["error"]["code"], "unknown_model");
    scene
        .openai()
        .post("/v1/chat/completions", &chat("anthropic/claude-sonnet-4-5", "x"))
        .await
        .expect_json(200)
        .await;
}

#[tokio::test]
async fn without_a_file_the_environment_says_which_providers_there_are() {
    let provider = MockProvider::start().await;
    let gateway = Setup::new(BINARY)
        .variable("OPENAI_API_KEY", OPENAI_KEY)
        .variable("OPENAI_BASE_URL", &provider.openai_url())
        .start()
        .await;
    let client = gateway.client();
    let reply =
        client.post("/v1/chat/completions", &chat("openai/gpt-4o", "hello")).await.expect_json(200).await;
    assert_eq!(Told::by_chat(&reply).text, "echo: hello");
    let reply = client.post("/v1/chat/completions", &chat("demo", "hello")).await;
    assert_eq!(reply.header("x-gatewright-simulated"), "true");
    client
        .post("/v1/chat/completions", &chat("anthropic/claude-sonnet-4-5", "hello"))
        .await
        .expect_json(404)
        .await;
}
