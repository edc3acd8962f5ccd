//! Reads the messages of a request.

use std::collections::HashMap;

use domain::CallError;

use super::parts;
use super::reasoning;
use crate::fields::{Fields, Path, Value, wrong};
use crate::hub::{Extra, Part, PartKind, Role, ToolCall, ToolCallKind, ToolResult, Turn, TurnSpelling};

pub(crate) fn decode_turns(fields: &mut Fields<'_, '_>) -> Result<Vec<Turn>, CallError> {
    let at = fields.at.member("messages");
    let messages = fields.need_items("messages")?;
    if messages.is_empty() {
        return Err(wrong(&at, "an array of at least one message"));
    }
    let mut functions = LegacyCalls::default();
    let turns = messages.into_iter().enumerate();
    turns.map(|(index, message)| decode_turn(message, &at.item(index), index, &mut functions)).collect()
}

/// Calls in the form before tools have no ids. Each gets one, and a result belongs to the last call of its name.
#[derive(Default)]
struct LegacyCalls {
    ids: HashMap<String, String>,
}

impl LegacyCalls {
    fn call(&mut self, name: &str, index: usize) -> String {
        let id = format!("call_function_{index}");
        self.ids.insert(name.to_owned(), id.clone());
        id
    }

    fn result(&self, name: &str) -> String {
        self.ids.get(name).cloned().unwrap_or_else(|| format!("call_function_{name}"))
    }
}

fn decode_turn(
    message: Value<'_>,
    at: &Path<'_>,
    index: usize,
    functions: &mut LegacyCalls,
) -> Result<Turn, CallError> {
    let mut fields = message.need_fields(at)?;
    let role = match fields.need_text("role")?.as_str() {
        "system" => Role::System,
        "developer" => Role::Developer,
        "user" => Role::User,
        "assistant" => return decode_assistant(fields, index, functions),
        "tool" => return decode_tool_result(fields),
        "function" => return decode_function_result(fields, functions),
        _ => {
            let roles = "one of `system`, `developer`, `user`, `assistant` and `tool`";
            return Err(wrong(&at.member("role"), roles));
        }
    };
    let content = decode_content(&mut fields)?;
    if content.is_none() {
        return Err(fields.missing("content", "a string or an array of parts"));
    }
    let (parts, bare) = content.unwrap_or_default();
    Ok(Turn { role, parts, extra: fields.rest(), spelling: TurnSpelling { bare, ..Default::default() } })
}

/// The parts of `content`, and whether it is a plain string.
fn decode_content(fields: &mut Fields<'_, '_>) -> Result<Option<(Vec<Part>, bool)>, CallError> {
    let at = fields.at.member("content");
    let Some(content) = fields.peek("content") else {
        return Ok(None);
    };
    if let Some(text) = content.text() {
        fields.take("content");
        return Ok(Some((vec![Part::text(text)], true)));
    }
    let items = content.items().ok_or_else(|| wrong(&at, "a string or an array of parts"))?;
    if items.is_empty() {
        // It says nothing, but its sender wrote it: it stays among what rides along.
        return Ok(Some((Vec::new(), false)));
    }
    fields.take("content");
    let parts = items.into_iter().enumerate();
    let parts: Result<_, _> = parts.map(|(index, part)| parts::decode_part(part, &at.item(index))).collect();
    Ok(Some((parts?, false)))
}

fn decode_assistant(
    mut fields: Fields<'_, '_>,
    index: usize,
    functions: &mut LegacyCalls,
) -> Result<Turn, CallError> {
    let mut spelling = TurnSpelling::default();
    let mut parts = reasoning::decode_reasoning(&mut fields, &mut spelling)?;
    if let Some((content, bare)) = decode_content(&mut fields)? {
        parts.extend(content);
        spelling.bare = bare;
    }
    if let Some(text) = fields.text("refusal")? {
        parts.push(PartKind::Refusal { text }.into());
        spelling.refusal_field = true;
    }
    parts.extend(decode_tool_calls(&mut fields)?);
    if let Some(call) = fields.object("function_call")? {
        let at = fields.at.member("function_call");
        let mut call = call.need_fields(&at)?;
        let name = call.need_text("name")?;
        let arguments = call.text("arguments")?.unwrap_or_default();
        let id = functions.call(&name, index);
        let call = ToolCall { extra: call.rest(), ..ToolCall::function(id, name, arguments) };
        parts.push(PartKind::ToolCall(call).into());
        spelling.legacy_function = true;
    }
    Ok(Turn { role: Role::Assistant, parts, extra: fields.rest(), spelling })
}

/// Reads `tool_calls`, of a message in a request or in a reply.
pub(crate) fn decode_tool_calls(fields: &mut Fields<'_, '_>) -> Result<Vec<Part>, CallError> {
    let at = fields.at.member("tool_calls");
    if fields.peek("tool_calls").and_then(Value::items).is_some_and(|calls| calls.is_empty()) {
        return Ok(Vec::new());
    }
    let calls = fields.items("tool_calls")?.unwrap_or_default().into_iter().enumerate();
    calls.map(|(index, call)| decode_tool_call(call, &at.item(index))).collect()
}

fn decode_tool_call(call: Value<'_>, at: &Path<'_>) -> Result<Part, CallError> {
    let mut fields = call.need_fields(at)?;
    let id = fields.text("id")?.unwrap_or_default();
    // Some servers leave the type out; there is only one that needs no saying.
    let kind = match fields.text("type")?.as_deref() {
        None | Some("function") => ToolCallKind::Function,
        Some("custom") => ToolCallKind::Custom,
        Some(_) => return Err(wrong(&at.member("type"), "`function` or `custom`")),
    };
    let (member, input) = match kind {
        ToolCallKind::Function => ("function", "arguments"),
        ToolCallKind::Custom => ("custom", "input"),
    };
    let inner_at = at.member(member);
    let mut inner = fields.need_object(member)?.need_fields(&inner_at)?;
    let name = inner.need_text("name")?;
    let arguments = decode_arguments(&mut inner, input)?;
    let call = ToolCall { id, name, arguments, kind, extra: inner.rest() };
    Ok(Part { extra: fields.rest(), ..PartKind::ToolCall(call).into() })
}

/// Arguments are a string that holds JSON; some servers send the object itself.
fn decode_arguments(fields: &mut Fields<'_, '_>, name: &str) -> Result<String, CallError> {
    match fields.peek(name) {
        Some(value) if value.is_object() => {
            fields.take(name);
            Ok(value.raw().to_owned())
        }
        _ => Ok(fields.text(name)?.unwrap_or_default()),
    }
}

fn decode_tool_result(mut fields: Fields<'_, '_>) -> Result<Turn, CallError> {
    let call_id = fields.need_text("tool_call_id")?;
    let (parts, bare) = decode_content(&mut fields)?.unwrap_or_default();
    let result = ToolResult { call_id, name: None, parts, bare, is_error: None };
    Ok(tool_turn(result, fields.rest(), false))
}

fn decode_function_result(mut fields: Fields<'_, '_>, functions: &LegacyCalls) -> Result<Turn, CallError> {
    let name = fields.need_text("name")?;
    let (parts, bare) = decode_content(&mut fields)?.unwrap_or_default();
    let result =
        ToolResult { call_id: functions.result(&name), name: Some(name), parts, bare, is_error: None };
    Ok(tool_turn(result, fields.rest(), true))
}

fn tool_turn(result: ToolResult, extra: Extra, legacy_function: bool) -> Turn {
    Turn {
        role: Role::Tool,
        parts: vec![PartKind::ToolResult(result).into()],
        extra,
        spelling: TurnSpelling { legacy_function, ..Default::default() },
    }
}
