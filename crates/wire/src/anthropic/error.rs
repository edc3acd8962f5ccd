//! Errors of anthropic-messages: `{"type":"error","error":{type,message,details},"request_id"}`, as a reply or as the data of
//! an `error` event. <https://docs.anthropic.com/en/api/errors>

use bytes::BytesMut;
use domain::{CallError, ErrorKind};

use crate::error;
use crate::failure::FailureClass;
use crate::json;

/// What a `type` means.
pub(crate) fn class_of(name: &str) -> Option<FailureClass> {
    Some(match name {
        "invalid_request_error" | "not_found_error" | "request_too_large" => FailureClass::Rejected,
        "authentication_error" | "permission_error" | "billing_error" => FailureClass::Auth,
        "rate_limit_error" => FailureClass::RateLimited,
        "overloaded_error" => FailureClass::Overloaded,
        "timeout_error" => FailureClass::Timeout,
        "api_error" => FailureClass::ServerError,
        _ => return None,
    })
}

/// The body of an error reply. `code` is ours: Anthropic's types are too coarse to tell a budget from a rate limit. Its
/// SDKs look for the same name in `details.error_code`.
pub(crate) fn write(error: &CallError, call_id: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(160 + error.message.len());
    out.extend_from_slice(b"{\"type\":\"error\",\"error\":{\"type\":");
    json::string_into(&mut out, type_of(error));
    out.extend_from_slice(b",\"message\":");
    json::string_into(&mut out, &error::public_message(error));
    out.extend_from_slice(b",\"code\":");
    json::string_into(&mut out, error::code(error));
    out.extend_from_slice(b",\"details\":{\"error_code\":");
    json::string_into(&mut out, error::code(error));
    out.extend_from_slice(b"}},\"request_id\":");
    json::string_into(&mut out, call_id);
    out.push(b'}');
    out
}

/// An error in a stream that has begun. No `message_stop` follows: that would say that all is well.
pub(crate) fn write_event(error: &CallError, call_id: &str, out: &mut BytesMut) {
    out.extend_from_slice(b"event: error\ndata: ");
    out.extend_from_slice(&write(error, call_id));
    out.extend_from_slice(b"\n\n");
}

/// The `type` that users of the SDK compare with.
fn type_of(error: &CallError) -> &'static str {
    match error.kind {
        ErrorKind::InvalidRequest
        | ErrorKind::MethodNotAllowed
        | ErrorKind::UnsupportedMediaType
        | ErrorKind::RequestTimeout
        | ErrorKind::GuardrailBlocked => "invalid_request_error",
        ErrorKind::ProviderRejected => match error.provider_status {
            Some(404) => "not_found_error",
            Some(413) => "request_too_large",
            _ => "invalid_request_error",
        },
        ErrorKind::InvalidKey => "authentication_error",
        ErrorKind::ModelNotAllowed | ErrorKind::PriceUnknown => "permission_error",
        ErrorKind::UnknownModel | ErrorKind::NotFound => "not_found_error",
        ErrorKind::BodyTooLarge => "request_too_large",
        ErrorKind::RateLimited | ErrorKind::BudgetExceeded | ErrorKind::ProviderRateLimited => {
            "rate_limit_error"
        }
        ErrorKind::Overloaded | ErrorKind::ProviderOverloaded => "overloaded_error",
        ErrorKind::ProviderTimeout => "timeout_error",
        ErrorKind::ProviderError | ErrorKind::ProviderAuth | ErrorKind::Internal => "api_error",
    }
}
