//! An error in the place of a reply: some servers answer a whole call with a good status and an error for a body.

use domain::Dialect;
use memchr::memmem;

use crate::failure::{ProviderFailure, read_error};
use crate::json;

/// The error that a whole reply is, where it is one. Costs a reply that is none a look at its beginning.
pub fn error_in_reply(dialect: Dialect, body: &[u8]) -> Option<ProviderFailure> {
    /// An error says so early; what a reply begins with (an id, a time, a model) never has this name.
    const EARLY: usize = 256;
    memmem::find(&body[..body.len().min(EARLY)], b"\"error\"")?;
    let at = json::find(body, &["error"])?;
    matches!(body.get(at.start), Some(b'{' | b'"')).then(|| read_error(dialect, None, body))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FailureClass;

    fn class(dialect: Dialect, body: &str) -> Option<FailureClass> {
        error_in_reply(dialect, body.as_bytes()).map(|failure| failure.class)
    }

    #[test]
    fn an_error_with_a_good_status_is_seen() {
        let openai = r#"{"error": {"message": "Please retry.", "type": "server_error", "code": null}}"#;
        assert_eq!(class(Dialect::OpenaiChat, openai), Some(FailureClass::ServerError));
        let anthropic = r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#;
        assert_eq!(class(Dialect::AnthropicMessages, anthropic), Some(FailureClass::Overloaded));
        assert_eq!(
            class(Dialect::OpenaiChat, r#"{"error":"out of memory"}"#),
            Some(FailureClass::ServerError)
        );
    }

    #[test]
    fn a_reply_that_speaks_of_errors_is_none() {
        for body in [
            r#"{"error":null,"choices":[]}"#,
            r#"{"choices":[{"message":{"content":"{\"error\":{\"message\":\"x\"}}"}}]}"#,
            r#"{"content":[{"type":"tool_use","input":{"error":{"message":"x"}}}]}"#,
            r#"{"object":"error"}"#,
            "",
        ] {
            assert_eq!(class(Dialect::OpenaiChat, body), None, "{body}");
        }
    }
}
