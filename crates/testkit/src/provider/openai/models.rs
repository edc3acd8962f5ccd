//! The list of models, in OpenAI's form.

use serde_json::{Value, json};

use super::chat::CREATED;
use super::check_model;
use crate::provider::refusal::Checked;
use crate::provider::reply::Reply;
use crate::provider::serve::Shared;

pub(super) fn list(shared: &Shared) -> Reply {
    let listed = LISTED.iter().copied().chain(shared.options.models.iter().map(String::as_str));
    Reply::json(200, &json!({ "object": "list", "data": listed.map(model).collect::<Vec<_>>() }))
}

pub(super) fn one(shared: &Shared, id: &str) -> Checked<Reply> {
    check_model(shared, id)?;
    Ok(Reply::json(200, &model(id)))
}

fn model(id: &str) -> Value {
    json!({ "id": id, "object": "model", "created": CREATED, "owned_by": "openai" })
}

const LISTED: &[&str] =
    &["gpt-5", "gpt-5-mini", "gpt-4o", "gpt-4o-mini", "o4-mini", "text-embedding-3-small"];
