//! Threads: a request with `thread` holds only what is new of a conversation, and its provider keeps the rest. Nobody
//! else has it, so another dialect's provider cannot answer.

use domain::{CallError, Dialect, ErrorKind};

use crate::hub::Prompt;

/// Anthropic's own name for it: on this its SDKs send the whole conversation, without a thread.
const CODE: &str = "thread_unsupported_request";

pub(crate) fn refuse(prompt: &Prompt, target: Dialect) -> Result<(), CallError> {
    match prompt.extra.get("thread") {
        Some(thread) if !thread.is_null() => {
            let message = format!("{target} has no threads; leave `thread` out and send every message");
            Err(CallError::new(ErrorKind::InvalidRequest, message).param("thread").code(CODE))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use crate::{EncodeOptions, decode_request, encode_request, write_error};

    use super::*;

    fn sent_with(thread: &str, target: Dialect) -> Result<(), CallError> {
        let body = format!(
            r#"{{"model":"m","max_tokens":1,"messages":[{{"role":"user","content":"a"}}],"thread":{thread}}}"#
        );
        let prompt = decode_request(Dialect::AnthropicMessages, body.as_bytes()).unwrap();
        encode_request(target, &prompt, &EncodeOptions::new("m")).map(|_| ())
    }

    #[test]
    fn a_thread_goes_nowhere_else_and_the_sdk_can_tell() {
        for thread in [r#"{"type":"create"}"#, r#"{"type":"continue","previous_message_id":"msg_1"}"#] {
            assert_eq!(sent_with(thread, Dialect::AnthropicMessages), Ok(()));
            let error = sent_with(thread, Dialect::OpenaiChat).unwrap_err();
            assert_eq!(error.status(Dialect::AnthropicMessages), 400);
            let body = write_error(Dialect::AnthropicMessages, &error, "call-1");
            let body: Value = serde_json::from_slice(&body).unwrap();
            assert_eq!(body["error"]["type"], "invalid_request_error");
            assert_eq!(body["error"]["details"]["error_code"], "thread_unsupported_request");
        }
        assert_eq!(sent_with("null", Dialect::OpenaiChat), Ok(()));
    }
}
