//! The closed table of what can go wrong with a call. It decides status, code, who is to blame, and metrics; how an
//! error looks in a dialect is decided at the edge, in `wire`.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::Dialect;

/// Who has to act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    Caller,
    Policy,
    Gateway,
    Provider,
}

impl Fault {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Caller => "caller",
            Self::Policy => "policy",
            Self::Gateway => "gateway",
            Self::Provider => "provider",
        }
    }
}

/// Every way in which a call can be refused or fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    InvalidRequest,
    InvalidKey,
    ModelNotAllowed,
    PriceUnknown,
    UnknownModel,
    /// A route that does not exist, or exists for other methods only.
    NotFound,
    MethodNotAllowed,
    BodyTooLarge,
    UnsupportedMediaType,
    /// The caller did not finish sending its request in time.
    RequestTimeout,
    GuardrailBlocked,
    RateLimited,
    BudgetExceeded,
    Overloaded,
    ProviderError,
    /// The provider refused the request itself as the caller's mistake (its 400, 404, 413, 422).
    ProviderRejected,
    ProviderAuth,
    ProviderRateLimited,
    ProviderOverloaded,
    ProviderTimeout,
    Internal,
}

impl ErrorKind {
    pub const ALL: [Self; 21] = [
        Self::InvalidRequest,
        Self::InvalidKey,
        Self::ModelNotAllowed,
        Self::PriceUnknown,
        Self::UnknownModel,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::BodyTooLarge,
        Self::UnsupportedMediaType,
        Self::RequestTimeout,
        Self::GuardrailBlocked,
        Self::RateLimited,
        Self::BudgetExceeded,
        Self::Overloaded,
        Self::ProviderError,
        Self::ProviderRejected,
        Self::ProviderAuth,
        Self::ProviderRateLimited,
        Self::ProviderOverloaded,
        Self::ProviderTimeout,
        Self::Internal,
    ];

    /// The stable code that clients, metrics and traces see.
    pub const fn code(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidKey => "invalid_key",
            Self::ModelNotAllowed => "model_not_allowed",
            Self::PriceUnknown => "price_unknown",
            Self::UnknownModel => "unknown_model",
            Self::NotFound => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::BodyTooLarge => "body_too_large",
            Self::UnsupportedMediaType => "unsupported_media_type",
            Self::RequestTimeout => "request_timeout",
            Self::GuardrailBlocked => "guardrail_blocked",
            Self::RateLimited => "rate_limited",
            Self::BudgetExceeded => "budget_exceeded",
            Self::Overloaded => "overloaded",
            Self::ProviderError => "provider_error",
            Self::ProviderRejected => "provider_rejected",
            Self::ProviderAuth => "provider_auth",
            Self::ProviderRateLimited => "provider_rate_limited",
            Self::ProviderOverloaded => "provider_overloaded",
            Self::ProviderTimeout => "provider_timeout",
            Self::Internal => "internal",
        }
    }

    /// The HTTP status in the caller's dialect. Anthropic's clients know an overload as 529.
    pub const fn status(self, dialect: Dialect) -> u16 {
        match self {
            Self::InvalidRequest | Self::GuardrailBlocked | Self::ProviderRejected => 400,
            Self::InvalidKey => 401,
            Self::ModelNotAllowed | Self::PriceUnknown => 403,
            Self::UnknownModel | Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::RequestTimeout => 408,
            Self::BodyTooLarge => 413,
            Self::UnsupportedMediaType => 415,
            Self::RateLimited | Self::BudgetExceeded | Self::ProviderRateLimited => 429,
            Self::Overloaded | Self::ProviderOverloaded => match dialect {
                Dialect::AnthropicMessages => 529,
                Dialect::OpenaiChat => 503,
            },
            Self::ProviderError | Self::ProviderAuth => 502,
            Self::ProviderTimeout => 504,
            Self::Internal => 500,
        }
    }

    pub const fn fault(self) -> Fault {
        match self {
            Self::InvalidRequest
            | Self::InvalidKey
            | Self::UnknownModel
            | Self::NotFound
            | Self::MethodNotAllowed
            | Self::BodyTooLarge
            | Self::UnsupportedMediaType
            | Self::RequestTimeout
            | Self::ProviderRejected => Fault::Caller,
            Self::ModelNotAllowed
            | Self::PriceUnknown
            | Self::GuardrailBlocked
            | Self::RateLimited
            | Self::BudgetExceeded => Fault::Policy,
            Self::Overloaded | Self::Internal => Fault::Gateway,
            Self::ProviderError
            | Self::ProviderAuth
            | Self::ProviderRateLimited
            | Self::ProviderOverloaded
            | Self::ProviderTimeout => Fault::Provider,
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// Why a call failed, with what its caller may read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallError {
    pub kind: ErrorKind,
    /// Written for the caller: what is wrong and what to do. Never holds a secret.
    pub message: String,
    /// The request field that is wrong, in the caller's dialect.
    pub param: Option<String>,
    pub retry_after: Option<Duration>,
    /// The status the provider answered with, where that is more precise than the kind's own (a provider's 404 or 422).
    pub provider_status: Option<u16>,
    /// The provider's own name for the error (`invalid_request_error`, `context_length_exceeded`).
    pub provider_code: Option<String>,
    /// A narrower name than the kind's own, where a client acts on that name.
    pub code: Option<&'static str>,
}

impl CallError {
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            param: None,
            retry_after: None,
            provider_status: None,
            provider_code: None,
            code: None,
        }
    }

    #[must_use]
    pub fn param(mut self, param: impl Into<String>) -> Self {
        self.param = Some(param.into());
        self
    }

    #[must_use]
    pub const fn code(mut self, code: &'static str) -> Self {
        self.code = Some(code);
        self
    }

    #[must_use]
    pub fn retry_after(mut self, after: Option<Duration>) -> Self {
        self.retry_after = after;
        self
    }

    /// The status the caller sees: a provider's own rejection keeps the provider's status.
    pub fn status(&self, dialect: Dialect) -> u16 {
        match (self.kind, self.provider_status) {
            (ErrorKind::ProviderRejected, Some(status @ 400..=499)) => status,
            _ => self.kind.status(dialect),
        }
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind, self.message)
    }
}

impl std::error::Error for CallError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique() {
        let mut codes: Vec<_> = ErrorKind::ALL.iter().map(|kind| kind.code()).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), ErrorKind::ALL.len());
    }

    #[test]
    fn an_overload_has_the_status_its_client_knows() {
        assert_eq!(ErrorKind::Overloaded.status(Dialect::OpenaiChat), 503);
        assert_eq!(ErrorKind::Overloaded.status(Dialect::AnthropicMessages), 529);
    }
}
