//! Writes messages and content blocks as the same dialect had them.

use crate::hub::{Content, Extra, Json, Media, Part, PartKind, Prompt, ToolResult};
use crate::writer::{Array, Object};

pub(crate) fn encode_same_turns(object: &mut Object<'_>, prompt: &Prompt) {
    if let Some(Content { parts, bare }) = &prompt.instructions {
        encode_content(object, "system", parts, *bare);
    }
    object.array("messages", |list| {
        for turn in &prompt.turns {
            list.object(|message| {
                message.string("role", super::turns_foreign::role_name(turn.role));
                if turn.extra.get("content").is_none() && !(turn.parts.is_empty() && is_settings(&turn.extra))
                {
                    encode_content(message, "content", &turn.parts, turn.spelling.bare);
                }
                message.extra(&turn.extra);
            });
        }
    });
}

/// A system message without content holds settings.
fn is_settings(extra: &Extra) -> bool {
    !extra.is_empty()
}

fn encode_content(object: &mut Object<'_>, name: &str, parts: &[Part], bare: bool) {
    match parts {
        [Part { kind: PartKind::Text { text, .. }, .. }] if bare => object.string(name, text),
        parts => object.array(name, |list| {
            parts.iter().for_each(|part| encode_same_block(list, part));
        }),
    }
}

pub(crate) fn encode_same_block(list: &mut Array<'_>, part: &Part) {
    if let PartKind::Native { json, .. } = &part.kind {
        list.json(json);
        return;
    }
    list.object(|block| {
        encode_same_kind(block, part);
        if let Some(mark) = &part.cache {
            block.json("cache_control", &mark.written);
        }
        block.extra(&part.extra);
    });
}

fn encode_same_kind(block: &mut Object<'_>, part: &Part) {
    match &part.kind {
        PartKind::Text { text, citations } => {
            encode_text(block, text);
            if !citations.is_empty() {
                block.array("citations", |list| {
                    citations.iter().for_each(|citation| list.json(&citation.written));
                });
            }
        }
        PartKind::Image { source, .. } => {
            block.string("type", "image");
            encode_source(block, source);
        }
        PartKind::Document { source, name } => {
            block.string("type", "document");
            encode_source(block, source);
            block.optional_string("title", name.as_deref());
        }
        PartKind::ToolCall(call) => encode_tool_use(block, &call.id, &call.name, &call.arguments),
        PartKind::ToolResult(result) => encode_same_result(block, result, &part.extra),
        PartKind::Thinking { text, signature } => {
            block.string("type", "thinking");
            block.string("thinking", text);
            block.optional_string("signature", signature.as_deref());
        }
        PartKind::RedactedThinking { data } => {
            block.string("type", "redacted_thinking");
            block.string("data", data);
        }
        PartKind::Refusal { text } => encode_text(block, text),
        // This dialect has no audio, and native blocks are written whole.
        PartKind::Audio { .. } | PartKind::Native { .. } => {}
    }
}

fn encode_same_result(block: &mut Object<'_>, result: &ToolResult, extra: &Extra) {
    block.string("type", "tool_result");
    block.string("tool_use_id", &result.call_id);
    if !result.parts.is_empty() && extra.get("content").is_none() {
        encode_content(block, "content", &result.parts, result.bare);
    }
    block.optional_boolean("is_error", result.is_error);
}

pub(crate) fn encode_text(block: &mut Object<'_>, text: &str) {
    block.string("type", "text");
    block.string("text", text);
}

pub(crate) fn encode_tool_use(block: &mut Object<'_>, id: &str, name: &str, input: &str) {
    block.string("type", "tool_use");
    block.string("id", id);
    block.string("name", name);
    block.raw("input", input);
}

fn encode_source(block: &mut Object<'_>, source: &Media) {
    if let Media::Native(json) = source {
        block.json("source", json);
        return;
    }
    block.object("source", |object| match source {
        Media::Inline { media_type, data } => {
            object.string("type", "base64");
            object.optional_string("media_type", media_type.as_deref());
            object.string("data", data);
        }
        Media::Url(url) => {
            object.string("type", "url");
            object.string("url", url);
        }
        Media::File(id) => {
            object.string("type", "file");
            object.string("file_id", id);
        }
        Media::Text(text) => encode_text_source(object, text),
        Media::Parts { parts, bare } => {
            object.string("type", "content");
            encode_content(object, "content", parts, *bare);
        }
        Media::Native(_) => {}
    });
}

pub(crate) fn encode_text_source(object: &mut Object<'_>, text: &str) {
    object.string("type", "text");
    object.string("media_type", "text/plain");
    object.string("data", text);
}

/// The object that the model's arguments must become here, and whether they were one already.
pub(crate) fn input_object(arguments: &str) -> (String, bool) {
    if arguments.trim().is_empty() {
        return ("{}".to_owned(), true);
    }
    match Json::parse(arguments) {
        Some(json) if json.as_str().starts_with('{') => (json.as_str().to_owned(), true),
        _ => (crate::writer::json_object(|object| object.string("input", arguments)).to_string(), false),
    }
}
