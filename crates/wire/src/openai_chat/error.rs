//! Errors of the OpenAI dialects: `{"error":{message,type,param,code}}`, as a reply or as the data of an event.
//! <https://platform.openai.com/docs/guides/error-codes>

use bytes::BytesMut;
use domain::{CallError, ErrorKind};

use crate::error;
use crate::failure::FailureClass;
use crate::json;

/// What a `code` or `type` means, in OpenAI's words and in those of the servers that imitate it.
pub(crate) fn class_of(name: &str) -> Option<FailureClass> {
    Some(match name {
        "context_length_exceeded" | "context_window_exceeded" | "exceed_context_size_error" => {
            FailureClass::ContextWindow
        }
        "content_filter" | "content_policy_violation" | "moderation_blocked" | "invalid_prompt" => {
            FailureClass::ContentFilter
        }
        "invalid_api_key"
        | "authentication_error"
        | "permission_error"
        | "permission_denied"
        | "insufficient_permissions"
        | "account_deactivated"
        | "billing_not_active"
        | "PERMISSION_DENIED"
        | "UNAUTHENTICATED" => FailureClass::Auth,
        "rate_limit_exceeded" | "rate_limit_error" | "insufficient_quota" | "RESOURCE_EXHAUSTED" => {
            FailureClass::RateLimited
        }
        "overloaded"
        | "overloaded_error"
        | "engine_overloaded"
        | "server_overloaded"
        | "slow_down"
        | "service_unavailable"
        | "UNAVAILABLE" => FailureClass::Overloaded,
        "timeout" | "timeout_error" | "request_timeout" | "DEADLINE_EXCEEDED" => FailureClass::Timeout,
        "server_error" | "internal_error" | "internal_server_error" | "api_error" | "INTERNAL" => {
            FailureClass::ServerError
        }
        "invalid_request_error"
        | "not_found_error"
        | "model_not_found"
        | "BadRequestError"
        | "NotFoundError"
        | "INVALID_ARGUMENT"
        | "NOT_FOUND" => FailureClass::Rejected,
        _ => return None,
    })
}

/// The body of an error reply.
pub(crate) fn write(error: &CallError) -> Vec<u8> {
    let mut out = Vec::with_capacity(128 + error.message.len());
    out.extend_from_slice(b"{\"error\":{\"message\":");
    json::string_into(&mut out, &error::public_message(error));
    out.extend_from_slice(b",\"type\":");
    json::string_into(&mut out, type_of(error));
    out.extend_from_slice(b",\"param\":");
    match &error.param {
        Some(param) => json::string_into(&mut out, param),
        None => out.extend_from_slice(b"null"),
    }
    out.extend_from_slice(b",\"code\":");
    json::string_into(&mut out, error::code(error));
    out.extend_from_slice(b"}}");
    out
}

/// An error in a stream that has begun. No `[DONE]` follows: that would say that all is well.
pub(crate) fn write_event(error: &CallError, out: &mut BytesMut) {
    out.extend_from_slice(b"data: ");
    out.extend_from_slice(&write(error));
    out.extend_from_slice(b"\n\n");
}

/// The `type` that users of the SDK compare with.
fn type_of(error: &CallError) -> &'static str {
    match error.kind {
        ErrorKind::InvalidRequest
        | ErrorKind::MethodNotAllowed
        | ErrorKind::BodyTooLarge
        | ErrorKind::UnsupportedMediaType
        | ErrorKind::RequestTimeout
        | ErrorKind::GuardrailBlocked => "invalid_request_error",
        ErrorKind::ProviderRejected => match error.provider_status {
            Some(404) => "not_found_error",
            _ => "invalid_request_error",
        },
        ErrorKind::InvalidKey => "authentication_error",
        ErrorKind::ModelNotAllowed | ErrorKind::PriceUnknown => "permission_error",
        ErrorKind::UnknownModel | ErrorKind::NotFound => "not_found_error",
        ErrorKind::RateLimited | ErrorKind::ProviderRateLimited => "rate_limit_error",
        ErrorKind::BudgetExceeded => "insufficient_quota",
        ErrorKind::Overloaded
        | ErrorKind::ProviderError
        | ErrorKind::ProviderAuth
        | ErrorKind::ProviderOverloaded
        | ErrorKind::ProviderTimeout
        | ErrorKind::Internal => "server_error",
    }
}
