//! What a caller asks of a model.

use std::collections::HashSet;

use domain::Dialect;

use super::json::{Extra, Json, Number};
use super::part::{Part, PartKind};
use super::tool::{Tool, ToolChoice};

/// A request for a conversation turn, in no dialect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    /// The dialect it was written in; what rides along returns only there.
    pub origin: Dialect,
    pub model: String,
    /// Instructions outside of the conversation (`system`, `instructions`).
    pub instructions: Option<Content>,
    pub turns: Vec<Turn>,
    pub tools: Vec<Tool>,
    pub tool_choice: Option<ToolChoice>,
    pub parallel_tool_calls: Option<bool>,
    pub output_format: Option<OutputFormat>,
    pub reasoning: Reasoning,
    pub sampling: Sampling,
    /// How many replies are wanted.
    pub choices: Option<u64>,
    pub logprobs: Option<bool>,
    pub top_logprobs: Option<u64>,
    pub max_output_tokens: Option<u64>,
    pub stop: Vec<String>,
    pub stream: Option<bool>,
    /// The caller wants usage in the stream.
    pub include_usage: bool,
    /// An opaque id of the end user, for the provider's abuse detection.
    pub user: Option<String>,
    pub service_tier: Option<String>,
    pub extra: Extra,
    pub spelling: PromptSpelling,
}

impl Prompt {
    pub fn new(origin: Dialect, model: impl Into<String>) -> Self {
        Self {
            origin,
            model: model.into(),
            instructions: None,
            turns: Vec::new(),
            tools: Vec::new(),
            tool_choice: None,
            parallel_tool_calls: None,
            output_format: None,
            reasoning: Reasoning::default(),
            sampling: Sampling::default(),
            choices: None,
            logprobs: None,
            top_logprobs: None,
            max_output_tokens: None,
            stop: Vec::new(),
            stream: None,
            include_usage: false,
            user: None,
            service_tier: None,
            extra: Extra::default(),
            spelling: PromptSpelling::default(),
        }
    }

    pub fn streams(&self) -> bool {
        self.stream == Some(true)
    }

    /// The names of the tools that the conversation holds calls of.
    pub fn called_tools(&self) -> HashSet<&str> {
        let parts = self.turns.iter().flat_map(|turn| &turn.parts);
        parts
            .filter_map(|part| match &part.kind {
                PartKind::ToolCall(call) => Some(call.name.as_str()),
                _ => None,
            })
            .collect()
    }

    /// The caller knows functions only by their old names and wants its calls answered that way.
    pub const fn uses_legacy_functions(&self) -> bool {
        self.spelling.legacy_functions
    }
}

/// Which of two spellings the sender used, where its dialect has two for the same thing. Read only when the target
/// speaks the same dialect, so that a round trip changes nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PromptSpelling {
    /// openai-chat: `max_tokens` for `max_completion_tokens`.
    pub legacy_max_tokens: bool,
    /// openai-chat: `functions` and `function_call` for `tools` and `tool_choice`.
    pub legacy_functions: bool,
    /// openai-chat: `user` for `safety_identifier`.
    pub legacy_user: bool,
    /// openai-chat: one stop sequence without its list.
    pub bare_stop: bool,
    /// anthropic-messages: `output_format` for `output_config.format`.
    pub legacy_output_format: bool,
}

/// Parts, or a plain string where `bare`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Content {
    pub parts: Vec<Part>,
    pub bare: bool,
}

/// One message of the conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    pub role: Role,
    pub parts: Vec<Part>,
    pub extra: Extra,
    pub spelling: TurnSpelling,
}

impl Turn {
    pub fn new(role: Role, parts: Vec<Part>) -> Self {
        Self { role, parts, extra: Extra::default(), spelling: TurnSpelling::default() }
    }

    pub fn has_tool_calls(&self) -> bool {
        self.parts.iter().any(|part| matches!(part.kind, PartKind::ToolCall(_)))
    }

    pub fn has_tool_results(&self) -> bool {
        self.parts.iter().any(|part| matches!(part.kind, PartKind::ToolResult(_)))
    }
}

/// How a message was written, where its dialect has several ways.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TurnSpelling {
    /// The content is a plain string.
    pub bare: bool,
    /// openai-chat: the refusal is a field of the message and not a part of its content.
    pub refusal_field: bool,
    /// openai-chat: a function call or result in the form before tools.
    pub legacy_function: bool,
    /// openai-chat: which of the customary fields hold the reasoning.
    pub reasoning_content: bool,
    pub reasoning: bool,
    pub reasoning_details: bool,
}

impl TurnSpelling {
    pub(crate) const fn has_reasoning(&self) -> bool {
        self.reasoning_content || self.reasoning || self.reasoning_details
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    System,
    Developer,
    User,
    Assistant,
    /// A turn that holds nothing but tool results, in the dialects that give them their own role.
    Tool,
}

/// Numbers that steer the choice of tokens, as they were written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sampling {
    pub temperature: Option<Number>,
    pub top_p: Option<Number>,
    pub top_k: Option<Number>,
    pub frequency_penalty: Option<Number>,
    pub presence_penalty: Option<Number>,
    pub seed: Option<Number>,
}

/// How much the model should think.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reasoning {
    pub effort: Option<Effort>,
    pub thinking: Option<Thinking>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effort {
    None,
    Minimal,
    Low,
    Medium,
    High,
    XHigh,
    Max,
    Other(String),
}

impl Effort {
    pub fn name(&self) -> &str {
        match self {
            Self::None => "none",
            Self::Minimal => "minimal",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::XHigh => "xhigh",
            Self::Max => "max",
            Self::Other(name) => name,
        }
    }
}

impl From<String> for Effort {
    fn from(name: String) -> Self {
        const KNOWN: [Effort; 7] = [
            Effort::None,
            Effort::Minimal,
            Effort::Low,
            Effort::Medium,
            Effort::High,
            Effort::XHigh,
            Effort::Max,
        ];
        KNOWN.into_iter().find(|effort| effort.name() == name).unwrap_or(Self::Other(name))
    }
}

/// Thinking switched on or off by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thinking {
    pub mode: ThinkingMode,
    pub display: Option<String>,
    pub extra: Extra,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ThinkingMode {
    Adaptive,
    Budget(u64),
    Disabled,
    Other(String),
}

/// The form that the answer must have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OutputFormat {
    Text,
    JsonObject,
    JsonSchema {
        /// Empty in the dialects that have no name for it.
        name: String,
        description: Option<String>,
        schema: Option<Json>,
        strict: Option<bool>,
        extra: Extra,
    },
    /// A form that only its own dialect knows.
    Native(Json),
}
