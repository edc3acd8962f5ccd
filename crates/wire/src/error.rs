//! Errors as the caller's dialect words them. The status is [`CallError::status`]; the body is written here.

use std::borrow::Cow;

use bytes::BytesMut;
use domain::{CallError, Dialect, ErrorKind};

use crate::error_body::cut;
use crate::{anthropic, openai_chat};

/// The body of an error reply.
pub fn write_error(dialect: Dialect, error: &CallError, call_id: &str) -> Vec<u8> {
    match dialect {
        Dialect::OpenaiChat => openai_chat::error::write(error),
        Dialect::AnthropicMessages => anthropic::error::write(error, call_id),
    }
}

/// Appends the error to a stream that has begun. Nothing may follow: a failed stream never ends like a good one.
pub fn write_stream_error(dialect: Dialect, error: &CallError, call_id: &str, out: &mut BytesMut) {
    match dialect {
        Dialect::OpenaiChat => openai_chat::error::write_event(error, out),
        Dialect::AnthropicMessages => anthropic::error::write_event(error, call_id, out),
    }
}

/// The `content-type` of a reply.
pub const fn reply_content_type(dialect: Dialect, streamed: bool) -> &'static str {
    match (dialect, streamed) {
        (Dialect::OpenaiChat | Dialect::AnthropicMessages, true) => "text/event-stream; charset=utf-8",
        (Dialect::OpenaiChat | Dialect::AnthropicMessages, false) => "application/json",
    }
}

/// Our stable code, or the provider's own where it refused: programs look for `context_length_exceeded`.
pub(crate) fn code(error: &CallError) -> &str {
    if let Some(code) = error.code {
        return code;
    }
    match (error.kind, error.provider_code.as_deref()) {
        (ErrorKind::ProviderRejected | ErrorKind::ProviderRateLimited, Some(code)) => code,
        _ => error.kind.code(),
    }
}

/// The message, within a limit that a list of a thousand models would break.
pub(crate) fn public_message(error: &CallError) -> Cow<'_, str> {
    const LIMIT: usize = 16 * 1024;
    if error.message.len() <= LIMIT {
        return Cow::Borrowed(&error.message);
    }
    let mut message = error.message.clone();
    cut(&mut message, LIMIT);
    Cow::Owned(message)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const OPENAI: Dialect = Dialect::OpenaiChat;
    const ANTHROPIC: Dialect = Dialect::AnthropicMessages;

    #[track_caller]
    fn check(dialect: Dialect, error: &CallError, expected: &Value) {
        let body = write_error(dialect, error, "call-1");
        assert_eq!(&serde_json::from_slice::<Value>(&body).unwrap(), expected);
    }

    #[test]
    fn openai_errors_have_every_field() {
        let error = CallError::new(ErrorKind::UnknownModel, "no model `x\"\n`").param("model");
        check(
            OPENAI,
            &error,
            &json!({"error": {
                "message": "no model `x\"\n`", "type": "not_found_error", "param": "model", "code": "unknown_model",
            }}),
        );
        check(
            OPENAI,
            &CallError::new(ErrorKind::BudgetExceeded, "m"),
            &json!({"error": {"message": "m", "type": "insufficient_quota", "param": null, "code": "budget_exceeded"}}),
        );
    }

    #[test]
    fn anthropic_errors_name_the_call() {
        check(
            ANTHROPIC,
            &CallError::new(ErrorKind::BodyTooLarge, "m"),
            &json!({
                "type": "error",
                "error": {
                    "type": "request_too_large",
                    "message": "m",
                    "code": "body_too_large",
                    "details": {"error_code": "body_too_large"},
                },
                "request_id": "call-1",
            }),
        );
    }

    #[test]
    fn a_refusal_keeps_the_providers_code_and_a_failure_does_not() {
        let with_code = |kind| {
            let mut error = CallError::new(kind, "m");
            error.provider_code = Some("context_length_exceeded".to_owned());
            let body: Value = serde_json::from_slice(&write_error(OPENAI, &error, "")).unwrap();
            body["error"]["code"].clone()
        };
        assert_eq!(with_code(ErrorKind::ProviderRejected), "context_length_exceeded");
        assert_eq!(with_code(ErrorKind::ProviderAuth), "provider_auth");
    }

    #[test]
    fn every_kind_has_a_type_that_fits_its_status() {
        for kind in ErrorKind::ALL {
            let error = CallError::new(kind, "m");
            for (dialect, name) in [(OPENAI, "type"), (ANTHROPIC, "type")] {
                let body: Value = serde_json::from_slice(&write_error(dialect, &error, "")).unwrap();
                let type_of = body["error"][name].as_str().unwrap();
                let fits = match error.status(dialect) {
                    401 => type_of == "authentication_error",
                    403 => type_of == "permission_error",
                    404 => type_of == "not_found_error",
                    429 => matches!(type_of, "rate_limit_error" | "insufficient_quota"),
                    400..=499 => matches!(type_of, "invalid_request_error" | "request_too_large"),
                    _ => {
                        matches!(type_of, "server_error" | "api_error" | "overloaded_error" | "timeout_error")
                    }
                };
                assert!(fits, "{kind} is {type_of} in {dialect}");
            }
        }
    }

    #[test]
    fn stream_errors_are_whole_events_without_an_end_mark() {
        let error = CallError::new(ErrorKind::ProviderTimeout, "two\nlines");
        for (dialect, name) in [(OPENAI, None), (ANTHROPIC, Some("error"))] {
            let mut out = BytesMut::new();
            write_stream_error(dialect, &error, "call-1", &mut out);
            let mut events = Vec::new();
            crate::SseDecoder::new().push(&out, &mut events).unwrap();
            assert_eq!(events.len(), 1);
            assert_eq!(events[0].event.as_deref(), name);
            assert_eq!(events[0].data, write_error(dialect, &error, "call-1"));
        }
    }

    #[test]
    fn an_endless_message_is_cut() {
        let error = CallError::new(ErrorKind::UnknownModel, "é".repeat(20_000));
        assert!(write_error(OPENAI, &error, "").len() < 17_000);
    }
}
