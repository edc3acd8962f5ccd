//! The list of models, in Anthropic's form, on one page.

use serde_json::{Value, json};

use super::check_model;
use crate::provider::refusal::Checked;
use crate::provider::reply::Reply;
use crate::provider::serve::Shared;

pub(super) fn list(shared: &Shared) -> Reply {
    let listed: Vec<&str> =
        LISTED.iter().copied().chain(shared.options.models.iter().map(String::as_str)).collect();
    let data: Vec<Value> = listed.iter().map(|id| model(id)).collect();
    Reply::json(
        200,
        &json!({ "data": data, "has_more": false, "first_id": listed.first(), "last_id": listed.last() }),
    )
}

pub(super) fn one(shared: &Shared, id: &str) -> Checked<Reply> {
    check_model(shared, id)?;
    Ok(Reply::json(200, &model(id)))
}

fn model(id: &str) -> Value {
    json!({
        "type": "model",
        "id": id,
        "display_name": id,
        "created_at": "2026-01-01T00:00:00Z",
        "max_input_tokens": 200_000,
        "max_tokens": 128_000,
    })
}

const LISTED: &[&str] = &["claude-opus-4-7", "claude-sonnet-4-5", "claude-haiku-4-5"];
