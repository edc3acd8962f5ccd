//! What another dialect's wish for effort becomes: adaptive thinking with an effort on the models of today, thinking
//! with a budget on those before, and nothing where the request rules thinking out.

use crate::hub::arrange::{Message, Speaker, arrange};
use crate::hub::{Effort, Field, PartKind, Prompt, ToolChoice, field_name};
use crate::note::Notes;
use crate::writer::Object;

/// What is sent about thinking.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Plan {
    mode: Mode,
    effort: Option<&'static str>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Mode {
    #[default]
    Unsaid,
    Disabled,
    Adaptive,
    Budget(u64),
}

impl Plan {
    pub(crate) const fn thinks(self) -> bool {
        matches!(self.mode, Mode::Adaptive | Mode::Budget(_))
    }

    pub(crate) const fn effort(self) -> Option<&'static str> {
        self.effort
    }

    pub(crate) fn encode(self, object: &mut Object<'_>) {
        match self.mode {
            Mode::Unsaid => {}
            Mode::Disabled => object.object("thinking", |thinking| thinking.string("type", "disabled")),
            Mode::Adaptive => object.object("thinking", |thinking| thinking.string("type", "adaptive")),
            Mode::Budget(tokens) => object.object("thinking", |thinking| {
                thinking.string("type", "enabled");
                thinking.integer("budget_tokens", tokens);
            }),
        }
    }
}

/// Plans for a prompt of another dialect.
pub(crate) fn plan(prompt: &Prompt, model: &str, max_tokens: u64, notes: &mut Notes) -> Plan {
    let field = field_name(prompt, Field::Effort);
    let effort = match &prompt.reasoning.effort {
        None => return Plan::default(),
        Some(Effort::None) => {
            return Plan { mode: Mode::Disabled, effort: None };
        }
        Some(Effort::Minimal) => {
            notes.clamped(field);
            "low"
        }
        Some(Effort::Low) => "low",
        Some(Effort::Medium) => "medium",
        Some(Effort::High) => "high",
        Some(Effort::XHigh) => "xhigh",
        Some(Effort::Max) => "max",
        Some(Effort::Other(_)) => {
            notes.dropped(field);
            return Plan::default();
        }
    };
    let ruled_out =
        prompt.tool_choice.as_ref().is_some_and(ToolChoice::is_forced) || is_loop_without_proof(prompt);
    match generation(model) {
        Generation::Plain => {
            notes.dropped(field);
            Plan::default()
        }
        Generation::Budget if ruled_out || max_tokens <= BUDGET_MIN => {
            notes.dropped(field);
            Plan::default()
        }
        Generation::Budget => Plan { mode: Mode::Budget(budget(effort, max_tokens)), effort: None },
        Generation::Adaptive if ruled_out => {
            notes.changed(field);
            Plan { mode: Mode::Unsaid, effort: Some(effort) }
        }
        Generation::Adaptive => Plan { mode: Mode::Adaptive, effort: Some(effort) },
    }
}

/// The provider refuses a smaller budget.
const BUDGET_MIN: u64 = 1_024;

/// A budget for the effort that leaves at least half of the tokens for the answer.
fn budget(effort: &str, max_tokens: u64) -> u64 {
    let wish = match effort {
        "low" => 2_048,
        "medium" => 8_192,
        "high" => 16_384,
        _ => 32_768,
    };
    wish.min(max_tokens / 2).max(BUDGET_MIN)
}

/// While tools are being called, thinking can only go on from the signed thinking that the call began with.
fn is_loop_without_proof(prompt: &Prompt) -> bool {
    let messages = arrange(&prompt.turns, 0);
    let is_call = |message: &Message<'_>| {
        let mut parts = message.parts.iter();
        message.speaker == Speaker::Assistant
            && parts.any(|placed| matches!(placed.part.kind, PartKind::ToolCall(_)))
    };
    let is_result = |message: &Message<'_>| {
        let mut parts = message.parts.iter();
        parts.any(|placed| matches!(placed.part.kind, PartKind::ToolResult(_)))
    };
    let mut latest = messages.iter().rev().filter(|message| message.speaker != Speaker::System);
    if !latest.next().is_some_and(is_result) {
        return false;
    }
    let Some(call) = latest.find(|message| is_call(message)) else {
        return false;
    };
    !call.parts.first().is_some_and(|placed| match &placed.part.kind {
        PartKind::Thinking { signature, .. } => signature.as_ref().is_some_and(|proof| !proof.is_empty()),
        PartKind::RedactedThinking { .. } => true,
        _ => false,
    })
}

/// How a model is told to think.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Generation {
    /// It cannot.
    Plain,
    Budget,
    Adaptive,
}

/// Told from the version in the name: Claude before 3.7 does not think, up to 4.5 it takes a budget, and what came
/// after wants adaptive thinking and refuses budgets. A name that says nothing is taken for a new one.
fn generation(model: &str) -> Generation {
    let Some((_, rest)) = model.split_once("claude-") else {
        return Generation::Adaptive;
    };
    let mut numbers = rest
        .split(|character: char| !character.is_ascii_alphanumeric())
        .skip_while(|word| !is_version(word))
        .map_while(|word| is_version(word).then(|| word.parse::<u32>().unwrap_or(0)));
    let version = (numbers.next(), numbers.next().unwrap_or(0));
    match version {
        (None, _) => Generation::Adaptive,
        (Some(major), minor) if (major, minor) < (3, 7) => Generation::Plain,
        (Some(major), minor) if (major, minor) <= (4, 5) => Generation::Budget,
        _ => Generation::Adaptive,
    }
}

/// One or two digits; more are a date.
fn is_version(word: &str) -> bool {
    matches!(word.len(), 1 | 2) && word.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_tells_how_a_model_thinks() {
        for (model, expected) in [
            ("claude-3-5-sonnet-20241022", Generation::Plain),
            ("claude-3-opus", Generation::Plain),
            ("claude-3-7-sonnet-20250219", Generation::Budget),
            ("claude-sonnet-4-20250514", Generation::Budget),
            ("claude-sonnet-4-5", Generation::Budget),
            ("us.anthropic.claude-haiku-4-5-20251001-v1:0", Generation::Budget),
            ("anthropic/claude-sonnet-4.5", Generation::Budget),
            ("claude-opus-4-6", Generation::Adaptive),
            ("claude-opus-5", Generation::Adaptive),
            ("claude-fable", Generation::Adaptive),
            ("my-deployment", Generation::Adaptive),
        ] {
            assert_eq!(generation(model), expected, "{model}");
        }
    }

    #[test]
    fn a_budget_leaves_room_for_the_answer() {
        assert_eq!(budget("low", 8_192), 2_048);
        assert_eq!(budget("high", 8_192), 4_096);
        assert_eq!(budget("max", 1_025), 1_024);
    }
}
