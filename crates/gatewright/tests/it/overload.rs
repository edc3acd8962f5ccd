//! More calls than the gateway may have in flight are turned away at once, in words that clients understand.

use serde_json::json;
use testkit::provider::Fault;

use crate::books::eventually;
use crate::scene::{ENDPOINTS, SOON, Scene};
use crate::talk::{chat, message, streamed};

#[tokio::test]
async fn the_cap_holds_until_a_place_is_given_back() {
    let scene = Scene::start(&format!("{ENDPOINTS}server: {{ caps: {{ concurrency: 2 }} }}\n")).await;
    scene.provider.on_model("gpt-4o", Fault::Stall(4).into());
    let stream = streamed(chat("chat", "hello"));
    let first = scene.openai().post("/v1/chat/completions", &stream).await;
    let second = scene.openai().post("/v1/chat/completions", &stream).await;
    scene.provider.wait_for(|state| state.running() == 2, SOON).await;

    let refused = scene.openai().post("/v1/chat/completions", &chat("claude", "hello")).await;
    let told = (refused.header("x-gatewright-fault"), refused.header("retry-after"));
    assert_eq!(told, ("gateway", "1"));
    assert_eq!(refused.header("x-gatewright-call-id").len(), 36);
    assert_eq!(refused.expect_json(503).await["error"]["code"], "overloaded");
    let refused =
        scene.anthropic().post("/v1/messages", &message("claude", "hello")).await.expect_json(529).await;
    assert_eq!((&refused["type"], &refused["error"]["type"]), (&json!("error"), &json!("overloaded_error")));
    // Whoever looks at the gateway still can.
    assert_eq!(scene.openai().get("/readyz").await.status, 200);

    first.abandon();
    eventually("a place for another call", async || {
        let reply = scene.openai().post("/v1/chat/completions", &chat("claude", "hello")).await;
        if reply.status == 200 { Ok(()) } else { Err(reply.status.to_string()) }
    })
    .await;
    second.abandon();
}
