//! Tools and tool choice of a Messages request.

use serde_json::{Map, Value};

use super::fields::{Kind, only, required};
use crate::provider::refusal::{Checked, Refusal};
use crate::provider::script::{Choice, Conversation, Tool};

pub(super) fn read(body: &Map<String, Value>, conversation: &mut Conversation) -> Checked {
    for (at, tool) in body.get("tools").and_then(Value::as_array).into_iter().flatten().enumerate() {
        if let Some(tool) = read_tool(at, tool)? {
            if conversation.tools.iter().any(|known| known.name == tool.name) {
                return Err(Refusal::invalid("tools: Tool names must be unique."));
            }
            conversation.tools.push(tool);
        }
    }
    let Some(choice) = body.get("tool_choice").and_then(Value::as_object) else {
        return Ok(());
    };
    let has_tools = body.get("tools").and_then(Value::as_array).is_some_and(|tools| !tools.is_empty());
    read_choice(choice, has_tools, conversation)
}

fn read_tool(at: usize, tool: &Value) -> Checked<Option<Tool>> {
    let place = format!("tools.{at}");
    let Some(members) = tool.as_object() else {
        return Err(Refusal::invalid(format!("{place}: Input should be a valid dictionary")));
    };
    match tool["type"].as_str() {
        None | Some("custom") => {}
        // Server tools are named with their date: `web_search_20260209`.
        Some(kind)
            if kind.rsplit('_').next().is_some_and(|date| date.len() == 8 && date.parse::<u32>().is_ok()) =>
        {
            return Ok(None);
        }
        Some(kind) => {
            let message = format!(
                "{place}: Input tag '{kind}' found using 'type' does not match any of the expected tags"
            );
            return Err(Refusal::invalid(message));
        }
    }
    let place = format!("{place}.custom");
    only(&place, members, TOOL)?;
    let name = required(members, &place, "name", &Kind::Text)?.as_str().unwrap_or_default();
    let fits = !name.is_empty() && name.len() <= 128;
    if !fits || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-') {
        return Err(Refusal::invalid(format!(
            "{place}.name: String should match pattern '^[a-zA-Z0-9_-]{{1,128}}$'"
        )));
    }
    let schema = required(members, &place, "input_schema", &Kind::Object)?;
    match schema["type"].as_str() {
        Some("object") => {}
        Some(_) => {
            return Err(Refusal::invalid(format!("{place}.input_schema.type: Input should be 'object'")));
        }
        None => {
            return Err(Refusal::invalid(format!("{place}.input_schema.type: Field required")));
        }
    }
    if ["oneOf", "allOf", "anyOf"].iter().any(|word| schema.get(word).is_some()) {
        let message = format!(
            "{place}.input_schema: input_schema does not support oneOf, allOf, or anyOf at the top level"
        );
        return Err(Refusal::invalid(message));
    }
    Ok(Some(Tool { name: name.to_owned(), schema: schema.clone() }))
}

fn read_choice(choice: &Map<String, Value>, has_tools: bool, conversation: &mut Conversation) -> Checked {
    let kind = required(choice, "tool_choice", "type", &Kind::Text)?.as_str().unwrap_or_default();
    let place = format!("tool_choice.{kind}");
    let known: &[&str] = match kind {
        "auto" | "any" => &["type", "disable_parallel_tool_use"],
        "tool" => &["type", "name", "disable_parallel_tool_use"],
        "none" => &["type"],
        _ => {
            let message = format!(
                "tool_choice: Input tag '{kind}' found using 'type' does not match any of the expected tags: 'auto', 'any', 'tool', 'none'"
            );
            return Err(Refusal::invalid(message));
        }
    };
    only(&place, choice, known)?;
    if !has_tools && kind != "none" {
        return Err(Refusal::invalid("tool_choice: tool_choice may only be specified while providing tools"));
    }
    conversation.one_call_only = choice.get("disable_parallel_tool_use") == Some(&Value::Bool(true));
    conversation.choice = match kind {
        "any" => Choice::Any,
        "none" => Choice::Nothing,
        "tool" => {
            let name = required(choice, &place, "name", &Kind::Text)?.as_str().unwrap_or_default();
            if !conversation.tools.iter().any(|tool| tool.name == name) {
                return Err(Refusal::invalid(format!("Tool '{name}' not found in provided tools")));
            }
            Choice::Named(name.to_owned())
        }
        _ => Choice::Auto,
    };
    Ok(())
}

const TOOL: &[&str] = &[
    "type",
    "name",
    "description",
    "input_schema",
    "strict",
    "cache_control",
    "defer_loading",
    "eager_input_streaming",
    "input_examples",
    "allowed_callers",
];
