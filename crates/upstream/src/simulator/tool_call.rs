//! When the simulator calls a tool, and with what.

use serde_json::{Map, Value};
use wire::{FunctionTool, Prompt, Role, Tool, ToolCall, ToolChoice};

use super::answer::all_text;

/// The calls that this prompt asks for. After a tool has answered, none: a loop must come to its end.
pub(super) fn wanted(prompt: &Prompt) -> Vec<ToolCall> {
    let answered = prompt.turns.last().is_some_and(wire::Turn::has_tool_results);
    if answered || prompt.tool_choice == Some(ToolChoice::None) {
        return Vec::new();
    }
    let functions = prompt.tools.iter().filter_map(|tool| match tool {
        Tool::Function(function) => Some(function),
        Tool::Native { .. } => None,
    });
    let chosen: Vec<&FunctionTool> = match &prompt.tool_choice {
        Some(ToolChoice::Tool(name)) => functions.filter(|function| function.name == *name).collect(),
        Some(ToolChoice::Required | ToolChoice::Allowed { required: true, .. }) => {
            functions.take(1).collect()
        }
        _ => {
            let said = prompt.turns.iter().rev().find(|turn| turn.role == Role::User);
            let said = said.map(|turn| all_text(&turn.parts)).unwrap_or_default();
            functions.filter(|function| said.contains(&function.name)).collect()
        }
    };
    let most = if prompt.parallel_tool_calls == Some(false) { 1 } else { usize::MAX };
    (1..).zip(chosen.into_iter().take(most)).map(|(number, function)| call(number, function)).collect()
}

fn call(number: u32, function: &FunctionTool) -> ToolCall {
    let schema = function.parameters.as_ref().map_or("{}", |schema| schema.as_str());
    ToolCall::function(format!("call_simulated_{number}"), &*function.name, instance(schema))
}

/// A small value that fits a JSON Schema, as far as the common keywords go.
pub(super) fn instance(schema: &str) -> String {
    let schema = serde_json::from_str(schema).unwrap_or(Value::Null);
    let value = match value(&schema, 0) {
        Value::Object(object) => Value::Object(object),
        _ => Value::Object(Map::new()),
    };
    value.to_string()
}

/// Schemas may contain themselves.
const DEEPEST: usize = 16;

fn value(schema: &Value, depth: usize) -> Value {
    if depth > DEEPEST {
        return Value::Null;
    }
    if let Some(fixed) = schema.get("const").or_else(|| schema.get("default")) {
        return fixed.clone();
    }
    if let Some(first) = schema.get("enum").and_then(|values| values.get(0)) {
        return first.clone();
    }
    for keyword in ["anyOf", "oneOf", "allOf"] {
        if let Some(first) = schema.get(keyword).and_then(|options| options.get(0)) {
            return value(first, depth + 1);
        }
    }
    let kind = match schema.get("type") {
        Some(Value::String(kind)) => kind.as_str(),
        Some(Value::Array(kinds)) => kinds.first().and_then(Value::as_str).unwrap_or("null"),
        _ if schema.get("properties").is_some() => "object",
        _ => "string",
    };
    match kind {
        "object" => object(schema, depth),
        "array" => array(schema, depth),
        "number" | "integer" => schema.get("minimum").cloned().unwrap_or_else(|| 1.into()),
        "boolean" => Value::Bool(true),
        "null" => Value::Null,
        _ => Value::String("simulated".to_owned()),
    }
}

fn object(schema: &Value, depth: usize) -> Value {
    let properties = schema.get("properties").and_then(Value::as_object);
    let filled = properties.into_iter().flatten().map(|(name, of)| (name.clone(), value(of, depth + 1)));
    Value::Object(filled.collect())
}

fn array(schema: &Value, depth: usize) -> Value {
    Value::Array(schema.get("items").map(|items| value(items, depth + 1)).into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_fits_its_schema() {
        let schema = r#"{"type": "object", "properties": {
            "city": {"type": "string"}, "days": {"type": "integer", "minimum": 3},
            "unit": {"enum": ["c", "f"]}, "tags": {"type": "array", "items": {"type": "boolean"}},
            "maybe": {"type": ["null", "string"]}}}"#;
        let expected = r#"{"city":"simulated","days":3,"unit":"c","tags":[true],"maybe":null}"#;
        assert_eq!(instance(schema), expected);
    }

    #[test]
    fn odd_schemas_give_an_empty_object() {
        for schema in ["", "null", "[]", r#"{"type": "string"}"#] {
            assert_eq!(instance(schema), "{}", "{schema}");
        }
    }
}
