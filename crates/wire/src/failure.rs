//! What a provider means by an error, read from its status and whatever body came with it: the dialect's own form, the
//! forms of the servers that imitate it, a proxy's HTML page, or garbage. The result is a short plain message and a
//! class to decide on; nothing here fails.

use crate::error_body::{Said, plain_message};
use crate::{anthropic, openai_chat};
use domain::Dialect;

/// An error of a provider, as its caller may read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderFailure {
    /// Plain text of at most [`MAX_MESSAGE`] bytes, never empty.
    pub message: String,
    /// The provider's type (`invalid_request_error`).
    pub kind: Option<String>,
    /// The provider's code (`context_length_exceeded`).
    pub code: Option<String>,
    pub class: FailureClass,
}

/// What a failure means for the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FailureClass {
    /// The request itself is wrong: sending it again, or elsewhere, changes nothing.
    Rejected,
    /// The gateway's credential is wrong, not allowed, or out of money.
    Auth,
    RateLimited,
    Overloaded,
    Timeout,
    /// The prompt does not fit the model.
    ContextWindow,
    /// The provider's own filter refused the prompt.
    ContentFilter,
    ServerError,
}

/// The longest message that is taken from a provider, in bytes.
pub const MAX_MESSAGE: usize = 2048;

/// Reads an error reply, or the data of an error event (which has no status).
pub fn read_error(dialect: Dialect, status: Option<u16>, body: &[u8]) -> ProviderFailure {
    let status = status.filter(|status| *status >= 300);
    let said = Said::read(body);
    let message =
        said.message.as_deref().and_then(plain_message).unwrap_or_else(|| reason(status.or(said.status)));
    let class = class(dialect, status.or(said.status), &said, &message);
    ProviderFailure { message, kind: said.kind, code: said.code, class }
}

fn class(dialect: Dialect, status: Option<u16>, said: &Said, message: &str) -> FailureClass {
    let by_name = |name: &String| match dialect {
        Dialect::OpenaiChat => openai_chat::error::class_of(name),
        Dialect::AnthropicMessages => anthropic::error::class_of(name),
    };
    // The code is the more precise of the two.
    let named = said.code.as_ref().and_then(by_name).or_else(|| said.kind.as_ref().and_then(by_name));
    let Some(status) = status else {
        return refine(named.unwrap_or(FailureClass::ServerError), message);
    };
    let class = by_status(status);
    match (class, named) {
        (FailureClass::Rejected, Some(named)) => refine(named, message),
        (FailureClass::Rejected, None) => refine(class, message),
        (
            FailureClass::ServerError,
            Some(named @ (FailureClass::Overloaded | FailureClass::Timeout | FailureClass::RateLimited)),
        ) => named,
        _ => class,
    }
}

const fn by_status(status: u16) -> FailureClass {
    match status {
        401..=403 | 407 => FailureClass::Auth,
        408 | 504 | 524 => FailureClass::Timeout,
        429 => FailureClass::RateLimited,
        503 | 529 => FailureClass::Overloaded,
        400..=499 => FailureClass::Rejected,
        _ => FailureClass::ServerError,
    }
}

/// A rejection without a telling code tells itself in words.
fn refine(class: FailureClass, message: &str) -> FailureClass {
    if class != FailureClass::Rejected {
        return class;
    }
    let message = message.to_ascii_lowercase();
    let says = |phrases: &[&str]| phrases.iter().any(|phrase| message.contains(phrase));
    if says(CONTEXT_WINDOW) {
        FailureClass::ContextWindow
    } else if says(CONTENT_FILTER) {
        FailureClass::ContentFilter
    } else if says(AUTH) {
        FailureClass::Auth
    } else {
        class
    }
}

const CONTEXT_WINDOW: &[&str] = &[
    "maximum context length",
    "context length exceeded",
    "exceeds the context",
    "exceed context limit",
    "context window",
    "context size",
    "prompt is too long",
    "input is too long",
    "maximum number of tokens allowed",
];
const CONTENT_FILTER: &[&str] =
    &["content management policy", "content filtering policy", "violating our usage policy"];
const AUTH: &[&str] = &["api key not valid", "credit balance is too low", "invalid api key"];

fn reason(status: Option<u16>) -> String {
    let Some(status) = status else {
        return "the provider reported an error without a message".to_owned();
    };
    let name = match status {
        400 => " Bad Request",
        401 => " Unauthorized",
        402 => " Payment Required",
        403 => " Forbidden",
        404 => " Not Found",
        408 => " Request Timeout",
        409 => " Conflict",
        413 => " Payload Too Large",
        422 => " Unprocessable Content",
        429 => " Too Many Requests",
        500 => " Internal Server Error",
        502 => " Bad Gateway",
        503 => " Service Unavailable",
        504 => " Gateway Timeout",
        529 => " Overloaded",
        _ => "",
    };
    format!("the provider answered {status}{name}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const OPENAI: Dialect = Dialect::OpenaiChat;
    const ANTHROPIC: Dialect = Dialect::AnthropicMessages;

    #[track_caller]
    fn check(
        dialect: Dialect,
        status: impl Into<Option<u16>>,
        body: &str,
        expected: (&str, Option<&str>, Option<&str>, FailureClass),
    ) {
        let failure = read_error(dialect, status.into(), body.as_bytes());
        let seen =
            (failure.message.as_str(), failure.kind.as_deref(), failure.code.as_deref(), failure.class);
        assert_eq!(seen, expected, "{body}");
    }

    #[test]
    fn openai_errors_are_read() {
        check(
            OPENAI,
            400,
            r#"{"error":{"message":"too long","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}"#,
            (
                "too long",
                Some("invalid_request_error"),
                Some("context_length_exceeded"),
                FailureClass::ContextWindow,
            ),
        );
        check(
            OPENAI,
            429,
            r#"{"error":{"message":"You exceeded your current quota","type":"insufficient_quota","code":"insufficient_quota"}}"#,
            (
                "You exceeded your current quota",
                Some("insufficient_quota"),
                Some("insufficient_quota"),
                FailureClass::RateLimited,
            ),
        );
        check(
            OPENAI,
            400,
            r#"{"error":{"message":"The response was filtered","code":"content_filter","type":null,"innererror":{}}}"#,
            ("The response was filtered", None, Some("content_filter"), FailureClass::ContentFilter),
        );
        check(
            OPENAI,
            401,
            r#"{"error":{"message":"Incorrect API key","type":"invalid_request_error","code":"invalid_api_key"}}"#,
            ("Incorrect API key", Some("invalid_request_error"), Some("invalid_api_key"), FailureClass::Auth),
        );
    }

    #[test]
    fn anthropic_errors_are_read() {
        check(
            ANTHROPIC,
            529,
            r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"req_1"}"#,
            ("Overloaded", Some("overloaded_error"), None, FailureClass::Overloaded),
        );
        check(
            ANTHROPIC,
            400,
            r#"{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 2 tokens > 1 maximum"}}"#,
            (
                "prompt is too long: 2 tokens > 1 maximum",
                Some("invalid_request_error"),
                None,
                FailureClass::ContextWindow,
            ),
        );
        check(
            ANTHROPIC,
            404,
            r#"{"type":"error","error":{"type":"not_found_error","message":"m","details":{"error_code":"thread_not_found"}}}"#,
            ("m", Some("not_found_error"), Some("thread_not_found"), FailureClass::Rejected),
        );
        check(
            ANTHROPIC,
            400,
            r#"{"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low"}}"#,
            ("Your credit balance is too low", Some("invalid_request_error"), None, FailureClass::Auth),
        );
    }

    #[test]
    fn events_are_classed_without_a_status() {
        check(
            ANTHROPIC,
            None,
            r#"{"type":"error","error":{"type":"api_error","message":"Internal"}}"#,
            ("Internal", Some("api_error"), None, FailureClass::ServerError),
        );
        check(
            OPENAI,
            None,
            r#"{"error":{"message":"slow down","type":"rate_limit_error","code":null}}"#,
            ("slow down", Some("rate_limit_error"), None, FailureClass::RateLimited),
        );
        check(
            OPENAI,
            200,
            r#"{"error":{"message":"no","type":"BadRequestError","code":400}}"#,
            ("no", Some("BadRequestError"), Some("400"), FailureClass::Rejected),
        );
        check(
            OPENAI,
            None,
            "{}",
            ("the provider reported an error without a message", None, None, FailureClass::ServerError),
        );
    }

    #[test]
    fn imitators_are_understood() {
        check(OPENAI, 404, r#"{"detail":"Not Found"}"#, ("Not Found", None, None, FailureClass::Rejected));
        check(
            OPENAI,
            422,
            r#"{"detail":[{"loc":["body"],"msg":"Field required","type":"missing"},{"msg":"Bad"}]}"#,
            ("Field required; Bad", None, None, FailureClass::Rejected),
        );
        check(
            OPENAI,
            400,
            r#"[{"error":{"code":400,"message":"API key not valid.","status":"INVALID_ARGUMENT"}}]"#,
            ("API key not valid.", Some("INVALID_ARGUMENT"), Some("400"), FailureClass::Auth),
        );
        check(
            OPENAI,
            503,
            r#"{"error":"model is loading","error_type":"overloaded"}"#,
            ("model is loading", Some("overloaded"), None, FailureClass::Overloaded),
        );
        check(
            OPENAI,
            413,
            r#"{"error":{"message":"tokens per minute","type":"tokens","code":"rate_limit_exceeded"}}"#,
            ("tokens per minute", Some("tokens"), Some("rate_limit_exceeded"), FailureClass::RateLimited),
        );
        check(OPENAI, 500, "\"boom\"", ("boom", None, None, FailureClass::ServerError));
    }

    #[test]
    fn pages_and_garbage_become_a_short_plain_message() {
        check(
            OPENAI,
            502,
            "<html>\r\n<head><title>502 Bad\n Gateway</title></head><body><script>x</script></body></html>",
            ("502 Bad Gateway", None, None, FailureClass::ServerError),
        );
        check(
            OPENAI,
            502,
            "<!DOCTYPE html><p>hi",
            ("the provider answered 502 Bad Gateway", None, None, FailureClass::ServerError),
        );
        check(OPENAI, 418, "", ("the provider answered 418", None, None, FailureClass::Rejected));
        check(
            OPENAI,
            500,
            "{\"error\":{\"mess",
            ("the provider answered 500 Internal Server Error", None, None, FailureClass::ServerError),
        );
        check(
            ANTHROPIC,
            504,
            "upstream\trequest\u{1} timeout\n",
            ("upstream request timeout", None, None, FailureClass::Timeout),
        );
        check(
            OPENAI,
            500,
            r#"{"error":{"message":"<html><body>nope</body></html>"}}"#,
            ("the provider answered 500 Internal Server Error", None, None, FailureClass::ServerError),
        );
        let binary = read_error(OPENAI, Some(500), b"\x1f\x8b\x08\xff\xfe");
        assert_eq!(binary.message, "the provider answered 500 Internal Server Error");
    }

    #[test]
    fn a_megabyte_is_cut_on_a_character() {
        for body in
            ["ü".repeat(1 << 20), format!("{{\"error\":{{\"message\":\"{}\"}}}}", "ü ".repeat(1 << 19))]
        {
            let failure = read_error(OPENAI, Some(500), body.as_bytes());
            assert!(failure.message.len() <= MAX_MESSAGE && failure.message.ends_with('…'));
            assert!(failure.message.starts_with('ü'));
        }
    }

    proptest! {
        #[test]
        fn no_body_panics(status in prop::option::of(any::<u16>()), body in prop::collection::vec(any::<u8>(), 0..80)) {
            for dialect in Dialect::ALL {
                prop_assert!(!read_error(dialect, status, &body).message.is_empty());
            }
        }

        #[test]
        fn no_text_panics(body in "[<>a-zİß/ ]{0,12}(<title>)?[a-zİK<>]{0,6}(</TITLE>)?") {
            prop_assert!(!read_error(OPENAI, Some(500), body.as_bytes()).message.is_empty());
        }
    }
}
