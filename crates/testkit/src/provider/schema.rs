//! The smallest value that a JSON Schema accepts, for structured output and for tool arguments. It knows the part of
//! the language that the vendors allow; patterns are not solved.

use serde_json::{Map, Value, json};

/// A minimal valid instance of the schema.
pub(super) fn minimal_instance(schema: &Value) -> Value {
    instance(schema, schema, 0)
}

fn instance(schema: &Value, root: &Value, depth: usize) -> Value {
    if depth > DEEPEST {
        return Value::Null;
    }
    let inner = |schema: &Value| instance(schema, root, depth + 1);
    if let Some(target) = schema["$ref"].as_str() {
        return inner(root.pointer(target.trim_start_matches('#')).unwrap_or(&Value::Null));
    }
    if let Some(value) = schema.get("const").or_else(|| schema["enum"].get(0)) {
        return value.clone();
    }
    if let Some(choice) = ["anyOf", "oneOf", "allOf"].iter().find_map(|word| schema[word].get(0)) {
        return inner(choice);
    }
    match kind(schema) {
        "object" => object(schema, inner),
        "array" => {
            let length = schema["minItems"].as_u64().unwrap_or(0).min(MOST_ITEMS);
            Value::Array((0..length).map(|_| inner(&schema["items"])).collect())
        }
        "string" => Value::String(string(schema)),
        "integer" | "number" => number(schema),
        "boolean" => Value::Bool(false),
        _ => Value::Null,
    }
}

fn kind(schema: &Value) -> &str {
    match &schema["type"] {
        Value::String(kind) => kind,
        Value::Array(kinds) => kinds.iter().find_map(Value::as_str).unwrap_or("null"),
        _ if schema.get("properties").is_some() => "object",
        _ => "null",
    }
}

fn object(schema: &Value, inner: impl Fn(&Value) -> Value) -> Value {
    let mut members = Map::new();
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        members.insert(name.to_owned(), inner(&schema["properties"][name]));
    }
    Value::Object(members)
}

fn string(schema: &Value) -> String {
    let text = match schema["format"].as_str() {
        Some("date-time") => "2026-01-01T00:00:00Z",
        Some("date") => "2026-01-01",
        Some("time") => "00:00:00Z",
        Some("email") => "mock@example.com",
        Some("uri") => "https://example.com/",
        Some("uuid") => "00000000-0000-4000-8000-000000000000",
        _ => "mock",
    };
    let shortest = schema["minLength"].as_u64().unwrap_or(0).min(MOST_CHARS);
    let missing = usize::try_from(shortest).unwrap_or(0).saturating_sub(text.len());
    let mut text = format!("{text}{}", "k".repeat(missing));
    if let Some(longest) = schema["maxLength"].as_u64().and_then(|longest| usize::try_from(longest).ok()) {
        text.truncate(longest);
    }
    text
}

fn number(schema: &Value) -> Value {
    let whole = kind(schema) == "integer";
    if let Some(least) = schema.get("minimum") {
        return least.clone();
    }
    match schema["exclusiveMinimum"].as_i64() {
        Some(below) => json!(below + 1),
        None if whole => json!(0),
        None => json!(0.5),
    }
}

const DEEPEST: usize = 32;
const MOST_ITEMS: u64 = 16;
const MOST_CHARS: u64 = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn required_members_are_there_in_their_order() {
        let schema = json!({"type": "object", "required": ["b", "a", "list", "ref"], "properties": {
            "a": {"type": ["string", "null"]}, "b": {"type": "integer", "minimum": 3},
            "list": {"type": "array", "minItems": 2, "items": {"enum": ["x", "y"]}},
            "ref": {"$ref": "#/$defs/leaf"}, "left_out": {"type": "string"}},
            "$defs": {"leaf": {"anyOf": [{"type": "boolean"}, {"type": "null"}]}}});
        let text = minimal_instance(&schema).to_string();
        assert_eq!(text, r#"{"b":3,"a":"mock","list":["x","x"],"ref":false}"#);
    }

    #[test]
    fn a_schema_that_contains_itself_ends() {
        let schema = json!({"type": "object", "required": ["next"], "properties": {"next": {"$ref": "#"}}});
        assert!(minimal_instance(&schema).is_object());
    }
}
