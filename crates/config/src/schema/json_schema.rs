//! The description as JSON Schema (draft 2020-12), for editors. Every file that the gateway accepts is valid by it; what
//! needs more than one place to judge (a name that refers to nothing, weights that sum to 0) only the gateway finds.

use serde_json::{Map, Value, json};

use super::root::File;
use super::{Description, Field, FieldDescription, Presence, Shape};

/// The JSON Schema of `gatewright.yaml`.
pub fn schema() -> Value {
    let mut definitions = Map::new();
    let reference = json!({
        "type": "string",
        "description": "a value that holds `${NAME}` (an environment variable) or `${file:/path}` (a file)",
        "pattern": r"\$\{.+\}",
    });
    definitions.insert("reference".to_owned(), reference);
    let root = form(&File::shape(), &mut definitions);
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "gatewright.yaml",
    });
    if let Some(schema) = schema.as_object_mut() {
        schema.extend(root.as_object().cloned().unwrap_or_default());
        schema.insert("$defs".to_owned(), Value::Object(definitions));
    }
    schema
}

fn form(shape: &Shape, definitions: &mut Map<String, Value>) -> Value {
    match shape {
        Shape::Text { pattern: None, .. } => json!({ "type": "string" }),
        Shape::Text { pattern: Some(pattern), .. } => {
            or_reference(vec![json!({ "type": "string", "pattern": pattern })])
        }
        Shape::Boolean => {
            let words = ["on", "On", "ON", "off", "Off", "OFF"];
            or_reference(vec![json!({ "type": "boolean" }), json!({ "enum": words })])
        }
        Shape::Whole { least, most } => {
            or_reference(vec![json!({ "type": "integer", "minimum": least, "maximum": most })])
        }
        Shape::Decimal => or_reference(vec![
            json!({ "type": "number", "minimum": 0 }),
            json!({ "type": "string", "pattern": r"^([0-9]{1,9}(\.[0-9]{0,12})?|\.[0-9]{1,12})$" }),
        ]),
        Shape::Choice(words) => choice(words),
        Shape::List { of, filled } => {
            let mut list = json!({ "type": "array", "items": form(of, definitions) });
            if *filled {
                list["minItems"] = 1.into();
            }
            list
        }
        Shape::Table { keys, of } => {
            let value = form(of, definitions);
            let properties: Map<_, _> = keys.iter().map(|key| ((*key).to_owned(), value.clone())).collect();
            json!({ "type": "object", "properties": properties, "additionalProperties": false, "minProperties": 1 })
        }
        Shape::Section(describe) => {
            let description = describe();
            let name = description.name;
            if !definitions.contains_key(name) {
                // Held free, so that definitions come in the order of the file.
                definitions.insert(name.to_owned(), Value::Null);
                let section = section(&description, definitions);
                definitions.insert(name.to_owned(), section);
            }
            json!({ "$ref": format!("#/$defs/{name}") })
        }
        Shape::Either(forms) => {
            json!({ "anyOf": forms.iter().map(|one| form(one, definitions)).collect::<Vec<_>>() })
        }
    }
}

fn choice(words: &[&str]) -> Value {
    // Without quotes, a word of digits is a number and `off` a boolean.
    let numbers = words.iter().filter_map(|word| word.parse::<u64>().ok()).map(Value::from);
    let mut forms: Vec<Value> = words.iter().map(|word| Value::from(*word)).chain(numbers).collect();
    if words.contains(&"off") {
        forms.extend([json!(false), json!("Off"), json!("OFF")]);
    }
    or_reference(vec![json!({ "enum": forms })])
}

fn or_reference(mut forms: Vec<Value>) -> Value {
    forms.push(json!({ "$ref": "#/$defs/reference" }));
    json!({ "anyOf": forms })
}

fn section(description: &Description, definitions: &mut Map<String, Value>) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for field in &description.fields {
        if matches!(field.presence, Presence::Required) {
            required.push(field.key);
        }
        properties.insert(field.key.to_owned(), property(field, definitions));
    }
    let mut section = json!({
        "type": "object",
        "description": sentence(description.docs),
        "properties": properties,
        "additionalProperties": false,
    });
    if !required.is_empty() {
        section["required"] = json!(required);
    }
    if description.name == File::NAME {
        section["patternProperties"] = json!({ "^x-": {} });
        section["type"] = json!(["object", "null"]);
    }
    section
}

fn property(field: &FieldDescription, definitions: &mut Map<String, Value>) -> Value {
    let mut value = form(&field.shape, definitions);
    if !matches!(field.presence, Presence::Required) {
        // A key with nothing after it counts as not written.
        value = match value.get_mut("anyOf").and_then(Value::as_array_mut) {
            Some(forms) => {
                forms.push(json!({ "type": "null" }));
                value
            }
            None => json!({ "anyOf": [value, { "type": "null" }] }),
        };
    }
    if let Presence::Default(Some(default)) = &field.presence {
        value["default"] = default.clone();
    }
    value["description"] = sentence(field.docs).into();
    value
}

/// Documentation lines as one text.
pub(super) fn sentence(docs: &[&str]) -> String {
    docs.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ")
}
