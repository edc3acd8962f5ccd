//! The events of a reply that streams.

use domain::{Dialect, Usage};

use super::json::{Extra, Json};
use super::part::{Citation, ToolCallKind};
use super::reply::StopReason;
use crate::failure::ProviderFailure;

/// One event. Blocks of a choice are numbered in the order in which they begin, and several may be open at once:
/// a dialect that cannot say so holds the later ones back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReplyEvent {
    Start {
        /// The dialect of the provider: what only it knows may be written where the caller speaks the same.
        origin: Dialect,
        id: String,
        model: String,
        service_tier: Option<String>,
    },
    BlockStart {
        choice: u32,
        block: u32,
        kind: BlockKind,
    },
    BlockDelta {
        choice: u32,
        block: u32,
        delta: Delta,
    },
    BlockStop {
        choice: u32,
        block: u32,
    },
    Stop {
        choice: u32,
        reason: StopReason,
        sequence: Option<String>,
        details: Option<Json>,
    },
    /// Cumulative: each report replaces the one before.
    Usage(Usage),
    /// The provider sent something that the hub has no word for.
    Lost {
        field: String,
    },
    /// The reply failed; nothing follows.
    Error(ProviderFailure),
    /// The reply is complete; nothing follows.
    End,
}

impl ReplyEvent {
    /// Whether a person reading along would see something happen: the first such event ends the time to first token.
    pub const fn is_content(&self) -> bool {
        match self {
            Self::BlockDelta { delta, .. } => !matches!(delta, Delta::Signature(_) | Delta::Citation(_)),
            Self::BlockStart { kind, .. } => matches!(kind, BlockKind::ToolCall { .. }),
            _ => false,
        }
    }

    /// Whether nothing may follow.
    pub const fn is_last(&self) -> bool {
        matches!(self, Self::Error(_) | Self::End)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BlockKind {
    Text,
    Refusal,
    Thinking,
    RedactedThinking {
        data: String,
    },
    ToolCall {
        id: String,
        name: String,
        kind: ToolCallKind,
        /// What rides along with the call.
        extra: Extra,
    },
    /// A block that only its own dialect knows, as it began.
    Native {
        name: String,
        json: Json,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delta {
    /// More of the text or the refusal.
    Text(String),
    Thinking(String),
    Signature(String),
    /// More of the JSON text of a tool's arguments.
    Arguments(String),
    Citation(Citation),
    /// More of a block that only its own dialect knows.
    Native(Json),
}
