//! What the hub's own fields are called in each dialect, so that a note speaks the sender's words.

use domain::Dialect;

use super::part::PartKind;
use super::prompt::Prompt;

/// A field of the hub that notes are written about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    MaxOutputTokens,
    OutputFormat,
    Effort,
    Thinking,
    ToolChoice,
    User,
    Turns,
    Instructions,
    Stop,
}

/// What the sender of this prompt called the field.
pub(crate) const fn field_name(prompt: &Prompt, field: Field) -> &'static str {
    match prompt.origin {
        Dialect::OpenaiChat => match field {
            Field::MaxOutputTokens if prompt.spelling.legacy_max_tokens => "max_tokens",
            Field::MaxOutputTokens => "max_completion_tokens",
            Field::OutputFormat => "response_format",
            Field::Effort | Field::Thinking => "reasoning_effort",
            Field::ToolChoice if prompt.spelling.legacy_functions => "function_call",
            Field::ToolChoice => "tool_choice",
            Field::User if prompt.spelling.legacy_user => "user",
            Field::User => "safety_identifier",
            Field::Turns | Field::Instructions => "messages",
            Field::Stop => "stop",
        },
        Dialect::AnthropicMessages => match field {
            Field::MaxOutputTokens => "max_tokens",
            Field::OutputFormat if prompt.spelling.legacy_output_format => "output_format",
            Field::OutputFormat => "output_config.format",
            Field::Effort => "output_config.effort",
            Field::Thinking => "thinking",
            Field::ToolChoice => "tool_choice",
            Field::User => "metadata.user_id",
            Field::Turns => "messages",
            Field::Instructions => "system",
            Field::Stop => "stop_sequences",
        },
    }
}

/// What the sender of this prompt called a part of a turn.
pub(crate) fn part_field(prompt: &Prompt, turn: usize, part: usize) -> String {
    match prompt.origin {
        Dialect::AnthropicMessages => format!("messages[{turn}].content[{part}]"),
        Dialect::OpenaiChat => {
            let kind = prompt.turns.get(turn).and_then(|turn| turn.parts.get(part)).map(|part| &part.kind);
            match kind {
                Some(PartKind::ToolCall(_)) => format!("messages[{turn}].tool_calls"),
                Some(PartKind::Thinking { .. } | PartKind::RedactedThinking { .. }) => {
                    format!("messages[{turn}].reasoning_content")
                }
                _ => format!("messages[{turn}].content[{part}]"),
            }
        }
    }
}
