//! Where client and provider speak the same dialect, the bytes are sacred: nothing differs but what is declared.

use serde_json::json;
use testkit::provider::{Behaviour, Fault};

use crate::scene::{ANTHROPIC_KEY, OPENAI_KEY, Scene};
use crate::talk::without_numbers;

/// The endpoints are called as their models, so that not even the model has to be replaced; the others are renamed.
const SETUP: &str = "
endpoints:
  - { name: gpt-4o, aliases: [chat], targets: [ { credential: openai, model: gpt-4o } ] }
  - { name: claude-sonnet-4-5, aliases: [claude], targets: [ { credential: anthropic, model: claude-sonnet-4-5 } ] }
  - { name: brief, targets: [ { credential: openai, model: gpt-4o } ], max_output_tokens: 50 }
  - { name: brief-claude, targets: [ { credential: anthropic, model: claude-sonnet-4-5 } ], max_output_tokens: 50 }
";

/// Odd, but what somebody sent: blanks, escapes, numbers spelled as nobody would, keys in no order.
const OPENAI_BODY: &str = "{ \"temperature\":1.0e0,\n\t\"messages\" : [ {\"content\":\"h\\u00e9llo \\u263A \\/\", \
                           \"role\":\"user\"} ] , \"model\":\"$MODEL\", \"top_p\": 0.90, \
                           \"store\": true,\"metadata\":{\"b\":\"1\",\"a\":\"2\"} }\n";
const ANTHROPIC_BODY: &str = "{\"messages\":[ {\"role\":\"user\",\"content\":[{\"text\":\"h\\u00e9llo\",\
                              \"type\":\"text\"}]} ],\r\n \"max_tokens\":  1000,\"model\":\"$MODEL\",\
                              \"metadata\":{\"user_id\":\"u-1\"}, \"temperature\": 0.50}";

fn body(template: &str, model: &str) -> String {
    template.replace("$MODEL", model)
}

#[tokio::test]
async fn a_whole_call_is_passed_on_byte_for_byte() {
    let scene = Scene::start(SETUP).await;
    let cases = [
        ("/v1/chat/completions", OPENAI_BODY, "gpt-4o", "chat", scene.openai(), scene.without_gateway()),
        (
            "/v1/messages",
            ANTHROPIC_BODY,
            "claude-sonnet-4-5",
            "claude",
            scene.anthropic(),
            scene.anthropic_without_gateway(),
        ),
    ];
    for (path, template, model, alias, client, direct) in cases {
        let direct = direct.post_bytes(path, body(template, model)).await;
        assert_eq!(direct.status, 200, "{path}");
        let direct = without_numbers(&direct.text().await);
        for name in [model, alias] {
            let reply = client.post_bytes(path, body(template, name)).await;
            assert_eq!(reply.status, 200);
            assert_eq!(without_numbers(&reply.text().await), direct, "{path} {name}");
            let sent = scene.provider.last_request().body;
            assert_eq!(String::from_utf8(sent.to_vec()).unwrap(), body(template, model), "{path} {name}");
        }
    }
}

#[tokio::test]
async fn an_anthropic_stream_is_passed_on_byte_for_byte() {
    let scene = Scene::start(SETUP).await;
    let template = ANTHROPIC_BODY.replacen('{', "{\"stream\" :true,", 1);
    let path = "/v1/messages";
    let direct = scene.anthropic_without_gateway();
    let direct = direct.post_bytes(path, body(&template, "claude-sonnet-4-5")).await.text().await;
    let reply = scene.anthropic().post_bytes(path, body(&template, "claude")).await.text().await;
    assert_eq!(without_numbers(&reply), without_numbers(&direct));
    assert_eq!(scene.provider.last_request().body, body(&template, "claude-sonnet-4-5"));
}

#[tokio::test]
async fn usage_is_asked_for_and_kept_from_a_client_that_did_not_ask() {
    let scene = Scene::start(SETUP).await;
    let path = "/v1/chat/completions";
    let cases = [
        (r#"{"stream":true,"#, "}", r#"{"stream":true,"#, r#","stream_options":{"include_usage":true}}"#),
        (
            r#"{"stream":true,"stream_options":{},"#,
            "}",
            r#"{"stream":true,"stream_options":{"include_usage":true},"#,
            "}",
        ),
        (
            r#"{"stream":true,"stream_options":{"include_usage": false},"#,
            "}",
            r#"{"stream":true,"stream_options":{"include_usage": true},"#,
            "}",
        ),
    ];
    let middle =
        |model: &str| format!(r#""messages":[{{"role":"user","content":"hello"}}],"model":"{model}""#);
    for (head, tail, sent_head, sent_tail) in cases {
        let direct = format!("{head}{}{tail}", middle("gpt-4o"));
        let direct = scene.without_gateway().post_bytes(path, direct).await.text().await;
        assert!(!direct.contains("usage"), "the client did not ask: {direct}");
        let reply =
            scene.openai().post_bytes(path, format!("{head}{}{tail}", middle("chat"))).await.text().await;
        assert_eq!(
            without_numbers(&reply).replace(",\"usage\":null", ""),
            without_numbers(&direct),
            "{head}"
        );
        let sent = scene.provider.last_request().body;
        assert_eq!(sent, format!("{sent_head}{}{sent_tail}", middle("gpt-4o")));
    }
}

#[tokio::test]
async fn several_choices_side_by_side_keep_their_order() {
    let scene = Scene::start(SETUP).await;
    let path = "/v1/chat/completions";
    let body = |model: &str| {
        format!(
            r#"{{"stream":true,"n":3,"model":"{model}","messages":[{{"role":"user","content":"hello"}}]}}"#
        )
    };
    let direct = scene.without_gateway().post_bytes(path, body("gpt-4o")).await.text().await;
    let reply = scene.openai().post_bytes(path, body("chat")).await.text().await;
    assert_eq!(without_numbers(&reply).replace(",\"usage\":null", ""), without_numbers(&direct));
}

#[tokio::test]
async fn a_client_that_asked_for_usage_gets_the_stream_as_it_came() {
    let scene = Scene::start(SETUP).await;
    let path = "/v1/chat/completions";
    let body = |model: &str| {
        format!(
            r#"{{"stream":true,"model":"{model}","messages":[{{"role":"user","content":"hello"}}],"stream_options":{{"include_usage":true}}}}"#
        )
    };
    let direct = scene.without_gateway().post_bytes(path, body("gpt-4o")).await.text().await;
    let reply = scene.openai().post_bytes(path, body("chat")).await.text().await;
    assert_eq!(without_numbers(&reply), without_numbers(&direct));
    assert_eq!(scene.provider.last_request().body, body("gpt-4o"));
}

#[tokio::test]
async fn liberties_of_the_event_stream_format_reach_the_client_as_they_came() {
    let scene = Scene::start(SETUP).await;
    let path = "/v1/messages";
    let body = json!({
        "model": "claude", "stream": true, "max_tokens": 100, "messages": [{ "role": "user", "content": "hello" }],
    });
    scene.provider.enqueue(Fault::Framing.into());
    let reply = scene.anthropic().post(path, &body).await.text().await;
    scene.provider.enqueue(Fault::Framing.into());
    let sent = scene.provider.last_request().body;
    let direct = scene.anthropic_without_gateway().post_bytes(path, sent).await.text().await;
    assert!(direct.starts_with('\u{feff}') && direct.contains("\r\n"));
    assert_eq!(without_numbers(&reply), without_numbers(&direct));
}

#[tokio::test]
async fn an_endpoint_can_lower_the_maximum_of_tokens_and_says_so() {
    let scene = Scene::start(SETUP).await;
    let ask = |model: &str, most: u64| json!({ "model": model, "max_tokens": most, "messages": [{ "role": "user", "content": "hello" }] });
    for (most, sent, note) in [(1000, 50, "max_output_tokens (to 50):clamped"), (20, 20, "")] {
        let reply = scene.openai().post("/v1/chat/completions", &ask("brief", most)).await;
        assert_eq!((reply.status, reply.header("x-gatewright-notes")), (200, note));
        assert_eq!(scene.provider.last_request().json()["max_tokens"], sent);
        let reply = scene.anthropic().post("/v1/messages", &ask("brief-claude", most)).await;
        assert_eq!((reply.status, reply.header("x-gatewright-notes")), (200, note));
        assert_eq!(scene.provider.last_request().json()["max_tokens"], sent);
    }
    let unlimited = json!({ "model": "brief", "messages": [{ "role": "user", "content": "hello" }] });
    scene.openai().post("/v1/chat/completions", &unlimited).await.expect_json(200).await;
    assert_eq!(scene.provider.last_request().json()["max_completion_tokens"], 50);
}

#[tokio::test]
async fn headers_go_by_allow_list_in_both_directions() {
    let scene = Scene::start(SETUP).await;
    let odd = [("cookie", "a=b"), ("x-custom", "1"), ("anthropic-beta", "x-1"), ("idempotency-key", "i-1")];
    let answer =
        Behaviour::default().header("set-cookie", "s=1").header("x-internal", "1").header("retry-after", "7");
    scene.provider.enqueue(answer.clone());
    let openai = scene.openai().header("authorization", "Bearer dummy").header("user-agent", "mine");
    let body = json!({ "model": "chat", "messages": [{ "role": "user", "content": "hello" }] }).to_string();
    let json_type = [("content-type", "application/json; charset=utf-8")];
    let headers = [&odd[..], &json_type].concat();
    let reply = openai.send(http::Method::POST, "/v1/chat/completions", &headers, body).await;
    assert_eq!(reply.status, 200);
    let sent = scene.provider.last_request();
    assert_eq!(sent.header("authorization"), format!("Bearer {OPENAI_KEY}"));
    assert_eq!((sent.header("accept-encoding"), sent.header("idempotency-key")), ("identity", "i-1"));
    assert!(sent.header("user-agent").starts_with("gatewright/"));
    for hidden in ["cookie", "x-custom", "anthropic-beta", "x-api-key", "x-forwarded-for"] {
        assert_eq!(sent.header(hidden), "", "{hidden}");
    }
    assert!(reply.header("x-request-id").starts_with("req_mock"));
    assert_eq!((reply.header("x-ratelimit-limit-requests"), reply.header("retry-after")), ("10000", "7"));
    for hidden in ["set-cookie", "x-internal", "openai-processing-ms"] {
        assert_eq!(reply.header(hidden), "", "{hidden}");
    }

    let anthropic =
        scene.anthropic().header("anthropic-version", "2026-10-21").header("anthropic-beta", "one,two");
    let body =
        json!({ "model": "claude", "max_tokens": 9, "messages": [{ "role": "user", "content": "hello" }] });
    anthropic.post("/v1/messages", &body).await.expect_json(200).await;
    let sent = scene.provider.last_request();
    assert_eq!((sent.header("x-api-key"), sent.header("authorization")), (ANTHROPIC_KEY, ""));
    assert_eq!((sent.header("anthropic-version"), sent.header("anthropic-beta")), ("2026-10-21", "one,two"));
}
