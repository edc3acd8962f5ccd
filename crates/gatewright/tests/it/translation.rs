//! A client of one dialect before a target of the other: content, tools, stop reasons and usage say the same, whole and
//! streamed. What the provider was asked is sent to it once more without the gateway, so that every reply is compared
//! with what the provider really said.

use serde_json::{Value, json};

use crate::scene::{ENDPOINTS, Scene};
use crate::talk::{Told, chat, message, streamed, streamed_with_usage, with};

fn openai_tools() -> Value {
    let parameters =
        json!({ "type": "object", "required": ["city"], "properties": { "city": { "type": "string" } } });
    json!([
        { "type": "function", "function": { "name": "weather", "parameters": parameters } },
        { "type": "function", "function": { "name": "clock", "parameters": { "type": "object", "properties": {} } } },
    ])
}

fn anthropic_tools() -> Value {
    let schema =
        json!({ "type": "object", "required": ["city"], "properties": { "city": { "type": "string" } } });
    json!([
        { "name": "weather", "input_schema": schema },
        { "name": "clock", "input_schema": { "type": "object", "properties": {} } },
    ])
}

const PIXEL: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

/// What an OpenAI client sends, and what it must be told.
fn openai_cases() -> Vec<(Value, Told)> {
    let told = Told::text;
    let ask = |text: &str| chat("claude", text);
    let weather = ("weather".to_owned(), json!({ "city": "Paris" }));
    let system = json!({ "messages": [
        { "role": "developer", "content": "be brief" },
        { "role": "system", "content": "be kind" },
        { "role": "user", "content": "hi" },
        { "role": "assistant", "content": "hello" },
        { "role": "user", "content": [{ "type": "text", "text": "again" }] },
    ] });
    let image = json!({ "messages": [{ "role": "user", "content": [
        { "type": "text", "text": "look" },
        { "type": "image_url", "image_url": { "url": format!("data:image/png;base64,{PIXEL}") } },
    ] }] });
    let second_turn = json!({ "tools": openai_tools(), "messages": [
        { "role": "user", "content": "call weather" },
        { "role": "assistant", "content": null, "tool_calls": [
            { "id": "call_1", "type": "function", "function": { "name": "weather", "arguments": "{\"city\":\"Paris\"}" } },
            { "id": "call_2", "type": "function", "function": { "name": "clock", "arguments": "{}" } },
        ] },
        { "role": "tool", "tool_call_id": "call_1", "content": "sunny" },
        { "role": "tool", "tool_call_id": "call_2", "content": "noon" },
    ] });
    let parallel = "call weather {\"city\":\"Paris\"} and call clock {}";
    vec![
        (with(ask(""), system), told("echo: again")),
        (with(ask("hello"), json!({ "max_tokens": 2 })), Told { stop: "length".into(), ..told("echo: he") }),
        (with(ask("hello world"), json!({ "stop": ["wor"] })), told("echo: hello ")),
        (with(ask(""), image), told("echo: look [saw image/png]")),
        (
            with(ask(parallel), json!({ "tools": openai_tools() })),
            Told {
                calls: vec![weather.clone(), ("clock".into(), json!({}))],
                stop: "calls".into(),
                ..told("")
            },
        ),
        (
            with(ask(parallel), json!({ "tools": openai_tools(), "parallel_tool_calls": false })),
            Told { calls: vec![weather], stop: "calls".into(), ..told("") },
        ),
        (
            with(ask("hello"), json!({ "tools": openai_tools(), "tool_choice": "required" })),
            Told {
                calls: vec![("weather".into(), json!({ "city": "mock" }))],
                stop: "calls".into(),
                ..told("")
            },
        ),
        (with(ask(""), second_turn), told("results: sunny; noon")),
    ]
}

/// What an Anthropic client sends, and what it must be told.
fn anthropic_cases() -> Vec<(Value, Told)> {
    let told = Told::text;
    let ask = |text: &str| message("chat", text);
    let weather = ("weather".to_owned(), json!({ "city": "Paris" }));
    let system = json!({ "system": [{ "type": "text", "text": "be brief" }], "messages": [
        { "role": "user", "content": "hi" },
        { "role": "assistant", "content": [{ "type": "text", "text": "hello" }] },
        { "role": "user", "content": "again" },
    ] });
    let image = json!({ "messages": [{ "role": "user", "content": [
        { "type": "text", "text": "look" },
        { "type": "image", "source": { "type": "base64", "media_type": "image/png", "data": PIXEL } },
    ] }] });
    let second_turn = json!({ "tools": anthropic_tools(), "messages": [
        { "role": "user", "content": "call weather" },
        { "role": "assistant", "content": [
            { "type": "tool_use", "id": "toolu_1", "name": "weather", "input": { "city": "Paris" } },
            { "type": "tool_use", "id": "toolu_2", "name": "clock", "input": {} },
        ] },
        { "role": "user", "content": [
            { "type": "tool_result", "tool_use_id": "toolu_1", "content": "sunny" },
            { "type": "tool_result", "tool_use_id": "toolu_2", "content": [{ "type": "text", "text": "noon" }] },
        ] },
    ] });
    let parallel = "call weather {\"city\":\"Paris\"} and call clock {}";
    vec![
        (with(ask(""), system), told("echo: again")),
        (with(ask("hello"), json!({ "max_tokens": 2 })), Told { stop: "length".into(), ..told("echo: he") }),
        (with(ask(""), image), told("echo: look [saw image/png]")),
        (
            with(ask(parallel), json!({ "tools": anthropic_tools() })),
            Told {
                calls: vec![weather.clone(), ("clock".into(), json!({}))],
                stop: "calls".into(),
                ..told("")
            },
        ),
        (
            with(ask("say hm then call weather {\"city\":\"Paris\"}"), json!({ "tools": anthropic_tools() })),
            Told { calls: vec![weather], stop: "calls".into(), ..told("hm") },
        ),
        (
            with(
                ask("x"),
                json!({ "tools": anthropic_tools(), "tool_choice": { "type": "tool", "name": "clock" } }),
            ),
            Told { calls: vec![("clock".into(), json!({}))], stop: "calls".into(), ..told("") },
        ),
        (with(ask(""), second_turn), told("results: sunny; noon")),
    ]
}

#[tokio::test]
async fn openai_clients_and_anthropic_targets() {
    let scene = Scene::start(ENDPOINTS).await;
    for (body, expected) in openai_cases() {
        let path = "/v1/chat/completions";
        let whole = Told::by_chat(&scene.openai().post(path, &body).await.expect_json(200).await);
        let sent = scene.provider.last_request();
        assert_eq!(sent.path, "/v1/messages");
        let direct = scene.anthropic_without_gateway().post_bytes("/v1/messages", sent.body).await;
        let direct = Told::by_message(&direct.expect_json(200).await);
        assert_eq!(whole.tokens, direct.tokens, "{body}");
        assert_eq!(whole.clone().without_tokens(), expected, "{body}");
        let events =
            scene.openai().post(path, &streamed_with_usage(body.clone())).await.events().collect().await;
        assert_eq!(Told::by_chat_stream(&events), whole, "{body}");
    }
}

#[tokio::test]
async fn anthropic_clients_and_openai_targets() {
    let scene = Scene::start(ENDPOINTS).await;
    for (body, expected) in anthropic_cases() {
        let path = "/v1/messages";
        let whole = Told::by_message(&scene.anthropic().post(path, &body).await.expect_json(200).await);
        let sent = scene.provider.last_request();
        assert_eq!(sent.path, "/v1/chat/completions");
        let direct = scene.without_gateway().post_bytes("/v1/chat/completions", sent.body).await;
        let direct = Told::by_chat(&direct.expect_json(200).await);
        assert_eq!(whole.tokens, direct.tokens, "{body}");
        assert_eq!(whole.clone().without_tokens(), expected, "{body}");
        let events = scene.anthropic().post(path, &streamed(body.clone())).await.events().collect().await;
        assert_eq!(Told::by_message_stream(&events), whole, "{body}");
    }
}

#[tokio::test]
async fn structured_output_is_asked_for_in_the_targets_own_way() {
    let scene = Scene::start(ENDPOINTS).await;
    let schema = json!({
        "type": "object", "required": ["name"], "additionalProperties": false, "properties": { "name": { "type": "string" } },
    });
    let format = json!({ "type": "json_schema", "json_schema": { "name": "person", "strict": true, "schema": schema } });
    let body = with(chat("claude", "who"), json!({ "response_format": format }));
    let reply = scene.openai().post("/v1/chat/completions", &body).await.expect_json(200).await;
    assert_eq!(Told::by_chat(&reply).text, r#"{"name":"mock"}"#);
    let body = with(
        message("chat", "who"),
        json!({ "output_config": { "format": { "type": "json_schema", "schema": schema } } }),
    );
    let reply = scene.anthropic().post("/v1/messages", &body).await.expect_json(200).await;
    assert_eq!(Told::by_message(&reply).text, r#"{"name":"mock"}"#);
}

#[tokio::test]
async fn a_refusal_is_told_as_one() {
    let scene = Scene::start(ENDPOINTS).await;
    let path = "/v1/chat/completions";
    let whole = scene.openai().post(path, &chat("claude", "refuse this")).await.expect_json(200).await;
    assert_eq!(whole["choices"][0]["finish_reason"], "content_filter");
    let events =
        scene.openai().post(path, &streamed(chat("claude", "refuse this"))).await.events().collect().await;
    assert_eq!(Told::by_chat_stream(&events).stop, "content_filter");
}

#[tokio::test]
async fn a_stream_without_include_usage_has_no_usage_chunk() {
    let scene = Scene::start(ENDPOINTS).await;
    let body = streamed(chat("claude", "hello"));
    let text = scene.openai().post("/v1/chat/completions", &body).await.text().await;
    assert!(text.ends_with("data: [DONE]\n\n") && !text.contains("\"prompt_tokens\""), "{text}");
}

#[tokio::test]
async fn what_cannot_be_said_in_the_other_dialect_is_a_note_or_a_400() {
    let scene = Scene::start(
        "
endpoints:
  - { name: claude, targets: [ { credential: anthropic, model: claude-sonnet-4-5 } ] }
  - { name: strict, targets: [ { credential: anthropic, model: claude-sonnet-4-5 } ], strict: true }
",
    )
    .await;
    let path = "/v1/chat/completions";
    let odd = json!({ "seed": 7, "frequency_penalty": 0.5 });
    let reply = scene.openai().post(path, &with(chat("claude", "hello"), odd.clone())).await;
    let notes = reply.header("x-gatewright-notes").to_owned();
    assert!(notes.contains("seed") && notes.contains("frequency_penalty"), "{notes}");
    let call = reply.header("x-gatewright-call-id").to_owned();
    assert_eq!(Told::by_chat(&reply.expect_json(200).await).text, "echo: hello");
    let written = scene.books().call(&call).await;
    assert!(written["notes"].to_string().contains("seed"), "{written}");

    let refused = scene.openai().post(path, &with(chat("strict", "hello"), odd)).await.expect_json(400).await;
    let message = refused["error"]["message"].as_str().unwrap();
    assert!(message.contains("`strict`") && message.contains("seed"), "{message}");
    assert_eq!(scene.asked_models().len(), 1, "a strict endpoint does not ask");
    scene.openai().post(path, &chat("strict", "hello")).await.expect_json(200).await;
}
