//! Tools, tool choice and structured output of a chat completion, and the strict subset of JSON Schema.

use serde_json::{Map, Value};

use crate::provider::refusal::{Checked, Refusal};
use crate::provider::script::{Choice, Conversation, Tool};

pub(super) fn read(body: &Map<String, Value>, conversation: &mut Conversation) -> Checked {
    if let Some(tools) = body.get("tools").and_then(Value::as_array) {
        if tools.is_empty() {
            let message = "Invalid 'tools': empty array. Expected an array with minimum length 1, but got an empty array instead.";
            return Err(Refusal::invalid(message).param("tools").code("empty_array"));
        }
        for (at, tool) in tools.iter().enumerate() {
            conversation.tools.extend(read_tool(at, tool)?);
        }
    }
    conversation.one_call_only = body.get("parallel_tool_calls") == Some(&Value::Bool(false));
    if let Some(choice) = body.get("tool_choice").filter(|choice| !choice.is_null()) {
        conversation.choice = read_choice(choice, &conversation.tools)?;
    }
    if let Some(format) = body.get("response_format").filter(|format| !format.is_null()) {
        read_format(format, body, conversation)?;
    }
    Ok(())
}

fn read_tool(at: usize, tool: &Value) -> Checked<Option<Tool>> {
    let place = format!("tools[{at}]");
    match tool["type"].as_str() {
        Some("function") => {}
        Some("custom") => return Ok(None),
        Some(other) => {
            let message = format!("Invalid value: '{other}'. Supported values are: 'function' and 'custom'.");
            return Err(Refusal::invalid(message).param(format!("{place}.type")).code("invalid_value"));
        }
        None => return Err(missing(&format!("{place}.type"))),
    }
    let function = &tool["function"];
    let Some(name) = function["name"].as_str() else {
        return Err(missing(&format!("{place}.function.name")));
    };
    let allowed = ["name", "description", "parameters", "strict"];
    let mut members = function.as_object().into_iter().flat_map(|members| members.keys());
    if let Some(unknown) = members.find(|name| !allowed.contains(&name.as_str())) {
        let place = format!("{place}.function.{unknown}");
        return Err(Refusal::invalid(format!("Unknown parameter: '{place}'."))
            .param(place)
            .code("unknown_parameter"));
    }
    if !is_name(name, 64) {
        let place = format!("{place}.function.name");
        let message = format!(
            "Invalid '{place}': string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'."
        );
        return Err(Refusal::invalid(message).param(place).code("invalid_value"));
    }
    let schema = &function["parameters"];
    let strict = function["strict"] == true;
    check_parameters(schema, strict).map_err(|problem| {
        let message = format!("Invalid schema for function '{name}': {problem}");
        Refusal::invalid(message)
            .param(format!("{place}.function.parameters"))
            .code("invalid_function_parameters")
    })?;
    Ok(Some(Tool { name: name.to_owned(), schema: schema.clone() }))
}

fn check_parameters(schema: &Value, strict: bool) -> Result<(), String> {
    if schema.is_null() {
        return Ok(());
    }
    if schema["type"] != "object" {
        let found = if schema["type"].is_null() { "\"None\"".to_owned() } else { schema["type"].to_string() };
        return Err(format!("schema must be a JSON Schema of 'type: \"object\"', got 'type: {found}'."));
    }
    if strict { check_strict(schema, "()") } else { Ok(()) }
}

/// Strict schemas close every object and require every property.
fn check_strict(schema: &Value, context: &str) -> Result<(), String> {
    if let Some(properties) = schema["properties"].as_object() {
        if schema["additionalProperties"] != false {
            return Err(format!(
                "In context={context}, 'additionalProperties' is required to be supplied and to be false."
            ));
        }
        let required = schema["required"].as_array();
        let is_required =
            |name: &String| required.is_some_and(|names| names.iter().any(|known| known == name));
        if let Some(left_out) = properties.keys().find(|name| !is_required(name)) {
            return Err(format!(
                "In context={context}, 'required' is required to be supplied and to be an array including every key in properties. Missing '{left_out}'."
            ));
        }
        for (name, inner) in properties {
            check_strict(inner, &format!("('properties', '{name}')"))?;
        }
    }
    if schema["items"].is_object() {
        check_strict(&schema["items"], "('items',)")?;
    }
    for word in ["anyOf", "$defs", "definitions"] {
        let inner: Vec<&Value> = match &schema[word] {
            Value::Array(choices) => choices.iter().collect(),
            Value::Object(members) => members.values().collect(),
            _ => Vec::new(),
        };
        inner.into_iter().try_for_each(|inner| check_strict(inner, &format!("('{word}',)")))?;
    }
    Ok(())
}

fn read_choice(choice: &Value, tools: &[Tool]) -> Checked<Choice> {
    let wrong = |message: String| Err(Refusal::invalid(message).param("tool_choice").code("invalid_value"));
    match choice {
        Value::String(word) => match word.as_str() {
            "auto" => Ok(Choice::Auto),
            "none" => Ok(Choice::Nothing),
            "required" => Ok(Choice::Any),
            other => wrong(format!(
                "Invalid value: '{other}'. Supported values are: 'none', 'auto', and 'required'."
            )),
        },
        Value::Object(_) => match choice["type"].as_str() {
            Some("function") => {
                let name = choice["function"]["name"].as_str().unwrap_or_default();
                if tools.iter().any(|tool| tool.name == name) {
                    return Ok(Choice::Named(name.to_owned()));
                }
                wrong(format!("Invalid value for 'tool_choice': the function '{name}' is not in 'tools'."))
            }
            Some("allowed_tools" | "custom") => Ok(Choice::Auto),
            _ => wrong("Missing required parameter: 'tool_choice.type'.".to_owned()),
        },
        _ => wrong("Invalid type for 'tool_choice': expected one of a string or an object.".to_owned()),
    }
}

fn read_format(format: &Value, body: &Map<String, Value>, conversation: &mut Conversation) -> Checked {
    match format["type"].as_str() {
        Some("text") => Ok(()),
        Some("json_object") => {
            let says_json = body
                .get("messages")
                .is_some_and(|messages| messages.to_string().to_lowercase().contains("json"));
            if !says_json {
                let message = "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.";
                return Err(Refusal::invalid(message).param("messages"));
            }
            conversation.json_mode = true;
            Ok(())
        }
        Some("json_schema") => {
            let described = &format["json_schema"];
            let Some(name) = described["name"].as_str() else {
                return Err(missing("response_format.json_schema.name"));
            };
            if !described["schema"].is_object() {
                return Err(missing("response_format.json_schema.schema"));
            }
            if described["strict"] == true {
                check_strict(&described["schema"], "()").map_err(|problem| {
                    let message = format!("Invalid schema for response_format '{name}': {problem}");
                    Refusal::invalid(message).param("response_format").code("invalid_json_schema")
                })?;
            }
            conversation.schema = Some(described["schema"].clone());
            Ok(())
        }
        Some(other) => {
            let message = format!(
                "Invalid value: '{other}'. Supported values are: 'json_object', 'json_schema', and 'text'."
            );
            Err(Refusal::invalid(message).param("response_format.type").code("invalid_value"))
        }
        None => Err(missing("response_format.type")),
    }
}

fn is_name(name: &str, longest: usize) -> bool {
    let fits = !name.is_empty() && name.len() <= longest;
    fits && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
}

fn missing(place: &str) -> Refusal {
    Refusal::invalid(format!("Missing required parameter: '{place}'."))
        .param(place)
        .code("missing_required_parameter")
}
