//! Writes the messages of a request that another dialect's turns become. This dialect is strict: leading instructions
//! stand outside, a result comes first in the message after its call, a block of blank text is refused, and an answer
//! to be continued must not end in white space.

use domain::Dialect;

use super::blocks_same::{encode_text, encode_tool_use, input_object};
use super::media;
use crate::hub::arrange::{Message, Placed, Speaker, arrange, speaker};
use crate::hub::id::{IdRule, legal};
use crate::hub::{
    CacheMark, Field, Part, PartKind, Prompt, Role, ToolCall, ToolResult, Turn, field_name, part_field,
};
use crate::note::Notes;
use crate::writer::{self, Array, Object};

/// <https://docs.anthropic.com/en/api/messages>: ids match `^[a-zA-Z0-9_-]+$`; 64 is the longest any host of this
/// dialect takes.
const CALL_ID: IdRule = IdRule { max_len: 64, plain: true, prefix: "toolu_" };

/// Writes `system` and `messages`; false when no message is left, which no provider takes.
pub(crate) fn encode_foreign_turns(object: &mut Object<'_>, prompt: &Prompt, notes: &mut Notes) -> bool {
    let field = field_name(prompt, Field::Turns);
    let leading = prompt.turns.iter().take_while(|turn| speaker(turn.role) == Speaker::System).count();
    // A conversation needs a message; instructions alone are asked as one.
    let asked = leading == prompt.turns.len();
    let leading = if asked { leading.saturating_sub(1) } else { leading };
    encode_system(object, prompt, &prompt.turns[..leading], notes);

    let mut messages = arrange(&prompt.turns[leading..], leading);
    if asked && let Some(only) = messages.first_mut() {
        notes.changed(format!("{field}[{leading}].role"));
        only.speaker = Speaker::User;
    }
    let last = messages.len().saturating_sub(1);
    let mut said = false;
    object.array("messages", |list| {
        for (index, message) in messages.iter().enumerate() {
            let is_prefill = index == last && message.speaker == Speaker::Assistant;
            if list.is_empty() && message.speaker != Speaker::User && is_written(prompt, message) {
                encode_opening(list, message, field, notes);
            }
            encode_message(list, prompt, message, is_prefill, notes);
        }
        said = !list.is_empty();
    });
    for (index, turn) in prompt.turns.iter().enumerate() {
        notes.extra(&turn.extra, &format!("{field}[{index}]"));
    }
    said
}

/// The first message must be the user's; what the conversation begins with follows it unchanged.
fn encode_opening(list: &mut Array<'_>, first: &Message<'_>, field: &str, notes: &mut Notes) {
    let turn = first.parts.first().map_or(0, |placed| placed.turn);
    notes.changed(format!("{field}[{turn}]"));
    list.object(|object| {
        object.string("role", "user");
        object.string("content", "(begin)");
    });
}

/// Whether anything is left of a message here.
fn is_written(prompt: &Prompt, message: &Message<'_>) -> bool {
    let mut unsaid = Notes::new(Dialect::AnthropicMessages);
    scratch(|list| encode_message(list, prompt, message, false, &mut unsaid)).is_some()
}

fn encode_system(object: &mut Object<'_>, prompt: &Prompt, leading: &[Turn], notes: &mut Notes) {
    let instructions = prompt.instructions.iter().flat_map(|content| &content.parts);
    let parts: Vec<_> = instructions.chain(leading.iter().flat_map(|turn| &turn.parts)).collect();
    let field = field_name(prompt, Field::Instructions);
    match parts.as_slice() {
        [Part { kind: PartKind::Text { text, .. }, cache: None, .. }] => {
            if !text.trim().is_empty() {
                object.string("system", text);
            }
        }
        parts => {
            let blocks = scratch(|list| {
                parts.iter().for_each(|part| encode_block(list, part, field, notes));
            });
            if let Some(blocks) = blocks {
                object.raw("system", &blocks);
            }
        }
    }
}

fn encode_message(
    list: &mut Array<'_>,
    prompt: &Prompt,
    message: &Message<'_>,
    is_prefill: bool,
    notes: &mut Notes,
) {
    let role = match message.speaker {
        Speaker::System => "system",
        Speaker::User => "user",
        Speaker::Assistant => "assistant",
    };
    if let [Placed { part, turn, index }] = message.parts.as_slice()
        && let Part { kind: PartKind::Text { text, citations }, cache: None, extra } = part
        && citations.is_empty()
        && extra.is_empty()
    {
        let text = if is_prefill { prefill(text, &part_field(prompt, *turn, *index), notes) } else { text };
        if !text.trim().is_empty() {
            list.object(|object| {
                object.string("role", role);
                object.string("content", text);
            });
        }
        return;
    }
    let blocks = scratch(|blocks| {
        for (index, placed) in message.parts.iter().enumerate() {
            let field = part_field(prompt, placed.turn, placed.index);
            match &placed.part.kind {
                PartKind::Text { text, .. } if is_prefill && index + 1 == message.parts.len() => {
                    let text = prefill(text, &field, notes);
                    let trimmed = Part { kind: Part::text(text).kind, ..placed.part.clone() };
                    encode_block(blocks, &trimmed, &field, notes);
                }
                _ => encode_block(blocks, placed.part, &field, notes),
            }
        }
    });
    if let Some(blocks) = blocks {
        list.object(|object| {
            object.string("role", role);
            object.raw("content", &blocks);
        });
    }
}

/// The beginning of an answer, which must not end in white space here.
fn prefill<'t>(text: &'t str, field: &str, notes: &mut Notes) -> &'t str {
    let trimmed = text.trim_end();
    if trimmed.len() < text.len() {
        notes.changed(field);
    }
    trimmed
}

/// An array on its own, or nothing when it is empty.
fn scratch(fill: impl FnOnce(&mut Array<'_>)) -> Option<String> {
    let mut out = Vec::new();
    let mut empty = true;
    writer::array(&mut out, |list| {
        fill(list);
        empty = list.is_empty();
    });
    if empty { None } else { String::from_utf8(out).ok() }
}

fn encode_block(list: &mut Array<'_>, part: &Part, field: &str, notes: &mut Notes) {
    match &part.kind {
        _ if part.is_blank_text() => return,
        PartKind::Text { text, citations } => {
            if !citations.is_empty() {
                notes.dropped(format!("{field}.citations"));
            }
            list.object(|block| {
                encode_text(block, text);
                encode_mark(block, part.cache.as_ref(), field, notes);
            });
        }
        PartKind::Refusal { text } if text.trim().is_empty() => return,
        PartKind::Refusal { text } => list.object(|block| encode_text(block, text)),
        PartKind::Image { source, detail } => {
            let written = media::encode_image(list, source, |block| {
                encode_mark(block, part.cache.as_ref(), field, notes);
            });
            match detail.as_deref() {
                _ if !written => notes.dropped(field),
                None | Some("auto") => {}
                Some(_) => notes.dropped(format!("{field}.image_url.detail")),
            }
        }
        PartKind::Document { source, name } => {
            let written = media::encode_document(list, source, name.as_deref(), |block| {
                encode_mark(block, part.cache.as_ref(), field, notes);
            });
            if !written {
                notes.dropped(field);
            }
        }
        PartKind::ToolCall(call) => encode_call(list, part, call, field, notes),
        PartKind::ToolResult(result) => encode_result(list, part, result, field, notes),
        PartKind::Thinking { .. } | PartKind::RedactedThinking { .. } => {
            encode_thinking(list, part, field, notes);
            return;
        }
        PartKind::Audio { .. } | PartKind::Native { .. } => {
            notes.dropped(field);
            return;
        }
    }
    notes.extra(&part.extra, field);
}

/// Thinking goes back only with its provider's proof.
fn encode_thinking(list: &mut Array<'_>, part: &Part, field: &str, notes: &mut Notes) {
    match &part.kind {
        PartKind::Thinking { text, signature: Some(signature) } if is_ours(part) && !signature.is_empty() => {
            list.object(|block| {
                block.string("type", "thinking");
                block.string("thinking", text);
                block.string("signature", signature);
            });
        }
        PartKind::RedactedThinking { data } if is_ours(part) => list.object(|block| {
            block.string("type", "redacted_thinking");
            block.string("data", data);
        }),
        _ => notes.dropped(field),
    }
}

/// Whether the thinking can be verified here: another provider's proof is worth nothing.
pub(crate) fn is_ours(part: &Part) -> bool {
    part.extra.get("format").is_none_or(|format| format.as_str().starts_with("\"anthropic"))
}

fn encode_call(list: &mut Array<'_>, part: &Part, call: &ToolCall, field: &str, notes: &mut Notes) {
    let (input, exact) = input_object(&call.arguments);
    if !exact {
        notes.changed(field);
    }
    notes.extra(&call.extra, field);
    list.object(|block| {
        encode_tool_use(block, &legal(&call.id, &CALL_ID), &call.name, &input);
        encode_mark(block, part.cache.as_ref(), field, notes);
    });
}

fn encode_result(list: &mut Array<'_>, part: &Part, result: &ToolResult, field: &str, notes: &mut Notes) {
    list.object(|block| {
        block.string("type", "tool_result");
        block.string("tool_use_id", &legal(&result.call_id, &CALL_ID));
        match result.parts.as_slice() {
            [Part { kind: PartKind::Text { text, .. }, cache: None, .. }] => block.string("content", text),
            parts => {
                let blocks = scratch(|list| {
                    parts.iter().for_each(|part| encode_block(list, part, field, notes));
                });
                if let Some(blocks) = blocks {
                    block.raw("content", &blocks);
                }
            }
        }
        block.optional_boolean("is_error", result.is_error);
        encode_mark(block, part.cache.as_ref(), field, notes);
    });
}

/// OpenAI's marks last 30 minutes unless they say 12 hours; this dialect knows five minutes and an hour.
fn encode_mark(block: &mut Object<'_>, mark: Option<&CacheMark>, field: &str, notes: &mut Notes) {
    let Some(mark) = mark else { return };
    if mark.ttl.is_some() {
        notes.clamped(format!("{field}.prompt_cache_breakpoint.ttl"));
    }
    block.object("cache_control", |object| {
        object.string("type", "ephemeral");
        if mark.ttl.as_deref() == Some("12h") {
            object.string("ttl", "1h");
        }
    });
}

pub(crate) const fn role_name(role: Role) -> &'static str {
    match role {
        Role::System | Role::Developer => "system",
        Role::User | Role::Tool => "user",
        Role::Assistant => "assistant",
    }
}
