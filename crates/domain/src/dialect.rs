//! The wire formats and the operations that exist in them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A wire format. Code for each lives in `wire`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Dialect {
    /// <https://platform.openai.com/docs/api-reference/chat>
    OpenaiChat,
    /// <https://docs.anthropic.com/en/api/messages>
    AnthropicMessages,
}

impl Dialect {
    pub const ALL: [Self; 2] = [Self::OpenaiChat, Self::AnthropicMessages];

    pub const fn name(self) -> &'static str {
        match self {
            Self::OpenaiChat => "openai-chat",
            Self::AnthropicMessages => "anthropic-messages",
        }
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Dialect {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|dialect| dialect.name() == name).ok_or(())
    }
}

/// The operation a caller asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Api {
    /// A conversation turn, in any chat dialect.
    Chat,
    Embeddings,
    /// How many tokens a conversation has, without an answer to it.
    CountTokens,
}

impl Api {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Embeddings => "embeddings",
            Self::CountTokens => "count-tokens",
        }
    }
}

/// How a reply travels from the provider to the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RelayMode {
    /// Same dialect: bytes as they came.
    Raw,
    /// Same dialect: only named text ranges may change, every other byte is kept.
    Edit,
    /// Another dialect: decoded to the hub and encoded again.
    Translate,
}
