//! What the simulator says.

use domain::{Dialect, Usage};
use wire::{
    BlockKind, Delta, OutputFormat, Part, PartKind, Prompt, ReplyEvent, Role, StopReason, ToolCallKind,
};

use super::tool_call;

/// When the simulator answered: the same reply at any time of day.
pub(super) const CREATED_S: i64 = 1_767_225_600;

/// The reply as events. A tool that the caller demands, or that the last message names, is called; everything else gets
/// a text that shows what arrived.
pub(super) fn answer(dialect: Dialect, prompt: &Prompt) -> Vec<ReplyEvent> {
    let calls = tool_call::wanted(prompt);
    let mut events = vec![ReplyEvent::Start {
        origin: dialect,
        id: "simulated".to_owned(),
        model: prompt.model.clone(),
        service_tier: None,
    }];
    let (spoken, reason) = if calls.is_empty() {
        let text = text(prompt);
        let (text, cut) = cut(&text, prompt.max_output_tokens);
        say(&mut events, &text);
        (text, if cut { StopReason::MaxTokens } else { StopReason::EndTurn })
    } else {
        let spoken = calls.iter().map(|call| call.arguments.as_str()).collect();
        for (block, call) in (0..).zip(calls) {
            begin_call(&mut events, block, call);
        }
        (spoken, StopReason::ToolCalls)
    };
    events.push(ReplyEvent::Stop { choice: 0, reason, sequence: None, details: None });
    events.push(ReplyEvent::Usage(usage(prompt, &spoken)));
    events.push(ReplyEvent::End);
    events
}

fn say(events: &mut Vec<ReplyEvent>, text: &str) {
    events.push(ReplyEvent::BlockStart { choice: 0, block: 0, kind: BlockKind::Text });
    for word in text.split_inclusive(' ') {
        events.push(ReplyEvent::BlockDelta { choice: 0, block: 0, delta: Delta::Text(word.to_owned()) });
    }
    events.push(ReplyEvent::BlockStop { choice: 0, block: 0 });
}

fn begin_call(events: &mut Vec<ReplyEvent>, block: u32, call: wire::ToolCall) {
    let kind = BlockKind::ToolCall {
        id: call.id,
        name: call.name,
        kind: ToolCallKind::Function,
        extra: wire::Extra::default(),
    };
    events.push(ReplyEvent::BlockStart { choice: 0, block, kind });
    let (first, second) = halves(&call.arguments);
    for piece in [first, second] {
        events.push(ReplyEvent::BlockDelta { choice: 0, block, delta: Delta::Arguments(piece.to_owned()) });
    }
    events.push(ReplyEvent::BlockStop { choice: 0, block });
}

/// Arguments come in pieces from real providers, so they do here.
fn halves(text: &str) -> (&str, &str) {
    let middle = (0..=text.len() / 2).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    text.split_at(middle)
}

fn text(prompt: &Prompt) -> String {
    match &prompt.output_format {
        Some(OutputFormat::JsonSchema { schema: Some(schema), .. }) => {
            return tool_call::instance(schema.as_str());
        }
        Some(OutputFormat::JsonObject) => return r#"{"simulated": true}"#.to_owned(),
        _ => {}
    }
    let Some(last) = prompt.turns.last() else {
        return "This is a simulated reply to an empty conversation.".to_owned();
    };
    if last.has_tool_results() {
        return format!("The tool said: {}", all_text(&last.parts));
    }
    let said = prompt.turns.iter().rev().find(|turn| turn.role == Role::User);
    let said = said.map(|turn| all_text(&turn.parts)).unwrap_or_default();
    let images = prompt.turns.iter().flat_map(|turn| &turn.parts);
    let images = images.filter(|part| matches!(part.kind, PartKind::Image { .. })).count();
    let saw = match images {
        0 => String::new(),
        1 => " I see one image.".to_owned(),
        n => format!(" I see {n} images."),
    };
    format!("This is a simulated reply. You said: {said}{saw}")
}

pub(super) fn all_text(parts: &[Part]) -> String {
    let mut text = String::new();
    for part in parts {
        match &part.kind {
            PartKind::Text { text: more, .. } => text.push_str(more),
            PartKind::ToolResult(result) => text.push_str(&all_text(&result.parts)),
            _ => {}
        }
    }
    text
}

/// One word counts as one token.
fn cut(text: &str, max: Option<u64>) -> (String, bool) {
    let max = max.map_or(usize::MAX, |max| usize::try_from(max).unwrap_or(usize::MAX));
    let kept: String = text.split_inclusive(' ').take(max).collect();
    let cut = kept.len() < text.len();
    (kept, cut)
}

fn usage(prompt: &Prompt, spoken: &str) -> Usage {
    Usage { input: input_tokens(prompt), output: words(spoken).max(1), ..Usage::default() }
}

pub(super) fn input_tokens(prompt: &Prompt) -> u64 {
    let instructions = prompt.instructions.iter().flat_map(|content| &content.parts);
    let parts = prompt.turns.iter().flat_map(|turn| &turn.parts).chain(instructions);
    parts.map(|part| words(&all_text(std::slice::from_ref(part)))).sum()
}

fn words(text: &str) -> u64 {
    text.split_whitespace().count() as u64
}
