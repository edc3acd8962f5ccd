//! Embeddings: a deterministic unit vector for every input, as floats or as base64 of little-endian `f32`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::check_model;
use super::parameters::expect;
use crate::provider::refusal::{Checked, Refusal};
use crate::provider::reply::Reply;
use crate::provider::script::{digest, prompt_tokens};
use crate::provider::serve::Shared;

pub(super) fn answer(shared: &Shared, body: &Value) -> Checked<Reply> {
    let Some(model) = body["model"].as_str() else {
        return Err(Refusal::invalid("you must provide a model parameter"));
    };
    check_model(shared, model)?;
    if !model.starts_with("text-embedding-") && !model.starts_with("mock-") {
        let message = format!("You are not allowed to generate embeddings from this model: {model}");
        return Err(Refusal::of(403, "invalid_request_error", message));
    }
    let known = ["model", "input", "dimensions", "encoding_format", "user"];
    if let Some(unknown) =
        body.as_object().and_then(|members| members.keys().find(|name| !known.contains(&name.as_str())))
    {
        return Err(Refusal::invalid(format!("Unrecognized request argument supplied: {unknown}")));
    }
    let inputs = inputs(&body["input"])?;
    let dimensions = dimensions(model, &body["dimensions"])?;
    let as_base64 = match body["encoding_format"].as_str() {
        None | Some("float") => false,
        Some("base64") => true,
        Some(other) => {
            let message = format!("Invalid value: '{other}'. Supported values are: 'float' and 'base64'.");
            return Err(Refusal::invalid(message).param("encoding_format").code("invalid_value"));
        }
    };
    let data = inputs.iter().enumerate().map(|(index, input)| {
        let vector = vector(input, dimensions);
        let embedding = if as_base64 { json!(encode(&vector)) } else { json!(vector) };
        json!({ "object": "embedding", "index": index, "embedding": embedding })
    });
    let tokens = prompt_tokens(&[&body["input"]]);
    Ok(Reply::json(
        200,
        &json!({
            "object": "list",
            "data": data.collect::<Vec<_>>(),
            "model": model,
            "usage": { "prompt_tokens": tokens, "total_tokens": tokens },
        }),
    ))
}

/// One text for each vector that is asked for; token lists are taken as their JSON.
fn inputs(input: &Value) -> Checked<Vec<String>> {
    let invalid = |message: &str, code| Err(Refusal::invalid(message).param("input").code(code));
    let texts = match input {
        Value::Null => {
            return invalid("Missing required parameter: 'input'.", "missing_required_parameter");
        }
        Value::String(text) => vec![text.clone()],
        Value::Array(items) if items.is_empty() => {
            return invalid("Invalid 'input': input cannot be an empty array.", "empty_array");
        }
        Value::Array(items) if items.iter().all(Value::is_u64) => vec![input.to_string()],
        Value::Array(items) if items.len() <= MOST_INPUTS => {
            let right = |item: &Value| {
                item.is_string() || item.as_array().is_some_and(|tokens| tokens.iter().all(Value::is_u64))
            };
            if let Some(wrong) = items.iter().find(|item| !right(item)) {
                return expect("input", "a string or an array of tokens", false, wrong).map(|()| Vec::new());
            }
            items.iter().map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned)).collect()
        }
        Value::Array(_) => {
            return invalid("Invalid 'input': maximum array size is 2048.", "array_above_max_length");
        }
        other => return expect("input", "a string or an array", false, other).map(|()| Vec::new()),
    };
    if texts.iter().any(String::is_empty) {
        return invalid("Invalid 'input': input cannot be an empty string.", "empty_string");
    }
    Ok(texts)
}

fn dimensions(model: &str, asked: &Value) -> Checked<usize> {
    let most = if model.contains("large") { 3072 } else { 1536 };
    match asked.as_u64().and_then(|asked| usize::try_from(asked).ok()) {
        _ if asked.is_null() => Ok(most),
        Some(_) if model.contains("ada") => {
            Err(Refusal::invalid("This model does not support specifying dimensions.").param("dimensions"))
        }
        Some(asked @ 1..) if asked <= most => Ok(asked),
        _ => {
            let message =
                format!("Invalid value for 'dimensions' = {asked}. Must be less than or equal to {most}.");
            Err(Refusal::invalid(message).param("dimensions"))
        }
    }
}

fn vector(input: &str, dimensions: usize) -> Vec<f32> {
    let seed = digest(input.as_bytes());
    let values: Vec<f32> = (0..dimensions)
        .map(|at| {
            let noise = digest(&(seed ^ at as u64).to_le_bytes());
            f32::from(u16::try_from(noise >> 48).unwrap_or(0)) / f32::from(u16::MAX) - 0.5
        })
        .collect();
    let length = values.iter().map(|value| value * value).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
    values.into_iter().map(|value| value / length).collect()
}

fn encode(vector: &[f32]) -> String {
    let bytes: Vec<u8> = vector.iter().flat_map(|value| value.to_le_bytes()).collect();
    STANDARD.encode(bytes)
}

const MOST_INPUTS: usize = 2048;
