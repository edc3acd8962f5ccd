//! Writes the messages of a request that another dialect's turns become: results in messages of their own right after
//! the calls, and what a result cannot hold (an image) in the user message after them.

use std::borrow::Cow;

use super::pieces::{self, Piece};
use super::turns_same::role_name;
use crate::hub::arrange::{Message, Placed, Speaker, arrange};
use crate::hub::id::{IdRule, legal};
use crate::hub::{Field, PartKind, Prompt, ToolCall, ToolResult, field_name, part_field};
use crate::note::Notes;
use crate::writer::{Array, Object};

/// OpenAI refuses longer ids of tool calls.
const CALL_ID: IdRule = IdRule { max_len: 40, plain: false, prefix: "call_" };

/// Writes `messages`; false when none is left, which no provider takes.
pub(crate) fn encode_foreign_turns(object: &mut Object<'_>, prompt: &Prompt, notes: &mut Notes) -> bool {
    let mut said = false;
    object.array("messages", |list| {
        if let Some(content) = &prompt.instructions {
            let field = field_name(prompt, Field::Instructions);
            let mut system = Vec::new();
            for (index, part) in content.parts.iter().enumerate() {
                pieces::of_part(part, &format!("{field}[{index}]"), &mut system, notes);
            }
            encode_message(list, "system", &system);
        }
        for message in arrange(&prompt.turns, 0) {
            match message.speaker {
                Speaker::System => {
                    let system = pieces_of(prompt, &message.parts, notes);
                    encode_message(list, role_name(message.role, false), &system);
                }
                Speaker::User => encode_user(list, prompt, &message, notes),
                Speaker::Assistant => encode_assistant(list, prompt, &message, notes),
            }
        }
        said = !list.is_empty();
    });
    let field = field_name(prompt, Field::Turns);
    for (index, turn) in prompt.turns.iter().enumerate() {
        notes.extra(&turn.extra, &format!("{field}[{index}]"));
    }
    said
}

fn pieces_of<'p>(prompt: &Prompt, parts: &[Placed<'p>], notes: &mut Notes) -> Vec<Piece<'p>> {
    let mut pieces = Vec::new();
    for placed in parts {
        let field = part_field(prompt, placed.turn, placed.index);
        pieces::of_part(placed.part, &field, &mut pieces, notes);
    }
    pieces
}

fn encode_message(list: &mut Array<'_>, role: &str, pieces: &[Piece<'_>]) {
    if pieces.is_empty() {
        return;
    }
    list.object(|message| {
        message.string("role", role);
        pieces::encode_content(message, pieces);
    });
}

fn encode_user(list: &mut Array<'_>, prompt: &Prompt, message: &Message<'_>, notes: &mut Notes) {
    let mut left = Vec::new();
    for placed in &message.parts {
        let field = part_field(prompt, placed.turn, placed.index);
        if let PartKind::ToolResult(result) = &placed.part.kind {
            let mut texts = result_texts(result, &field, &mut left, notes);
            if let Some(mark) = &placed.part.cache {
                pieces::mark_last(&mut texts, mark, &field, notes);
            }
            notes.extra(&placed.part.extra, &field);
            list.object(|message| {
                message.string("role", "tool");
                message.string("tool_call_id", &legal(&result.call_id, &CALL_ID));
                pieces::encode_content(message, &texts);
            });
        } else {
            pieces::of_part(placed.part, &field, &mut left, notes);
        }
    }
    encode_message(list, "user", &left);
}

/// The text of a result; images and files go to `left`, for the message after it.
fn result_texts<'p>(
    result: &'p ToolResult,
    field: &str,
    left: &mut Vec<Piece<'p>>,
    notes: &mut Notes,
) -> Vec<Piece<'p>> {
    let mut all = Vec::new();
    for (index, part) in result.parts.iter().enumerate() {
        pieces::of_part(part, &format!("{field}.content[{index}]"), &mut all, notes);
    }
    let (mut texts, media): (Vec<_>, Vec<_>) = all.into_iter().partition(Piece::is_text);
    if !media.is_empty() {
        notes.changed(format!("{field}.content"));
        left.extend(media);
    }
    if result.is_error == Some(true) {
        notes.changed(format!("{field}.is_error"));
        say_failed(&mut texts);
    }
    texts
}

/// Failure has no field of its own, so the text says it, unless it does already.
fn say_failed(texts: &mut Vec<Piece<'_>>) {
    match texts.first_mut() {
        Some(Piece::Text { text, .. }) => {
            let says = text.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("error"));
            if !says {
                *text = Cow::Owned(format!("Error: {text}"));
            }
        }
        _ => texts.push(Piece::text("Error")),
    }
}

fn encode_assistant(list: &mut Array<'_>, prompt: &Prompt, message: &Message<'_>, notes: &mut Notes) {
    let mut texts = Vec::new();
    let mut refusal = None;
    let mut calls = Vec::new();
    for placed in &message.parts {
        let field = part_field(prompt, placed.turn, placed.index);
        match &placed.part.kind {
            PartKind::ToolCall(call) => {
                note_call_losses(placed, &field, notes);
                calls.push(call);
            }
            PartKind::Refusal { text } => refusal = Some(text),
            // What the gateway made of unsigned thinking that it had no text of.
            PartKind::Thinking { text, signature } if text.is_empty() && signature.as_deref() == Some("") => {
            }
            PartKind::Thinking { .. } => notes.dropped(format!("{field}.thinking")),
            PartKind::RedactedThinking { .. } => notes.dropped(format!("{field}.data")),
            PartKind::Text { .. } => pieces::of_part(placed.part, &field, &mut texts, notes),
            _ => notes.dropped(field),
        }
    }
    if texts.is_empty() && refusal.is_none() && calls.is_empty() {
        return;
    }
    list.object(|message| {
        message.string("role", "assistant");
        if texts.is_empty() {
            message.null("content");
        } else {
            pieces::encode_content(message, &texts);
        }
        message.optional_string("refusal", refusal.map(String::as_str));
        if !calls.is_empty() {
            message.array("tool_calls", |list| {
                calls.into_iter().for_each(|call| encode_call(list, call));
            });
        }
    });
}

fn encode_call(list: &mut Array<'_>, call: &ToolCall) {
    list.object(|object| super::turns_same::encode_call(object, &legal(&call.id, &CALL_ID), call));
}

fn note_call_losses(placed: &Placed<'_>, field: &str, notes: &mut Notes) {
    if placed.part.cache.is_some() {
        notes.dropped(format!("{field}.cache_control"));
    }
    notes.extra(&placed.part.extra, field);
}
