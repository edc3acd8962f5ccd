//! The description as JSON Schema (draft 2020-12), for editors and for clients of the admin API. Every file that the gateway accepts is valid by it; what
//! needs more than one place to judge (a name that refers to nothing, weights that sum to 0) only the gateway finds.

use serde_json::{Map, Value, json};

use super::root::File;
use super::value::Amount;
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
    let root = Printer { definitions: Some(&mut definitions) }.form(&File::shape());
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

/// The JSON Schema of one object as a client of the admin API sends it: without references to the environment, with
/// every part in its place, and with secrets that may be left out because they are kept.
pub(crate) fn document_schema(shape: &Shape) -> Value {
    Printer { definitions: None }.form(shape)
}

/// Prints shapes.
struct Printer<'a> {
    /// Where the sections of the file go. `None` for documents.
    definitions: Option<&'a mut Map<String, Value>>,
}

impl Printer<'_> {
    fn form(&mut self, shape: &Shape) -> Value {
        match shape {
            Shape::Text { pattern, exact, most, .. } => self.text(*pattern, *exact, *most),
            Shape::Secret { least, most } => self.secret(*least, *most),
            Shape::Boolean => {
                let words = ["on", "On", "ON", "off", "Off", "OFF"];
                self.scalar(vec![json!({ "type": "boolean" })], vec![json!({ "enum": words })])
            }
            Shape::Whole { least, most } => {
                self.scalar(vec![json!({ "type": "integer", "minimum": least, "maximum": most })], Vec::new())
            }
            Shape::Decimal => self.decimal(),
            Shape::Choice(words) => self.choice(words),
            Shape::List { of, filled, distinct, most } => {
                let mut list = json!({ "type": "array", "items": self.form(of) });
                if *filled {
                    list["minItems"] = 1.into();
                }
                if let Some(most) = most {
                    list["maxItems"] = json!(most);
                }
                if *distinct {
                    list["uniqueItems"] = true.into();
                }
                list
            }
            Shape::Table { keys, of } => {
                let value = self.form(of);
                let properties: Map<_, _> =
                    keys.iter().map(|key| ((*key).to_owned(), value.clone())).collect();
                json!({ "type": "object", "properties": properties, "additionalProperties": false, "minProperties": 1 })
            }
            Shape::Map { key_pattern, of, most } => json!({
                "type": "object",
                "patternProperties": { *key_pattern: self.form(of) },
                "additionalProperties": false,
                "maxProperties": most,
            }),
            Shape::Section(describe) => self.defined(&describe()),
            Shape::Either(forms) => {
                json!({ "anyOf": forms.iter().map(|one| self.form(one)).collect::<Vec<_>>() })
            }
        }
    }

    /// The forms of a scalar; `in_yaml` are those that only a file has, besides references.
    fn scalar(&self, mut forms: Vec<Value>, in_yaml: Vec<Value>) -> Value {
        if self.definitions.is_some() {
            forms.extend(in_yaml);
            forms.push(json!({ "$ref": "#/$defs/reference" }));
        }
        match forms.len() {
            1 => forms.pop().unwrap_or_default(),
            _ => json!({ "anyOf": forms }),
        }
    }

    fn text(&self, pattern: Option<&str>, exact: Option<&str>, most: usize) -> Value {
        let pattern = if self.definitions.is_some() { pattern } else { exact.or(pattern) };
        let mut text = json!({ "type": "string", "maxLength": most });
        if let Some(pattern) = pattern {
            text["pattern"] = pattern.into();
        }
        self.scalar(vec![text], Vec::new())
    }

    fn secret(&self, least: usize, most: usize) -> Value {
        let mut text =
            json!({ "type": "string", "minLength": least, "maxLength": most, "pattern": r"^[\x21-\x7e]+$" });
        if self.definitions.is_none() {
            text["writeOnly"] = true.into();
        }
        self.scalar(vec![text], Vec::new())
    }

    fn decimal(&self) -> Value {
        let text = json!({ "type": "string", "maxLength": 22, "pattern": r"^([0-9]{1,9}(\.[0-9]{0,12})?|\.[0-9]{1,12})$" });
        let number = json!({ "type": "number", "minimum": 0, "maximum": Amount::MOST });
        self.scalar(vec![number, text], Vec::new())
    }

    fn choice(&self, words: &[&str]) -> Value {
        // Without quotes, a word of digits is a number and `off` a boolean.
        let numbers = words.iter().filter_map(|word| word.parse::<u64>().ok()).map(Value::from);
        let mut forms: Vec<Value> = words.iter().map(|word| Value::from(*word)).chain(numbers).collect();
        if words.contains(&"off") {
            forms.extend([json!(false), json!("Off"), json!("OFF")]);
        }
        self.scalar(vec![json!({ "enum": forms })], Vec::new())
    }

    fn defined(&mut self, description: &Description) -> Value {
        let name = description.name;
        let Some(definitions) = &mut self.definitions else {
            return self.section(description);
        };
        if !definitions.contains_key(name) {
            // Held free, so that definitions come in the order of the file.
            definitions.insert(name.to_owned(), Value::Null);
            let section = self.section(description);
            if let Some(definitions) = &mut self.definitions {
                definitions.insert(name.to_owned(), section);
            }
        }
        json!({ "$ref": format!("#/$defs/{name}") })
    }

    fn section(&mut self, description: &Description) -> Value {
        let mut properties = Map::new();
        let mut required = Vec::new();
        for field in &description.fields {
            if self.is_required(field) {
                required.push(field.key);
            }
            properties.insert(field.key.to_owned(), self.property(field));
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

    fn is_required(&self, field: &FieldDescription) -> bool {
        let kept = self.definitions.is_none() && matches!(field.shape, Shape::Secret { .. });
        matches!(field.presence, Presence::Required) && !kept
    }

    fn property(&mut self, field: &FieldDescription) -> Value {
        let mut value = self.form(&field.shape);
        if !self.is_required(field) {
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
}

/// Documentation lines as one text.
pub(super) fn sentence(docs: &[&str]) -> String {
    docs.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ")
}
