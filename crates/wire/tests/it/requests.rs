//! Requests that are wrong, and what a target may ask of those that are right.

use domain::{Dialect, ErrorKind};
use wire::{AnthropicVersion, EncodeOptions, Note, decode_reply, decode_request, encode_request};

const OPENAI: Dialect = Dialect::OpenaiChat;
const ANTHROPIC: Dialect = Dialect::AnthropicMessages;

#[track_caller]
fn check(dialect: Dialect, body: &str, message: &str) {
    let error = decode_request(dialect, body.as_bytes()).unwrap_err();
    assert_eq!(error.kind, ErrorKind::InvalidRequest);
    assert_eq!(error.message, message, "{body}");
    let named = message.split('`').nth(1);
    assert_eq!(error.param.as_deref(), named.filter(|_| message.starts_with('`')), "{body}");
}

#[test]
fn an_error_names_the_field_that_is_wrong() {
    for dialect in Dialect::ALL {
        check(dialect, "[", "the body is not JSON: the document ends too early at byte 1");
        check(dialect, "[]", "the body must be an object");
        check(dialect, "{}", "`model` must be given, as a string");
        check(dialect, r#"{"model":1}"#, "`model` must be a string");
        check(dialect, r#"{"model":"m"}"#, "`messages` must be given, as an array");
        check(
            dialect,
            r#"{"model":"m","messages":[]}"#,
            "`messages` must be an array of at least one message",
        );
        check(dialect, r#"{"model":"m","messages":[7]}"#, "`messages[0]` must be an object");
        check(
            dialect,
            r#"{"model":"m","messages":[{"role":"user","content":[{"type":"text","text":7}]}]}"#,
            "`messages[0].content[0].text` must be a string",
        );
        check(
            dialect,
            r#"{"model":"m","messages":[{"role":"user","content":"q"}],"temperature":"hot"}"#,
            "`temperature` must be a number",
        );
        check(
            dialect,
            r#"{"model":"m","messages":[{"role":"user","content":"q"}],"max_tokens":-1}"#,
            "`max_tokens` must be a whole number",
        );
    }
    check(
        OPENAI,
        r#"{"model":"m","messages":[{"role":"robot","content":"q"}]}"#,
        "`messages[0].role` must be one of `system`, `developer`, `user`, `assistant` and `tool`",
    );
    check(
        OPENAI,
        r#"{"model":"m","messages":[{"role":"user"}]}"#,
        "`messages[0].content` must be given, as a string or an array of parts",
    );
    check(
        OPENAI,
        r#"{"model":"m","messages":[{"role":"user","content":"q"}],"tools":[{"type":"function","function":{}}]}"#,
        "`tools[0].function.name` must be given, as a string",
    );
    check(
        ANTHROPIC,
        r#"{"model":"m","messages":[{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"f","input":"x"}]}]}"#,
        "`messages[0].content[0].input` must be an object",
    );
    check(
        ANTHROPIC,
        r#"{"model":"m","messages":[{"role":"user","content":"q"}],"thinking":{"type":"enabled"}}"#,
        "`thinking.budget_tokens` must be given, as a whole number",
    );
}

#[test]
fn a_prompt_of_which_nothing_can_be_said_is_refused() {
    let body = br#"{"model":"m","messages":[{"role":"user","content":[
        {"type":"input_audio","input_audio":{"data":"AA==","format":"wav"}}]}]}"#;
    let prompt = decode_request(OPENAI, body).unwrap();
    let error = encode_request(ANTHROPIC, &prompt, &EncodeOptions::new("m")).unwrap_err();
    assert_eq!((error.kind, error.param.as_deref()), (ErrorKind::InvalidRequest, Some("messages")));
}

#[test]
fn a_target_that_refuses_sampling_gets_none() {
    let body =
        br#"{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"q"}],"temperature":0.5}"#;
    for dialect in Dialect::ALL {
        let prompt = decode_request(dialect, body).unwrap();
        let options = EncodeOptions {
            anthropic_version: Some(AnthropicVersion::V2026_10_21),
            ..EncodeOptions::new("m")
        };
        let encoded = encode_request(ANTHROPIC, &prompt, &options).unwrap();
        assert_eq!(encoded.headers, [("anthropic-version", "2026-10-21".to_owned())]);
        assert_eq!(encoded.notes.iter().map(Note::short).collect::<Vec<_>>(), ["temperature:dropped"]);
        assert!(!String::from_utf8(encoded.body).unwrap().contains("temperature"));

        let encoded = encode_request(ANTHROPIC, &prompt, &EncodeOptions::new("m")).unwrap();
        assert_eq!(encoded.headers, [("anthropic-version", "2023-06-01".to_owned())]);
    }
}

#[test]
fn the_cap_of_an_endpoint_holds_where_the_caller_gave_none() {
    let body = br#"{"model":"m","messages":[{"role":"user","content":"q"}]}"#;
    let prompt = decode_request(OPENAI, body).unwrap();
    let options = EncodeOptions { max_output_tokens: Some(100), ..EncodeOptions::new("m") };
    for (dialect, field) in [(OPENAI, "\"max_completion_tokens\":100"), (ANTHROPIC, "\"max_tokens\":100")] {
        let encoded = encode_request(dialect, &prompt, &options).unwrap();
        assert!(String::from_utf8(encoded.body).unwrap().contains(field));
        assert_eq!(encoded.notes, []);
    }
}

#[test]
fn what_is_no_reply_is_the_providers_error() {
    for dialect in Dialect::ALL {
        for body in ["", "<html>", "[]", "{}", r#"{"error":{"message":"no"}}"#, r#"{"choices":[]}"#] {
            let error = decode_reply(dialect, body.as_bytes()).unwrap_err();
            assert_eq!(error.kind, ErrorKind::ProviderError, "{body}");
            assert!(error.message.starts_with("the provider's reply cannot be read: "), "{}", error.message);
        }
    }
}

#[test]
fn hostile_shapes_cost_no_more_than_their_size() {
    // Each of these was quadratic or worse in a naive form; a second is a thousand times what they take.
    let many = |item: &str, count: usize| vec![item; count].join(",");
    let messages = many(r#"{"role":"system","content":"s"}"#, 40_000);
    let functions = many(r#"{"role":"function","name":"f","content":"r"}"#, 20_000);
    let unknown: Vec<_> = (0..40_000).map(|index| format!("\"x{index}\":1")).collect();
    let bodies = [
        format!(r#"{{"model":"m","messages":[{messages},{{"role":"user","content":"q"}}]}}"#),
        format!(r#"{{"model":"m","messages":[{functions},{{"role":"user","content":"q"}}]}}"#),
        format!(r#"{{"model":"m","messages":[{{"role":"user","content":"q"}}],{}}}"#, unknown.join(",")),
    ];
    for body in bodies {
        let prompt = decode_request(OPENAI, body.as_bytes()).unwrap();
        let encoded = encode_request(ANTHROPIC, &prompt, &EncodeOptions::new("m")).unwrap();
        assert!(encoded.notes.len() <= 64);
    }
}
