//! Why a model stopped, in this dialect's words.

use crate::hub::StopReason;

pub(crate) fn decode_finish_reason(name: &str) -> StopReason {
    match name {
        "stop" => StopReason::EndTurn,
        "length" => StopReason::MaxTokens,
        "tool_calls" | "function_call" => StopReason::ToolCalls,
        "content_filter" => StopReason::ContentFilter,
        other => StopReason::Other(other.to_owned()),
    }
}

/// The reason in this dialect, and whether it says the same.
pub(crate) const fn finish_reason(reason: &StopReason, legacy_function: bool) -> (&'static str, bool) {
    match reason {
        StopReason::EndTurn | StopReason::StopSequence => ("stop", true),
        StopReason::MaxTokens | StopReason::ContextWindow => ("length", true),
        StopReason::ToolCalls if legacy_function => ("function_call", true),
        StopReason::ToolCalls => ("tool_calls", true),
        StopReason::Refusal | StopReason::ContentFilter => ("content_filter", true),
        StopReason::PauseTurn | StopReason::Other(_) => ("stop", false),
    }
}
