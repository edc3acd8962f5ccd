//! The messages of a chat completion: roles, content parts, and the rule that every tool call is answered before
//! anything else is said. Reads the last turn for the script on the way.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::parameters::expect;
use super::shows_reasoning;
use crate::provider::refusal::{Checked, Refusal};
use crate::provider::script::Conversation;

/// Checks all messages and notes what the last turn says.
pub(super) fn read(messages: Option<&Value>, model: &str, conversation: &mut Conversation) -> Checked {
    let Some(messages) = messages.and_then(Value::as_array) else {
        return Err(Refusal::invalid("Missing required parameter: 'messages'.")
            .param("messages")
            .code("missing_required_parameter"));
    };
    if messages.is_empty() {
        let message = "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead.";
        return Err(Refusal::invalid(message).param("messages").code("empty_array"));
    }
    for (at, message) in messages.iter().enumerate() {
        check_message(at, message, model)?;
    }
    check_tool_answers(messages)?;
    read_last_turn(messages, conversation);
    Ok(())
}

fn check_message(at: usize, message: &Value, model: &str) -> Checked {
    let place = format!("messages[{at}]");
    let Some(members) = message.as_object() else {
        return expect(&place, "an object", false, message);
    };
    let role = message["role"].as_str().unwrap_or_default();
    let allowed: &[&str] = match role {
        "system" | "developer" | "user" => &["role", "content", "name"],
        "assistant" => ASSISTANT,
        "tool" => &["role", "content", "tool_call_id", "name"],
        "function" => &["role", "content", "name"],
        _ if members.contains_key("role") => {
            let text = format!(
                "Invalid value: '{role}'. Supported values are: 'system', 'assistant', 'user', 'function', 'tool', and 'developer'."
            );
            return Err(Refusal::invalid(text).param(format!("{place}.role")).code("invalid_value"));
        }
        _ => return Err(missing(&format!("{place}.role"))),
    };
    let reasoning = |name: &str| shows_reasoning(model) && ["reasoning_content", "reasoning"].contains(&name);
    if let Some(unknown) = members.keys().find(|name| !allowed.contains(&name.as_str()) && !reasoning(name)) {
        return Err(unknown_parameter(&format!("{place}.{unknown}")));
    }
    if role == "tool" && !message["tool_call_id"].is_string() {
        return Err(missing(&format!("{place}.tool_call_id")));
    }
    let calls = message["tool_calls"].as_array();
    if let Some(calls) = calls {
        check_calls(&place, calls)?;
    }
    let may_be_silent = role == "assistant"
        && (calls.is_some()
            || message["refusal"].is_string()
            || !message["audio"].is_null()
            || !message["function_call"].is_null());
    check_content(&format!("{place}.content"), &message["content"], role, may_be_silent)
}

fn check_content(place: &str, content: &Value, role: &str, may_be_silent: bool) -> Checked {
    match content {
        Value::String(_) => Ok(()),
        Value::Null if may_be_silent => Ok(()),
        Value::Null => {
            let message = "Invalid value for 'content': expected a string, got null.";
            Err(Refusal::invalid(message).param(place))
        }
        Value::Array(parts) if parts.is_empty() => {
            let message = format!(
                "Invalid '{place}': empty array. Expected an array with minimum length 1, but got an empty array instead."
            );
            Err(Refusal::invalid(message).param(place).code("empty_array"))
        }
        Value::Array(parts) => parts
            .iter()
            .enumerate()
            .try_for_each(|(at, part)| check_part(&format!("{place}[{at}]"), part, role)),
        other => expect(place, "one of a string or array of objects", false, other),
    }
}

fn check_part(place: &str, part: &Value, role: &str) -> Checked {
    let kind = part["type"].as_str().unwrap_or_default();
    let allowed: &[&str] = match role {
        "user" => &["text", "image_url", "input_audio", "file"],
        "assistant" => &["text", "refusal"],
        _ => &["text"],
    };
    if !allowed.contains(&kind) {
        let list = allowed.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(", ");
        let message = format!("Invalid value: '{kind}'. Supported values are: {list}.");
        return Err(Refusal::invalid(message).param(format!("{place}.type")).code("invalid_value"));
    }
    let mut members = part.as_object().into_iter().flat_map(|members| members.keys());
    let known = ["type", kind, "prompt_cache_breakpoint"];
    if let Some(unknown) = members.find(|name| !known.contains(&name.as_str())) {
        return Err(unknown_parameter(&format!("{place}.{unknown}")));
    }
    match kind {
        "text" | "refusal" => {
            expect(&format!("{place}.{kind}"), "a string", part[kind].is_string(), &part[kind])
        }
        "image_url" => check_image(&format!("{place}.image_url"), &part["image_url"]),
        _ => expect(&format!("{place}.{kind}"), "an object", part[kind].is_object(), &part[kind]),
    }
}

fn check_image(place: &str, image: &Value) -> Checked {
    expect(place, "an object", image.is_object(), image)?;
    let Some(url) = image["url"].as_str() else {
        return Err(missing(&format!("{place}.url")));
    };
    if let Some(detail) =
        image["detail"].as_str().filter(|detail| !["auto", "low", "high", "original"].contains(detail))
    {
        let message = format!(
            "Invalid value: '{detail}'. Supported values are: 'low', 'high', 'original', and 'auto'."
        );
        return Err(Refusal::invalid(message).param(format!("{place}.detail")).code("invalid_value"));
    }
    if url.starts_with("https://") || url.starts_with("http://") {
        return Ok(());
    }
    let data = url.strip_prefix("data:").and_then(|rest| rest.split_once(";base64,"));
    let wrong = |message: &str, code| Err(Refusal::invalid(message).param(format!("{place}.url")).code(code));
    match data {
        None => wrong(
            "Invalid image URL. The URL must be a valid HTTP or HTTPS URL, or a data URL.",
            "invalid_image_url",
        ),
        Some((media, _)) if !IMAGE_TYPES.contains(&media) => wrong(
            "You uploaded an unsupported image. Please make sure your image has of one the following formats: ['png', 'jpeg', 'gif', 'webp'].",
            "invalid_image_format",
        ),
        Some((_, data)) if data.is_empty() || STANDARD.decode(data).is_err() => {
            wrong("Invalid base64 image_url.", "invalid_base64")
        }
        Some(_) => Ok(()),
    }
}

fn check_calls(place: &str, calls: &[Value]) -> Checked {
    if calls.is_empty() {
        let message = format!(
            "Invalid '{place}.tool_calls': empty array. Expected an array with minimum length 1, but got an empty array instead."
        );
        return Err(Refusal::invalid(message).param(format!("{place}.tool_calls")).code("empty_array"));
    }
    for (at, call) in calls.iter().enumerate() {
        let place = format!("{place}.tool_calls[{at}]");
        let Some(id) = call["id"].as_str() else {
            return Err(missing(&format!("{place}.id")));
        };
        if id.len() > LONGEST_ID {
            let message = format!(
                "Invalid '{place}.id': string too long. Expected a string with maximum length {LONGEST_ID}, but got a string with length {} instead.",
                id.len()
            );
            return Err(Refusal::invalid(message)
                .param(format!("{place}.id"))
                .code("string_above_max_length"));
        }
        match call["type"].as_str() {
            Some("function") => {
                let function = &call["function"];
                expect(
                    &format!("{place}.function.name"),
                    "a string",
                    function["name"].is_string(),
                    &function["name"],
                )?;
                let arguments = &function["arguments"];
                expect(&format!("{place}.function.arguments"), "a string", arguments.is_string(), arguments)?;
            }
            Some("custom") => {}
            _ => return Err(missing(&format!("{place}.type"))),
        }
    }
    Ok(())
}

/// Each call is answered by a tool message before anything else comes, and tool messages answer calls.
fn check_tool_answers(messages: &[Value]) -> Checked {
    let mut open: Vec<&str> = Vec::new();
    let mut asked: Vec<&str> = Vec::new();
    let mut asked_at = 0;
    for (at, message) in messages.iter().enumerate() {
        if message["role"] == "tool" {
            let id = message["tool_call_id"].as_str().unwrap_or_default();
            if !asked.contains(&id) {
                let text = "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.";
                return Err(Refusal::invalid(text).param(format!("messages.[{at}].role")));
            }
            open.retain(|known| *known != id);
            continue;
        }
        check_answered(&open, asked_at)?;
        asked = message["tool_calls"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|call| call["id"].as_str())
            .collect();
        open.clone_from(&asked);
        asked_at = at;
    }
    check_answered(&open, asked_at)
}

fn check_answered(open: &[&str], asked_at: usize) -> Checked {
    if open.is_empty() {
        return Ok(());
    }
    let message = format!(
        "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. \
         The following tool_call_ids did not have response messages: {}",
        open.join(", ")
    );
    Err(Refusal::invalid(message).param(format!("messages.[{}].role", asked_at + 1)))
}

fn read_last_turn(messages: &[Value], conversation: &mut Conversation) {
    let last_results = messages.iter().rev().take_while(|message| message["role"] == "tool");
    conversation.results = last_results.map(|message| text_of(&message["content"])).collect();
    conversation.results.reverse();
    let last_user = messages.iter().rev().find(|message| message["role"] == "user");
    let Some(content) = last_user.map(|message| &message["content"]) else {
        return;
    };
    conversation.text = text_of(content);
    for part in content.as_array().into_iter().flatten() {
        match part["type"].as_str() {
            Some("image_url") => conversation.attachments.push(media_type(part["image_url"]["url"].as_str())),
            Some("file") => conversation.attachments.push("file".to_owned()),
            Some("input_audio") => conversation.attachments.push("audio".to_owned()),
            _ => {}
        }
    }
}

fn text_of(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => {
            parts.iter().filter_map(|part| part["text"].as_str()).collect::<Vec<_>>().join("\n")
        }
        _ => String::new(),
    }
}

fn media_type(url: Option<&str>) -> String {
    let data = url.and_then(|url| url.strip_prefix("data:")).and_then(|rest| rest.split_once(';'));
    data.map_or("url", |(media, _)| media).to_owned()
}

fn missing(place: &str) -> Refusal {
    Refusal::invalid(format!("Missing required parameter: '{place}'."))
        .param(place)
        .code("missing_required_parameter")
}

fn unknown_parameter(place: &str) -> Refusal {
    Refusal::invalid(format!("Unknown parameter: '{place}'.")).param(place).code("unknown_parameter")
}

const ASSISTANT: &[&str] =
    &["role", "content", "name", "refusal", "audio", "tool_calls", "function_call", "annotations"];
const IMAGE_TYPES: &[&str] = &["image/png", "image/jpeg", "image/gif", "image/webp"];
const LONGEST_ID: usize = 40;
