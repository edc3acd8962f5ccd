//! What is decided about a call, and what is set aside for it: rows of the ledger beside the usage record.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{
    Api, AttemptId, CallId, CredentialId, EndpointId, KeyId, PicoUsd, Scope, TargetId, TraceId, UsageRecord,
};

/// The immutable row of a refusal, a block, a mask or a verdict about a tool, with the rule behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionRecord {
    pub call: CallId,
    /// Which of the call's decisions it is; with the call it names the row.
    pub number: u32,
    pub trace: TraceId,
    /// In milliseconds since the Unix epoch.
    pub decided_at_ms: i64,
    pub scope: Scope,
    pub key: Option<KeyId>,
    /// The key's name, or `anonymous`.
    pub caller: Arc<str>,
    pub verdict: Verdict,
    /// The budget, limit, policy or guardrail that decided.
    pub rule: Arc<str>,
    /// The revision of that rule, or 0 where it comes from the file.
    pub rule_revision: u64,
    /// What it was decided about: an endpoint, a tool, a kind of personal data.
    pub subject: Arc<str>,
    /// Why, in words that may be shown. Never a payload.
    pub reason: Arc<str>,
}

/// What was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// A budget, a limit or a policy turned the call away.
    Refused,
    /// A guardrail stopped the call or its reply.
    Blocked,
    /// A guardrail replaced a part.
    Masked,
    /// A guardrail noticed something and let it pass.
    Flagged,
    ToolAllowed,
    ToolDenied,
}

impl Verdict {
    pub const ALL: [Self; 6] =
        [Self::Refused, Self::Blocked, Self::Masked, Self::Flagged, Self::ToolAllowed, Self::ToolDenied];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Blocked => "blocked",
            Self::Masked => "masked",
            Self::Flagged => "flagged",
            Self::ToolAllowed => "tool_allowed",
            Self::ToolDenied => "tool_denied",
        }
    }
}

/// Money and tokens set aside for an attempt, written down before the provider is asked. If the process dies before
/// the attempt is settled, this is all that is known of what it may have cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReservationRecord {
    pub attempt: AttemptId,
    pub call: CallId,
    pub trace: TraceId,
    /// In milliseconds since the Unix epoch.
    pub opened_at_ms: i64,
    pub scope: Scope,
    pub key: Option<KeyId>,
    /// The key's name, or `anonymous`.
    pub caller: Arc<str>,
    pub endpoint: EndpointId,
    pub endpoint_name: Arc<str>,
    pub target: TargetId,
    pub credential: CredentialId,
    pub provider: Arc<str>,
    pub model: Arc<str>,
    pub api: Api,
    /// `None` where the model has no price.
    pub cost: Option<PicoUsd>,
    pub tokens: u64,
}

impl ReservationRecord {
    /// Does `usage` settle it?
    pub fn is_settled_by(&self, usage: &UsageRecord) -> bool {
        self.attempt == usage.attempt
    }
}
