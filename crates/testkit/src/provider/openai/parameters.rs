//! Top-level parameters of a chat completion: which exist, their types and ranges, and which of them a reasoning
//! model or the absence of another parameter rules out.

use serde_json::{Map, Value};

use super::reasons;
use crate::provider::refusal::{Checked, Refusal};

/// What a parameter must be; null is always allowed, as the API treats it as absent.
enum Kind {
    Text,
    OneOf(&'static [&'static str]),
    Integer(i64, i64),
    Decimal(f64, f64),
    Boolean,
    Array,
    Object,
    Any,
}

pub(super) fn check(body: &Map<String, Value>, model: &str) -> Checked {
    if let Some(unknown) = body.keys().find(|name| !PARAMETERS.iter().any(|(known, _)| known == name)) {
        return Err(Refusal::invalid(format!("Unrecognized request argument supplied: {unknown}")));
    }
    for (name, kind) in PARAMETERS {
        if let Some(value) = body.get(*name).filter(|value| !value.is_null()) {
            check_kind(name, kind, value)?;
        }
    }
    check_reasoning(body, model)?;
    check_company(body)?;
    if let Some(stops) = body.get("stop").and_then(Value::as_array).filter(|stops| stops.len() > 4) {
        let found = stops.len();
        let message = format!(
            "Invalid 'stop': array too long. Expected an array with maximum length 4, but got an array with length {found} instead."
        );
        return Err(Refusal::invalid(message).param("stop").code("array_above_max_length"));
    }
    Ok(())
}

fn check_kind(name: &str, kind: &Kind, value: &Value) -> Checked {
    match kind {
        Kind::Text => expect(name, "a string", value.is_string(), value),
        Kind::Boolean => expect(name, "a boolean", value.is_boolean(), value),
        Kind::Array => expect(name, "an array", value.is_array(), value),
        Kind::Object => expect(name, "an object", value.is_object(), value),
        Kind::Any => Ok(()),
        Kind::OneOf(allowed) => {
            expect(name, "a string", value.is_string(), value)?;
            if value.as_str().is_some_and(|text| allowed.contains(&text)) {
                return Ok(());
            }
            let list = allowed.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(", ");
            let message = format!(
                "Invalid value: '{}'. Supported values are: {list}.",
                value.as_str().unwrap_or_default()
            );
            Err(Refusal::invalid(message).param(name).code("invalid_value"))
        }
        Kind::Integer(least, most) => {
            expect(name, "an integer", value.is_i64() || value.is_u64(), value)?;
            let number = value.as_i64().unwrap_or(i64::MAX);
            in_range(name, "integer", number < *least, number > *most, (least, most), value)
        }
        Kind::Decimal(least, most) => {
            expect(name, "a decimal", value.is_number(), value)?;
            let number = value.as_f64().unwrap_or(f64::MAX);
            in_range(name, "decimal", number < *least, number > *most, (least, most), value)
        }
    }
}

/// A value of the wrong type, in the API's words.
pub(super) fn expect(name: &str, wanted: &str, is_right: bool, value: &Value) -> Checked {
    if is_right {
        return Ok(());
    }
    let found = describe(value);
    let message = format!("Invalid type for '{name}': expected {wanted}, but got {found} instead.");
    Err(Refusal::invalid(message).param(name).code("invalid_type"))
}

fn describe(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(number) if number.is_f64() => "a decimal number",
        Value::Number(_) => "an integer",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

fn in_range<T: std::fmt::Display>(
    name: &str,
    noun: &str,
    below: bool,
    above: bool,
    (least, most): (&T, &T),
    value: &Value,
) -> Checked {
    let (side, sign, bound) = match (below, above) {
        (true, _) => ("below minimum", ">=", least),
        (_, true) => ("above maximum", "<=", most),
        _ => return Ok(()),
    };
    let message = format!(
        "Invalid '{name}': {noun} {side} value. Expected a value {sign} {bound}, but got {value} instead."
    );
    let code = match (below, noun) {
        (true, "integer") => "integer_below_min_value",
        (true, _) => "decimal_below_min_value",
        (false, "integer") => "integer_above_max_value",
        (false, _) => "decimal_above_max_value",
    };
    Err(Refusal::invalid(message).param(name).code(code))
}

fn check_reasoning(body: &Map<String, Value>, model: &str) -> Checked {
    let given = |name: &str| body.get(name).filter(|value| !value.is_null());
    if !reasons(model) {
        return match given("reasoning_effort") {
            Some(_) => Err(Refusal::invalid("Unrecognized request argument supplied: reasoning_effort")),
            None => Ok(()),
        };
    }
    if given("max_tokens").is_some() {
        let message = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.";
        return Err(Refusal::invalid(message).param("max_tokens").code("unsupported_parameter"));
    }
    // With reasoning switched off these models sample like the others.
    if given("reasoning_effort").is_some_and(|effort| effort == "none") {
        return Ok(());
    }
    for (name, default) in
        [("temperature", 1.0), ("top_p", 1.0), ("presence_penalty", 0.0), ("frequency_penalty", 0.0)]
    {
        if let Some(value) = given(name).filter(|value| value.as_f64() != Some(default)) {
            let message = format!(
                "Unsupported value: '{name}' does not support {value} with this model. Only the default ({default}) value is supported."
            );
            return Err(Refusal::invalid(message).param(name).code("unsupported_value"));
        }
    }
    let never: &[&str] =
        if model.starts_with('o') { &["logprobs", "top_logprobs", "logit_bias", "stop"] } else { NEVER };
    for name in never {
        if given(name).is_some_and(|value| *value != Value::Bool(false)) {
            let message = format!("Unsupported parameter: '{name}' is not supported with this model.");
            return Err(Refusal::invalid(message).param(name).code("unsupported_parameter"));
        }
    }
    Ok(())
}

/// Parameters that are only allowed beside another one.
fn check_company(body: &Map<String, Value>) -> Checked {
    let given = |name: &str| body.get(name).is_some_and(|value| !value.is_null());
    let on = |name: &str| body.get(name) == Some(&Value::Bool(true));
    let rules = [
        (
            "stream_options",
            on("stream"),
            "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
        ),
        (
            "top_logprobs",
            on("logprobs"),
            "The 'top_logprobs' parameter is only allowed when 'logprobs' is enabled.",
        ),
        ("metadata", on("store"), "The 'metadata' parameter is only allowed when 'store' is enabled."),
        (
            "tool_choice",
            given("tools"),
            "Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are specified.",
        ),
        (
            "parallel_tool_calls",
            given("tools"),
            "Invalid value for 'parallel_tool_calls': 'parallel_tool_calls' is only allowed when 'tools' are specified.",
        ),
    ];
    for (name, allowed, message) in rules {
        if given(name) && !allowed {
            return Err(Refusal::invalid(message).param(name));
        }
    }
    if given("max_tokens") && given("max_completion_tokens") {
        let message = "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.";
        return Err(Refusal::invalid(message).param("max_tokens").code("invalid_parameter_combination"));
    }
    Ok(())
}

const NEVER: &[&str] = &["logprobs", "top_logprobs", "logit_bias"];
const MOST_TOKENS: i64 = 1 << 20;

/// Every parameter of the API as of 2026-11.
const PARAMETERS: &[(&str, Kind)] = &[
    ("model", Kind::Text),
    ("messages", Kind::Array),
    ("audio", Kind::Object),
    ("frequency_penalty", Kind::Decimal(-2.0, 2.0)),
    ("function_call", Kind::Any),
    ("functions", Kind::Array),
    ("logit_bias", Kind::Object),
    ("logprobs", Kind::Boolean),
    ("max_completion_tokens", Kind::Integer(1, MOST_TOKENS)),
    ("max_tokens", Kind::Integer(1, MOST_TOKENS)),
    ("metadata", Kind::Object),
    ("modalities", Kind::Array),
    ("moderation", Kind::Any),
    ("n", Kind::Integer(1, 128)),
    ("parallel_tool_calls", Kind::Boolean),
    ("prediction", Kind::Object),
    ("presence_penalty", Kind::Decimal(-2.0, 2.0)),
    ("prompt_cache_key", Kind::Text),
    ("prompt_cache_options", Kind::Object),
    ("prompt_cache_retention", Kind::OneOf(&["in_memory", "24h"])),
    ("reasoning_effort", Kind::OneOf(&["none", "minimal", "low", "medium", "high", "xhigh", "max"])),
    ("response_format", Kind::Object),
    ("safety_identifier", Kind::Text),
    ("seed", Kind::Integer(i64::MIN, i64::MAX)),
    ("service_tier", Kind::OneOf(&["auto", "default", "flex", "scale", "priority", "fast"])),
    ("stop", Kind::Any),
    ("store", Kind::Boolean),
    ("stream", Kind::Boolean),
    ("stream_options", Kind::Object),
    ("temperature", Kind::Decimal(0.0, 2.0)),
    ("tool_choice", Kind::Any),
    ("tools", Kind::Array),
    ("top_logprobs", Kind::Integer(0, 20)),
    ("top_p", Kind::Decimal(0.0, 1.0)),
    ("user", Kind::Text),
    ("verbosity", Kind::OneOf(&["low", "medium", "high"])),
    ("web_search_options", Kind::Object),
];
