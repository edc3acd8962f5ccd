//! Embeddings that mean nothing but are always the same for the same text.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

const DIMENSIONS: usize = 8;
const MAX_DIMENSIONS: u64 = 4096;

pub(super) fn answer(body: &[u8]) -> Result<Vec<u8>, String> {
    let request: Value = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    let inputs = inputs(request.get("input").unwrap_or(&Value::Null))?;
    let dimensions = match request.get("dimensions").and_then(Value::as_u64) {
        None => DIMENSIONS,
        Some(asked) => usize::try_from(asked.clamp(1, MAX_DIMENSIONS)).unwrap_or(DIMENSIONS),
    };
    // OpenAI's SDKs ask for base64 unless told otherwise.
    let encoded = request.get("encoding_format").and_then(Value::as_str) == Some("base64");
    let tokens: usize = inputs.iter().map(|input| input.split_whitespace().count()).sum();
    let data: Vec<Value> = inputs
        .iter()
        .enumerate()
        .map(|(index, input)| {
            let vector = vector(input, dimensions);
            let embedding = if encoded { json!(base64(&vector)) } else { json!(vector) };
            json!({"object": "embedding", "index": index, "embedding": embedding})
        })
        .collect();
    let model = request.get("model").cloned().unwrap_or(Value::Null);
    let usage = json!({"prompt_tokens": tokens, "total_tokens": tokens});
    let reply = json!({"object": "list", "data": data, "model": model, "usage": usage});
    Ok(reply.to_string().into_bytes())
}

/// A text, several texts, or tokens in place of texts.
fn inputs(input: &Value) -> Result<Vec<String>, String> {
    match input {
        Value::String(text) => Ok(vec![text.clone()]),
        Value::Array(items) if items.iter().all(Value::is_number) && !items.is_empty() => {
            Ok(vec![input.to_string()])
        }
        Value::Array(items) if !items.is_empty() => Ok(items
            .iter()
            .map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned))
            .collect()),
        _ => Err("`input` must be a text or a list of texts; it is missing or empty".to_owned()),
    }
}

/// Little-endian floats, as OpenAI's SDKs read them.
fn base64(vector: &[f32]) -> String {
    let bytes: Vec<u8> = vector.iter().flat_map(|x| x.to_le_bytes()).collect();
    STANDARD.encode(bytes)
}

/// A unit vector from a hash of the text (FNV-1a, then one step of a linear congruence per dimension).
fn vector(text: &str, dimensions: usize) -> Vec<f32> {
    let mut state = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let raw: Vec<f32> = (0..dimensions)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let bits = u16::try_from(state >> 48).unwrap_or(0);
            f32::from(bits) / f32::from(u16::MAX) - 0.5
        })
        .collect();
    let length = raw.iter().map(|x| x * x).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
    raw.into_iter().map(|x| x / length).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_text_has_the_same_unit_vector() {
        let (first, again, other) = (vector("a", 16), vector("a", 16), vector("b", 16));
        assert_eq!(first, again);
        assert_ne!(first, other);
        assert!((first.iter().map(|x| x * x).sum::<f32>() - 1.0).abs() < 1e-5);
    }

    #[test]
    fn an_empty_input_is_refused() {
        for body in [r#"{"input": []}"#, r#"{"input": null}"#, "{}", "x"] {
            assert!(answer(body.as_bytes()).is_err(), "{body}");
        }
    }
}
