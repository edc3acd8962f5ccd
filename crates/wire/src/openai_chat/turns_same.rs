//! Writes the messages of a request as the same dialect had them: one message for each turn, in the spelling of its
//! sender.

use super::parts;
use super::reasoning;
use crate::hub::{Extra, Part, PartKind, Prompt, Role, ToolCall, ToolCallKind, Turn};
use crate::writer::Object;

pub(crate) fn encode_same_turns(object: &mut Object<'_>, prompt: &Prompt) {
    object.array("messages", |list| {
        prompt.turns.iter().for_each(|turn| list.object(|message| encode_same_turn(message, turn)));
    });
}

fn encode_same_turn(message: &mut Object<'_>, turn: &Turn) {
    let legacy = turn.spelling.legacy_function;
    message.string("role", role_name(turn.role, legacy));
    if let Some(PartKind::ToolResult(result)) = turn.parts.first().map(|part| &part.kind) {
        match &result.name {
            Some(name) if legacy => message.string("name", name),
            _ => message.string("tool_call_id", &result.call_id),
        }
        encode_same_content(message, &result.parts.iter().collect::<Vec<_>>(), result.bare, &turn.extra);
        message.extra(&turn.extra);
        return;
    }
    let in_field = |part: &Part| {
        turn.spelling.refusal_field && matches!(part.kind, PartKind::Refusal { .. })
            || turn.spelling.reasoning_details && reasoning::is_detail(part)
            || part.is_thinking()
            || matches!(part.kind, PartKind::ToolCall(_))
    };
    let content: Vec<_> = turn.parts.iter().filter(|part| !in_field(part)).collect();
    encode_same_content(message, &content, turn.spelling.bare, &turn.extra);
    reasoning::encode_same_reasoning(message, &turn.parts, &turn.spelling);
    if turn.spelling.refusal_field {
        for part in &turn.parts {
            if let PartKind::Refusal { text } = &part.kind {
                message.string("refusal", text);
            }
        }
    }
    encode_same_calls(message, turn);
    message.extra(&turn.extra);
}

fn encode_same_content(message: &mut Object<'_>, parts: &[&Part], bare: bool, extra: &Extra) {
    match parts {
        [Part { kind: PartKind::Text { text, .. }, .. }] if bare => message.string("content", text),
        [] if extra.get("content").is_some() => {}
        [] if !bare => {}
        parts => message.array("content", |list| {
            for part in parts {
                match &part.kind {
                    PartKind::Native { json, .. } => list.json(json),
                    _ => list.object(|object| parts::encode_same_part(object, part)),
                }
            }
        }),
    }
}

fn encode_same_calls(message: &mut Object<'_>, turn: &Turn) {
    let calls: Vec<_> = turn
        .parts
        .iter()
        .filter_map(|part| match &part.kind {
            PartKind::ToolCall(call) => Some((call, &part.extra)),
            _ => None,
        })
        .collect();
    match calls.as_slice() {
        [] => {}
        [(call, _)] if turn.spelling.legacy_function => message.object("function_call", |object| {
            object.string("name", &call.name);
            object.string("arguments", &call.arguments);
            object.extra(&call.extra);
        }),
        calls => message.array("tool_calls", |list| {
            for (call, extra) in calls {
                list.object(|object| {
                    encode_call(object, &call.id, call);
                    object.extra(extra);
                });
            }
        }),
    }
}

/// Writes a call under the id that it has here.
pub(crate) fn encode_call(object: &mut Object<'_>, id: &str, call: &ToolCall) {
    object.string("id", id);
    let (kind, input) = match call.kind {
        ToolCallKind::Function => ("function", "arguments"),
        ToolCallKind::Custom => ("custom", "input"),
    };
    object.string("type", kind);
    object.object(kind, |inner| {
        inner.string("name", &call.name);
        inner.string(input, &call.arguments);
        inner.extra(&call.extra);
    });
}

pub(crate) const fn role_name(role: Role, legacy_function: bool) -> &'static str {
    match role {
        Role::System => "system",
        Role::Developer => "developer",
        Role::User => "user",
        Role::Assistant => "assistant",
        Role::Tool if legacy_function => "function",
        Role::Tool => "tool",
    }
}
