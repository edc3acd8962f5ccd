//! The fields of a Messages request: which exist, their types and ranges, and the rules between them.
//! Messages and tools have files of their own.

use serde_json::{Map, Value};

use super::{Version, generation};
use crate::provider::refusal::{Checked, Refusal};

pub(super) enum Kind {
    Text,
    Integer,
    Decimal,
    Boolean,
    Array,
    Object,
    Any,
}

/// Refuses members that the API does not know, in its words.
pub(super) fn only(place: &str, members: &Map<String, Value>, known: &[&str]) -> Checked {
    match members.keys().find(|name| !known.contains(&name.as_str())) {
        Some(extra) if place.is_empty() => {
            Err(Refusal::invalid(format!("{extra}: Extra inputs are not permitted")))
        }
        Some(extra) => Err(Refusal::invalid(format!("{place}.{extra}: Extra inputs are not permitted"))),
        None => Ok(()),
    }
}

pub(super) fn expect(place: &str, kind: &Kind, value: &Value) -> Checked {
    let (is_right, noun) = match kind {
        Kind::Text => (value.is_string(), "string"),
        Kind::Integer => (value.is_i64() || value.is_u64(), "integer"),
        Kind::Decimal => (value.is_number(), "number"),
        Kind::Boolean => (value.is_boolean(), "boolean"),
        Kind::Array => (value.is_array(), "list"),
        Kind::Object => (value.is_object(), "dictionary"),
        Kind::Any => (true, ""),
    };
    if is_right { Ok(()) } else { Err(Refusal::invalid(format!("{place}: Input should be a valid {noun}"))) }
}

pub(super) fn required<'a>(
    body: &'a Map<String, Value>,
    place: &str,
    name: &str,
    kind: &Kind,
) -> Checked<&'a Value> {
    let place = if place.is_empty() { name.to_owned() } else { format!("{place}.{name}") };
    let Some(value) = body.get(name) else {
        return Err(Refusal::invalid(format!("{place}: Field required")));
    };
    expect(&place, kind, value)?;
    Ok(value)
}

/// Checks everything at the top level but messages, tools and thinking.
pub(super) fn check(
    body: &Map<String, Value>,
    model: &str,
    version: Version,
    has_betas: bool,
    counts: bool,
) -> Checked {
    for name in body.keys() {
        let known = FIELDS.iter().any(|(known, _)| known == name)
            || has_betas && BETA_FIELDS.contains(&name.as_str());
        let sampling =
            ["temperature", "top_p", "top_k"].contains(&name.as_str()) && version >= Version::V20261021;
        if !known || sampling {
            return Err(Refusal::invalid(format!("{name}: Extra inputs are not permitted")));
        }
    }
    // The mock remembers no conversations; the API says the same to organizations that it keeps none for.
    if body.get("thread").is_some_and(|thread| !thread.is_null()) {
        let message = "thread: Threads are not supported for this request";
        return Err(Refusal::invalid(message).code("thread_unsupported_request"));
    }
    for (name, kind) in FIELDS {
        if let Some(value) = body.get(*name) {
            expect(name, kind, value)?;
        }
    }
    required(body, "", "messages", &Kind::Array)?;
    if !counts {
        let most = required(body, "", "max_tokens", &Kind::Integer)?;
        at_least("max_tokens", most, 1)?;
        if most.as_u64().is_some_and(|most| most > MOST_TOKENS) {
            let message = format!(
                "max_tokens: {most} > {MOST_TOKENS}, which is the maximum allowed number of output tokens for {model}"
            );
            return Err(Refusal::invalid(message));
        }
    }
    check_sampling(body, model)?;
    check_small_objects(body)
}

fn check_sampling(body: &Map<String, Value>, model: &str) -> Checked {
    for (name, least, most) in [("temperature", 0.0, 1.0), ("top_p", 0.0, 1.0)] {
        let Some(number) = body.get(name).and_then(Value::as_f64) else {
            continue;
        };
        if !(least..=most).contains(&number) {
            return Err(Refusal::invalid(format!("{name}: range: {least}..{most}")));
        }
        if generation(model) >= (4, 7) && (number - 1.0).abs() > f64::EPSILON {
            return Err(Refusal::invalid(format!("`{name}` is deprecated for this model.")));
        }
    }
    let both = body.contains_key("temperature") && body.contains_key("top_p");
    if both && generation(model) >= (4, 5) {
        let message =
            "`temperature` and `top_p` cannot both be specified for this model. Please use only one.";
        return Err(Refusal::invalid(message));
    }
    Ok(())
}

fn check_small_objects(body: &Map<String, Value>) -> Checked {
    if let Some(metadata) = body.get("metadata").and_then(Value::as_object) {
        only("metadata", metadata, &["user_id"])?;
    }
    for (at, word) in body.get("stop_sequences").and_then(Value::as_array).into_iter().flatten().enumerate() {
        expect(&format!("stop_sequences.{at}"), &Kind::Text, word)?;
        if word.as_str().is_some_and(|word| word.trim().is_empty()) {
            return Err(Refusal::invalid("stop_sequences: each stop sequence must contain non-whitespace"));
        }
    }
    if let Some(tier) = body
        .get("service_tier")
        .and_then(Value::as_str)
        .filter(|tier| !["auto", "standard_only"].contains(tier))
    {
        return Err(Refusal::invalid(format!(
            "service_tier: Input should be 'auto' or 'standard_only', not '{tier}'"
        )));
    }
    if let Some(config) = body.get("output_config").and_then(Value::as_object) {
        check_output_config("output_config", config)?;
    }
    Ok(())
}

/// Effort and structured output; a mid-conversation system message may carry it too.
pub(super) fn check_output_config(place: &str, config: &Map<String, Value>) -> Checked {
    only(place, config, &["effort", "format", "task_budget"])?;
    if let Some(effort) =
        config.get("effort").filter(|effort| !effort.as_str().is_some_and(|word| EFFORTS.contains(&word)))
    {
        return Err(Refusal::invalid(format!(
            "{place}.effort: Input should be 'low', 'medium', 'high', 'xhigh' or 'max', not {effort}"
        )));
    }
    let Some(format) = config.get("format").and_then(Value::as_object) else {
        return Ok(());
    };
    only(&format!("{place}.format"), format, &["type", "schema"])?;
    if format.get("type").and_then(Value::as_str) != Some("json_schema") {
        return Err(Refusal::invalid(format!("{place}.format.type: Input should be 'json_schema'")));
    }
    let schema = required(format, &format!("{place}.format"), "schema", &Kind::Object)?;
    check_closed(schema).map_err(|()| {
        Refusal::invalid(format!(
            "{place}.format.schema: For 'object' type, 'additionalProperties' must be explicitly set to false"
        ))
    })
}

/// Every object of a structured output's schema must be closed.
fn check_closed(schema: &Value) -> Result<(), ()> {
    if schema["type"] == "object" && schema["additionalProperties"] != false {
        return Err(());
    }
    let properties = ["properties", "$defs"].into_iter().flat_map(|word| schema[word].as_object());
    let choices = ["anyOf", "allOf"].into_iter().flat_map(|word| schema[word].as_array());
    let mut inner =
        properties.flat_map(|members| members.values()).chain(choices.flatten()).chain(schema.get("items"));
    inner.try_for_each(check_closed)
}

pub(super) fn at_least(place: &str, value: &Value, least: i64) -> Checked {
    if value.as_i64().is_some_and(|number| number < least) {
        return Err(Refusal::invalid(format!("{place}: Input should be greater than or equal to {least}")));
    }
    Ok(())
}

const MOST_TOKENS: u64 = 128_000;
const EFFORTS: &[&str] = &["low", "medium", "high", "xhigh", "max"];

/// Every field of the API as of version 2026-10-21 without betas.
const FIELDS: &[(&str, Kind)] = &[
    ("model", Kind::Text),
    ("messages", Kind::Array),
    ("max_tokens", Kind::Integer),
    ("system", Kind::Any),
    ("stop_sequences", Kind::Array),
    ("stream", Kind::Boolean),
    ("temperature", Kind::Decimal),
    ("top_p", Kind::Decimal),
    ("top_k", Kind::Integer),
    ("tools", Kind::Array),
    ("tool_choice", Kind::Object),
    ("thinking", Kind::Object),
    ("output_config", Kind::Object),
    ("cache_control", Kind::Object),
    ("service_tier", Kind::Text),
    ("speed", Kind::Text),
    ("inference_geo", Kind::Text),
    ("container", Kind::Any),
    ("diagnostics", Kind::Any),
    ("metadata", Kind::Object),
];

/// Fields that need an `anthropic-beta` header.
const BETA_FIELDS: &[&str] = &[
    "betas",
    "context_management",
    "mcp_servers",
    "fallbacks",
    "compaction",
    "thread",
    "billing_policy",
    "output_format",
    "user_profile_id",
    "workspace_id",
];
