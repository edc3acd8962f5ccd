//! What the vendors refuse, the mock refuses, with status and words.

use serde_json::{Value, json};
use testkit::{Client, MockProvider};

use crate::{anthropic, chat, message, openai};

async fn check(client: &Client, path: &str, cases: &[(Value, u16, &str)], make: fn(&Value) -> Value) {
    for (members, status, expected) in cases {
        let reply = client.post(path, &make(members)).await;
        let found = reply.status;
        let text = reply.json().await["error"]["message"].as_str().unwrap_or_default().to_owned();
        assert_eq!(found, *status, "{members}: {text}");
        assert!(text.contains(expected), "{members}: {text}");
    }
}

#[tokio::test]
async fn openai_parameters() {
    let provider = MockProvider::start().await;
    let gpt5 = |mut members: Value| {
        members["model"] = json!("gpt-5");
        members
    };
    let cases = [
        (json!({"model": null}), 400, "you must provide a model parameter"),
        (json!({"model": "prod-chat"}), 404, "The model `prod-chat` does not exist"),
        (json!({"messages": null}), 400, "Missing required parameter: 'messages'."),
        (json!({"messages": []}), 400, "empty array"),
        (json!({"top_k": 3}), 400, "Unrecognized request argument supplied: top_k"),
        (json!({"thinking": {"type": "adaptive"}}), 400, "Unrecognized request argument supplied: thinking"),
        (json!({"temperature": "hot"}), 400, "expected a decimal, but got a string"),
        (json!({"temperature": 2.5}), 400, "Expected a value <= 2, but got 2.5"),
        (json!({"max_tokens": 0}), 400, "Expected a value >= 1, but got 0"),
        (json!({"stop": ["a", "b", "c", "d", "e"]}), 400, "maximum length 4"),
        (json!({"stream_options": {"include_usage": true}}), 400, "only allowed when 'stream' is enabled"),
        (json!({"tool_choice": "auto"}), 400, "only allowed when 'tools' are specified"),
        (json!({"reasoning_effort": "low"}), 400, "Unrecognized request argument supplied: reasoning_effort"),
        (gpt5(json!({"max_tokens": 5})), 400, "Use 'max_completion_tokens' instead"),
        (gpt5(json!({"temperature": 0.5})), 400, "Only the default (1) value is supported"),
        (gpt5(json!({"top_p": 0.5})), 400, "'top_p' does not support 0.5"),
        (gpt5(json!({"logprobs": true})), 400, "'logprobs' is not supported with this model"),
        (json!({"model": "o4-mini", "stop": "x"}), 400, "'stop' is not supported with this model"),
        (json!({"response_format": {"type": "json_object"}}), 400, "must contain the word 'json'"),
        (
            json!({"response_format": {"type": "json_schema", "json_schema": {"name": "n", "strict": true,
                "schema": {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}}}}),
            400,
            "'additionalProperties' is required",
        ),
    ];
    check(&openai(&provider), "/v1/chat/completions", &cases, chat).await;
}

#[tokio::test]
async fn openai_messages_and_tools() {
    let provider = MockProvider::start().await;
    let messages = |messages: Value| json!({ "messages": messages });
    let call = |id: &str| json!({"role": "assistant", "tool_calls": [{"id": id, "type": "function", "function": {"name": "f", "arguments": "{}"}}]});
    let image = |url: &str| {
        messages(json!([{"role": "user", "content": [{"type": "image_url", "image_url": {"url": url}}]}]))
    };
    let tool = |function: Value| json!({"tools": [{"type": "function", "function": function}]});
    let cases = [
        (messages(json!([{"role": "robot", "content": "x"}])), 400, "Invalid value: 'robot'"),
        (messages(json!([{"role": "user", "content": null}])), 400, "expected a string, got null"),
        (
            messages(json!([{"role": "user", "content": [{"type": "tool_result"}]}])),
            400,
            "Invalid value: 'tool_result'",
        ),
        (
            messages(json!([{"role": "user", "content": "x", "cache_control": {}}])),
            400,
            "Unknown parameter: 'messages[0].cache_control'",
        ),
        (
            messages(json!([{"role": "tool", "tool_call_id": "c", "content": "x"}])),
            400,
            "must be a response to a preceeding message",
        ),
        (
            messages(json!([{"role": "user", "content": "x"}, call("c1")])),
            400,
            "did not have response messages: c1",
        ),
        (
            messages(json!([call("c1"), {"role": "user", "content": "x"}])),
            400,
            "did not have response messages: c1",
        ),
        (messages(json!([call(&"c".repeat(41))])), 400, "maximum length 40"),
        (
            messages(
                json!([{"role": "assistant", "tool_calls": [{"id": "c", "type": "function", "function": {"name": "f", "arguments": {}}}]}]),
            ),
            400,
            "arguments': expected a string",
        ),
        (image("data:image/bmp;base64,AAAA"), 400, "unsupported image"),
        (image("data:image/png;base64,***"), 400, "Invalid base64 image_url."),
        (image("file:///etc/passwd"), 400, "Invalid image URL"),
        (json!({"tools": []}), 400, "Invalid 'tools': empty array"),
        (tool(json!({"name": "a b"})), 400, "does not match pattern"),
        (
            tool(json!({"name": "f", "parameters": {"type": "string"}})),
            400,
            "Invalid schema for function 'f'",
        ),
        (
            tool(json!({"name": "f", "input_schema": {}})),
            400,
            "Unknown parameter: 'tools[0].function.input_schema'",
        ),
    ];
    check(&openai(&provider), "/v1/chat/completions", &cases, chat).await;
}

#[tokio::test]
async fn anthropic_fields() {
    let provider = MockProvider::start().await;
    let thinking = |thinking: Value, members: Value| {
        let mut members = members;
        members["thinking"] = thinking;
        members
    };
    let enabled = json!({"type": "enabled", "budget_tokens": 1024});
    let tools = json!([{"name": "f", "input_schema": {"type": "object"}}]);
    let cases = [
        (json!({"max_tokens": null}), 400, "max_tokens: Field required"),
        (json!({"messages": null}), 400, "messages: Field required"),
        (json!({"model": null}), 400, "model: Field required"),
        (json!({"model": "prod-chat"}), 404, "model: prod-chat"),
        (json!({"max_tokens": "many"}), 400, "max_tokens: Input should be a valid integer"),
        (json!({"n": 1}), 400, "n: Extra inputs are not permitted"),
        (json!({"context_management": {}}), 400, "context_management: Extra inputs are not permitted"),
        (json!({"temperature": 1.7}), 400, "temperature: range: 0..1"),
        (json!({"temperature": 0.5, "top_p": 0.5}), 400, "cannot both be specified"),
        (json!({"model": "claude-opus-4-7", "temperature": 0.5}), 400, "`temperature` is deprecated"),
        (json!({"stop_sequences": ["  "]}), 400, "must contain non-whitespace"),
        (json!({"metadata": {"trace": "x"}}), 400, "metadata.trace: Extra inputs are not permitted"),
        (
            json!({"system": [{"type": "text", "text": ""}]}),
            400,
            "system: text content blocks must be non-empty",
        ),
        (
            thinking(json!({"type": "enabled", "budget_tokens": 10}), json!({})),
            400,
            "greater than or equal to 1024",
        ),
        (thinking(enabled.clone(), json!({"max_tokens": 1024})), 400, "`max_tokens` must be greater"),
        (thinking(enabled.clone(), json!({"temperature": 0.2})), 400, "may only be set to 1 when thinking"),
        (
            thinking(enabled.clone(), json!({"tools": tools.clone(), "tool_choice": {"type": "any"}})),
            400,
            "tool_choice forces tool use",
        ),
        (thinking(enabled, json!({"model": "claude-opus-4-7"})), 400, "is not supported for this model"),
        (thinking(json!({"type": "adaptive"}), json!({})), 400, "adaptive thinking is not supported"),
        (json!({"tools": [{"type": "function", "function": {}}]}), 400, "Input tag 'function'"),
        (
            json!({"tools": [{"name": "f", "input_schema": {}}]}),
            400,
            "tools.0.custom.input_schema.type: Field required",
        ),
        (json!({"tools": tools, "tool_choice": {"type": "tool", "name": "g"}}), 400, "Tool 'g' not found"),
        (
            json!({"output_config": {"format": {"type": "json_schema", "schema": {"type": "object"}}}}),
            400,
            "'additionalProperties' must be explicitly set to false",
        ),
    ];
    check(&anthropic(&provider), "/v1/messages", &cases, message).await;
}

#[tokio::test]
async fn anthropic_messages() {
    let provider = MockProvider::start().await;
    let user = |content: Value| json!({"messages": [{"role": "user", "content": content}]});
    let uses = |id: &str| json!({"role": "assistant", "content": [{"type": "tool_use", "id": id, "name": "f", "input": {}}]});
    let result = |id: &str| json!({"type": "tool_result", "tool_use_id": id, "content": "ok"});
    let turns = |turns: Value| json!({ "messages": turns });
    let hello = json!({"role": "user", "content": "hello"});
    let image = |source: Value| user(json!([{"type": "image", "source": source}]));
    let cases = [
        (user(json!("")), 400, "non-empty content"),
        (user(json!([{"type": "text", "text": ""}])), 400, "text content blocks must be non-empty"),
        (
            user(json!([{"type": "text", "text": "a", "foo": 1}])),
            400,
            "messages.0.content.0.text.foo: Extra inputs",
        ),
        (user(json!([{"type": "image_url"}])), 400, "Input tag 'image_url'"),
        (
            image(json!({"type": "base64", "media_type": "image/bmp", "data": "AAAA"})),
            400,
            "media_type: Input should be 'image/jpeg'",
        ),
        (
            image(json!({"type": "base64", "media_type": "image/png", "data": "data:image/png;base64,AA"})),
            400,
            "invalid base64",
        ),
        (
            image(json!({"type": "url", "url": "http://example.com/a.png"})),
            400,
            "Only HTTPS URLs are supported.",
        ),
        (
            turns(json!([{"role": "assistant", "content": "hi"}])),
            400,
            "first message must use the \"user\" role",
        ),
        (turns(json!([hello, uses("t1")])), 400, "without `tool_result` blocks immediately after: t1"),
        (turns(json!([hello, uses("t1"), hello])), 400, "without `tool_result` blocks immediately after: t1"),
        (turns(json!([hello, uses("call.1")])), 400, "tool_use.id: String should match pattern"),
        (turns(json!([{"role": "user", "content": [result("t9")]}])), 400, "unexpected `tool_use_id`"),
        (
            turns(
                json!([hello, uses("t1"), {"role": "user", "content": [{"type": "text", "text": "x"}, result("t1")]}]),
            ),
            400,
            "immediately after: t1",
        ),
        (
            turns(json!([hello, uses("t1"), {"role": "user", "content": [result("t1"), result("t1")]}])),
            400,
            "single result",
        ),
        (
            turns(
                json!([hello, {"role": "assistant", "content": [{"type": "thinking", "thinking": "x", "signature": "forged"}]}, hello]),
            ),
            400,
            "Invalid `signature` in `thinking` block",
        ),
    ];
    check(&anthropic(&provider), "/v1/messages", &cases, message).await;
}

#[tokio::test]
async fn anthropic_versions_differ() {
    let provider = MockProvider::start().await;
    let newer = Client::new(&provider.url()).bearer("sk-ant-test").header("anthropic-version", "2026-10-21");
    let body = message(&json!({ "temperature": 1 }));
    let refused = newer.post("/v1/messages", &body).await.expect_json(400).await;
    assert_eq!(refused["error"]["message"], "temperature: Extra inputs are not permitted");
    anthropic(&provider).post("/v1/messages", &body).await.expect_json(200).await;
    let unversioned = Client::new(&provider.url()).bearer("sk-ant-test").post("/v1/messages", &body).await;
    let refused = unversioned.expect_json(400).await;
    assert_eq!(refused["error"]["message"], "anthropic-version: header is required");
}

#[tokio::test]
async fn keys_are_checked_in_both_manners() {
    let provider = MockProvider::start().await;
    provider.reject_key("sk-revoked");
    let url = provider.url();
    for key in ["gw_abc", "sk-revoked"] {
        let reply = Client::new(&url).bearer(key).post("/v1/chat/completions", &chat(&json!({}))).await;
        assert_eq!(reply.expect_json(401).await["error"]["code"], "invalid_api_key");
    }
    let missing =
        Client::new(&url).post("/v1/chat/completions", &chat(&json!({}))).await.expect_json(401).await;
    assert_eq!(missing["error"]["code"], Value::Null);
    let wrong = Client::new(&url).anthropic("sk-test").post("/v1/messages", &message(&json!({}))).await;
    assert_eq!(wrong.header("request-id").len(), "req_mock".len() + 20);
    assert_eq!(wrong.expect_json(401).await["error"]["type"], "authentication_error");
    let elsewhere = openai(&provider).post("/v1/nothing", &json!({})).await.expect_json(404).await;
    assert_eq!(elsewhere["error"]["message"], "Invalid URL (POST /v1/nothing)");
}
