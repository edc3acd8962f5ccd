//! What a model answered.

use domain::{Dialect, Usage};

use super::json::{Extra, Json};
use super::part::{Part, PartKind};
use super::prompt::TurnSpelling;

/// A whole reply, in no dialect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    pub origin: Dialect,
    pub id: String,
    pub model: String,
    pub choices: Vec<Choice>,
    pub usage: Option<Usage>,
    /// The provider's own report, which may count more than [`Usage`] does.
    pub usage_written: Option<Json>,
    pub service_tier: Option<String>,
    pub extra: Extra,
}

impl Reply {
    pub fn new(origin: Dialect) -> Self {
        Self {
            origin,
            id: String::new(),
            model: String::new(),
            choices: Vec::new(),
            usage: None,
            usage_written: None,
            service_tier: None,
            extra: Extra::default(),
        }
    }
}

/// One of the answers, of which there is nearly always one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choice {
    pub index: u32,
    pub parts: Vec<Part>,
    pub stop: Option<StopReason>,
    /// The stop sequence that was met, where the dialect says which.
    pub stop_sequence: Option<String>,
    /// Why the answer was refused, as the provider wrote it.
    pub stop_details: Option<Json>,
    pub extra: Extra,
    /// What rides along inside of the message, where the dialect nests it.
    pub message_extra: Extra,
    pub spelling: TurnSpelling,
}

impl Choice {
    pub fn has_tool_calls(&self) -> bool {
        self.parts.iter().any(|part| matches!(part.kind, PartKind::ToolCall(_)))
    }

    pub fn has_refusal(&self) -> bool {
        self.parts.iter().any(|part| matches!(part.kind, PartKind::Refusal { .. }))
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StopReason {
    EndTurn,
    StopSequence,
    MaxTokens,
    /// Prompt and answer together fill the model's window.
    ContextWindow,
    ToolCalls,
    /// The model, or its provider on its behalf, declined.
    Refusal,
    ContentFilter,
    /// The provider paused a long turn; the caller may send the reply back to go on.
    PauseTurn,
    Other(String),
}
