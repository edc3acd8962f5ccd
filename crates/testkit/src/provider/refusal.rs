//! A vendor's refusal: status, type, message, a code where there is one and, for OpenAI, the parameter.

use std::fmt::Display;

/// Why a request is refused; each vendor writes it in its own body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) kind: &'static str,
    pub(super) message: String,
    pub(super) param: Option<String>,
    pub(super) code: Option<&'static str>,
}

pub(super) type Checked<T = ()> = Result<T, Refusal>;

impl Refusal {
    /// A request that is wrong in itself; both vendors answer 400 with the same type.
    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self { status: 400, kind: "invalid_request_error", message: message.into(), param: None, code: None }
    }

    pub(super) fn of(status: u16, kind: &'static str, message: impl Into<String>) -> Self {
        Self { status, kind, ..Self::invalid(message) }
    }

    pub(super) fn param(mut self, param: impl Display) -> Self {
        self.param = Some(param.to_string());
        self
    }

    pub(super) fn code(mut self, code: &'static str) -> Self {
        self.code = Some(code);
        self
    }
}
