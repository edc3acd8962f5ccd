//! The content blocks of messages: their types, members and limits, for every role.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::fields::{Kind, check_output_config, expect, only, required};
use super::{Version, thinking};
use crate::provider::refusal::{Checked, Refusal};

/// Checks one message by itself; what holds between messages is the matter of [`super::pairing`].
pub(super) fn check_message(at: usize, message: &Value, is_last: bool, version: Version) -> Checked {
    let place = format!("messages.{at}");
    expect(&place, &Kind::Object, message)?;
    let Some(members) = message.as_object() else {
        return Ok(());
    };
    let role = required(members, &place, "role", &Kind::Text)?.as_str().unwrap_or_default();
    match role {
        "user" | "assistant" => only(&place, members, &["role", "content"])?,
        "system" => {
            only(&place, members, &["role", "content", "output_config", "cache_control"])?;
            if let Some(config) = message["output_config"].as_object() {
                check_output_config(&format!("{place}.output_config"), config)?;
            }
        }
        _ => {
            return Err(Refusal::invalid(format!(
                "{place}.role: Input should be 'user', 'assistant' or 'system'"
            )));
        }
    }
    let content = required(members, &place, "content", &Kind::Any)?;
    let may_be_empty = is_last && role == "assistant";
    match content {
        Value::String(text) if text.is_empty() && !may_be_empty => Err(empty_content(at)),
        Value::String(text) if may_be_empty && text.ends_with(char::is_whitespace) => {
            Err(Refusal::invalid("messages: final assistant content cannot end with trailing whitespace"))
        }
        Value::String(_) => Ok(()),
        Value::Array(blocks) if blocks.is_empty() && !may_be_empty => Err(empty_content(at)),
        Value::Array(blocks) => blocks
            .iter()
            .enumerate()
            .try_for_each(|(n, block)| check_block(&format!("{place}.content.{n}"), block, role, version)),
        _ => Err(Refusal::invalid(format!("{place}.content: Input should be a valid string or list"))),
    }
}

fn empty_content(at: usize) -> Refusal {
    Refusal::invalid(format!(
        "messages.{at}: all messages must have non-empty content except for the optional final assistant message"
    ))
}

fn check_block(place: &str, block: &Value, role: &str, version: Version) -> Checked {
    let Some(members) = block.as_object() else {
        return expect(place, &Kind::Object, block);
    };
    let kind = required(members, place, "type", &Kind::Text)?.as_str().unwrap_or_default();
    let inner = format!("{place}.{kind}");
    let misplaced = match kind {
        "tool_use" | "thinking" | "redacted_thinking" => role != "assistant",
        "tool_result" | "image" | "search_result" => role != "user",
        "document" => role == "system" || role == "assistant" && version >= Version::V20261021,
        _ => false,
    };
    if misplaced {
        return Err(Refusal::invalid(format!("{place}: `{kind}` blocks are not allowed in {role} messages")));
    }
    match kind {
        "text" => {
            only(&inner, members, &["type", "text", "cache_control", "citations"])?;
            let cites = block["citations"].as_array().is_some_and(|citations| !citations.is_empty());
            if cites && role == "user" && version >= Version::V20261021 {
                return Err(Refusal::invalid(format!(
                    "{inner}.citations: citations are not allowed on user text"
                )));
            }
            check_text("messages", required(members, &inner, "text", &Kind::Text)?)
        }
        "image" => {
            only(&inner, members, &["type", "source", "cache_control"])?;
            check_image(&inner, required(members, &inner, "source", &Kind::Object)?)
        }
        "document" => {
            only(&inner, members, &["type", "source", "title", "context", "citations", "cache_control"])?;
            required(members, &inner, "source", &Kind::Object).map(drop)
        }
        "tool_use" => check_tool_use(&inner, members),
        "tool_result" => check_tool_result(&inner, members, version),
        "thinking" | "redacted_thinking" => thinking::check_block(place, kind, members),
        _ if OTHER_BLOCKS.contains(&kind) => Ok(()),
        _ => Err(Refusal::invalid(format!(
            "{place}: Input tag '{kind}' found using 'type' does not match any of the expected tags"
        ))),
    }
}

/// Text must say something.
pub(super) fn check_text(place: &str, text: &Value) -> Checked {
    match text.as_str() {
        Some("") => Err(Refusal::invalid(format!("{place}: text content blocks must be non-empty"))),
        Some(text) if text.trim().is_empty() => {
            Err(Refusal::invalid(format!("{place}: text content blocks must contain non-whitespace text")))
        }
        Some(_) => Ok(()),
        None => expect(place, &Kind::Text, text),
    }
}

fn check_image(place: &str, source: &Value) -> Checked {
    let kind = source["type"].as_str().unwrap_or_default();
    let place = format!("{place}.source.{kind}");
    let Some(members) = source.as_object() else {
        return Ok(());
    };
    match kind {
        "base64" => {
            only(&place, members, &["type", "media_type", "data"])?;
            let media = required(members, &place, "media_type", &Kind::Text)?;
            if !media.as_str().is_some_and(|media| IMAGE_TYPES.contains(&media)) {
                let message = format!(
                    "{place}.media_type: Input should be 'image/jpeg', 'image/png', 'image/gif' or 'image/webp'"
                );
                return Err(Refusal::invalid(message));
            }
            let data = required(members, &place, "data", &Kind::Text)?.as_str().unwrap_or_default();
            if data.is_empty() || STANDARD.decode(data).is_err() {
                return Err(Refusal::invalid(format!("{place}.data: invalid base64 data")));
            }
            Ok(())
        }
        "url" => {
            only(&place, members, &["type", "url"])?;
            let url = required(members, &place, "url", &Kind::Text)?.as_str().unwrap_or_default();
            if url.starts_with("https://") {
                Ok(())
            } else {
                Err(Refusal::invalid("Only HTTPS URLs are supported."))
            }
        }
        "file" => required(members, &place, "file_id", &Kind::Text).map(drop),
        _ => Err(Refusal::invalid(format!(
            "{place}: Input tag '{kind}' found using 'type' does not match any of the expected tags: 'base64', 'url', 'file'"
        ))),
    }
}

fn check_tool_use(place: &str, members: &Map<String, Value>) -> Checked {
    only(place, members, &["type", "id", "name", "input", "cache_control", "caller"])?;
    check_id(&format!("{place}.id"), required(members, place, "id", &Kind::Text)?)?;
    required(members, place, "name", &Kind::Text)?;
    required(members, place, "input", &Kind::Object).map(drop)
}

fn check_tool_result(place: &str, members: &Map<String, Value>, version: Version) -> Checked {
    only(place, members, &["type", "tool_use_id", "content", "is_error", "cache_control"])?;
    check_id(&format!("{place}.tool_use_id"), required(members, place, "tool_use_id", &Kind::Text)?)?;
    if let Some(is_error) = members.get("is_error") {
        expect(&format!("{place}.is_error"), &Kind::Boolean, is_error)?;
    }
    match members.get("content") {
        None | Some(Value::String(_)) => Ok(()),
        Some(Value::Array(blocks)) => blocks.iter().enumerate().try_for_each(|(at, block)| {
            let place = format!("{place}.content.{at}");
            match block["type"].as_str() {
                Some("text" | "image" | "document" | "search_result") => check_block(&place, block, "user", version),
                _ => Err(Refusal::invalid(format!(
                    "{place}: Input tag found using 'type' does not match any of the expected tags: 'text', 'image', 'document', 'search_result'"
                ))),
            }
        }),
        Some(_) => Err(Refusal::invalid(format!("{place}.content: Input should be a valid string or list"))),
    }
}

fn check_id(place: &str, id: &Value) -> Checked {
    let id = id.as_str().unwrap_or_default();
    if !id.is_empty() && id.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-') {
        return Ok(());
    }
    Err(Refusal::invalid(format!("{place}: String should match pattern '^[a-zA-Z0-9_-]+$'")))
}

const IMAGE_TYPES: &[&str] = &["image/jpeg", "image/png", "image/gif", "image/webp"];

/// Blocks that exist and that the mock does not look into.
const OTHER_BLOCKS: &[&str] = &[
    "search_result",
    "server_tool_use",
    "web_search_tool_result",
    "code_execution_tool_result",
    "compaction",
    "container_upload",
    "mcp_tool_use",
    "mcp_tool_result",
    "tool_addition",
    "tool_removal",
];
