//! Why a model stopped, in this dialect's words.

use crate::hub::StopReason;

pub(crate) fn decode_stop_reason(name: &str) -> StopReason {
    match name {
        "end_turn" => StopReason::EndTurn,
        "stop_sequence" => StopReason::StopSequence,
        "max_tokens" => StopReason::MaxTokens,
        "model_context_window_exceeded" => StopReason::ContextWindow,
        "tool_use" => StopReason::ToolCalls,
        "refusal" => StopReason::Refusal,
        "pause_turn" => StopReason::PauseTurn,
        other => StopReason::Other(other.to_owned()),
    }
}

/// The reason in this dialect, and whether it says the same. What the reply holds is believed over what is said about
/// it: OpenAI ends a forced call with `stop`, and a refusal too.
pub(crate) const fn stop_reason(
    reason: &StopReason,
    calls_tools: bool,
    refuses: bool,
) -> (&'static str, bool) {
    match reason {
        StopReason::EndTurn if calls_tools => ("tool_use", true),
        StopReason::EndTurn if refuses => ("refusal", true),
        StopReason::EndTurn => ("end_turn", true),
        StopReason::StopSequence => ("stop_sequence", true),
        StopReason::MaxTokens => ("max_tokens", true),
        StopReason::ContextWindow => ("model_context_window_exceeded", true),
        StopReason::ToolCalls => ("tool_use", true),
        StopReason::Refusal | StopReason::ContentFilter => ("refusal", true),
        StopReason::PauseTurn => ("pause_turn", true),
        StopReason::Other(_) => ("end_turn", false),
    }
}
