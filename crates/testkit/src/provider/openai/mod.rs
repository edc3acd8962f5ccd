//! The OpenAI side of the mock: routing, keys, the headers of a reply, and errors in OpenAI's body.
//! Facts: <https://platform.openai.com/docs/api-reference> and the refusals the API is known to give.

mod chat;
mod embeddings;
mod messages;
mod models;
mod parameters;
mod stream;
mod tools;

use bytes::Bytes;
use http::Method;
use serde_json::{Value, json};

use super::http1::Request;
use super::refusal::{Checked, Refusal};
use super::reply::Reply;
use super::serve::{Shared, presented_key};

pub(super) fn answer(shared: &Shared, request: &Request, number: usize) -> Reply {
    let reply = check_key(shared, request).and_then(|()| route(shared, request, number));
    with_headers(reply.unwrap_or_else(|refusal| refuse(&refusal)), number)
}

fn route(shared: &Shared, request: &Request, number: usize) -> Checked<Reply> {
    let (method, path) = (&request.method, request.path.as_str());
    match (method, path) {
        (&Method::POST, "/v1/chat/completions") => chat::answer(shared, &json_body(request)?, number),
        (&Method::POST, "/v1/embeddings") => embeddings::answer(shared, &json_body(request)?),
        (&Method::GET, "/v1/models") => Ok(models::list(shared)),
        (&Method::GET, path) if path.starts_with("/v1/models/") => {
            models::one(shared, path.trim_start_matches("/v1/models/"))
        }
        (_, "/v1/chat/completions" | "/v1/embeddings" | "/v1/models") => {
            let message = format!("Not allowed to {method} on {path}.");
            Err(Refusal::of(405, "invalid_request_error", message).code("method_not_supported"))
        }
        _ => Err(Refusal::of(404, "invalid_request_error", format!("Invalid URL ({method} {path})"))),
    }
}

fn check_key(shared: &Shared, request: &Request) -> Checked {
    if !shared.options.check_keys {
        return Ok(());
    }
    let Some(key) =
        presented_key(request).filter(|key| !key.is_empty() && request.header("x-api-key").is_none())
    else {
        let message = "You didn't provide an API key. You need to provide your API key in an Authorization header \
                       using Bearer auth (i.e. Authorization: Bearer YOUR_KEY).";
        return Err(Refusal::of(401, "invalid_request_error", message));
    };
    if key.starts_with("sk-") && !shared.behaviours.is_rejected(key) {
        return Ok(());
    }
    let shown: String = key.chars().take(6).collect();
    let message = format!(
        "Incorrect API key provided: {shown}*****. You can find your API key at \
         https://platform.openai.com/account/api-keys."
    );
    Err(Refusal::of(401, "invalid_request_error", message).code("invalid_api_key"))
}

fn json_body(request: &Request) -> Checked<Value> {
    let content_type = request.header("content-type").unwrap_or_default();
    if !content_type.starts_with("application/json") {
        let message = format!(
            "Unsupported content type: '{content_type}'. This API method only accepts 'application/json' requests."
        );
        return Err(Refusal::of(415, "invalid_request_error", message).code("unsupported_content_type"));
    }
    match serde_json::from_slice(&request.body) {
        Ok(body @ Value::Object(_)) => Ok(body),
        _ => Err(Refusal::invalid("We could not parse the JSON body of your request.")),
    }
}

fn with_headers(reply: Reply, number: usize) -> Reply {
    reply
        .header("x-request-id", format!("req_mock{number:024}"))
        .header("openai-version", "2020-10-01")
        .header("openai-processing-ms", "1")
        .header("x-ratelimit-limit-requests", "10000")
        .header("x-ratelimit-remaining-requests", "9999")
        .header("x-ratelimit-reset-requests", "6ms")
        .header("x-ratelimit-limit-tokens", "2000000")
        .header("x-ratelimit-remaining-tokens", "1999000")
        .header("x-ratelimit-reset-tokens", "30ms")
}

fn refuse(refusal: &Refusal) -> Reply {
    let error = json!({ "message": refusal.message, "type": refusal.kind, "param": refusal.param, "code": refusal.code });
    Reply::json(refusal.status, &json!({ "error": error }))
}

pub(super) fn error_for_status(status: u16, message: Option<String>) -> Reply {
    let (kind, code, usual) = match status {
        400 => ("invalid_request_error", None, "The request is invalid."),
        401 => ("invalid_request_error", Some("invalid_api_key"), "Incorrect API key provided."),
        403 => {
            ("invalid_request_error", Some("unsupported_country_region_territory"), "Country not supported.")
        }
        404 => ("invalid_request_error", Some("model_not_found"), "The model does not exist."),
        429 => ("requests", Some("rate_limit_exceeded"), "Rate limit reached. Please try again later."),
        503 => ("server_error", None, "That model is currently overloaded with other requests."),
        _ => ("server_error", None, "The server had an error while processing your request."),
    };
    let message = message.unwrap_or_else(|| usual.to_owned());
    with_headers(refuse(&Refusal { code, ..Refusal::of(status, kind, message) }), 0)
}

/// A whole body and a stream event that say that the model is overloaded.
pub(super) fn overloaded() -> (Bytes, Bytes) {
    let message = "The server had an error processing your request. Please retry.";
    let error =
        json!({ "error": { "message": message, "type": "server_error", "param": null, "code": null } });
    (Bytes::from(error.to_string()), stream::data(&error))
}

/// Serves this model, or says that it does not exist.
fn check_model(shared: &Shared, model: &str) -> Checked {
    if shared.serves(model, FAMILIES) {
        return Ok(());
    }
    let message = format!("The model `{model}` does not exist or you do not have access to it.");
    Err(Refusal::of(404, "invalid_request_error", message).code("model_not_found"))
}

/// Reasoning models refuse the sampling parameters.
fn reasons(model: &str) -> bool {
    let numbered = model.strip_prefix('o').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    numbered || model.starts_with("gpt-5") && !model.starts_with("gpt-5-chat")
}

/// Open models behind OpenAI-like servers show their reasoning in `reasoning_content`.
fn shows_reasoning(model: &str) -> bool {
    model.starts_with("deepseek") || model.starts_with("qwen3")
}

const FAMILIES: &[&str] = &[
    "gpt-",
    "chatgpt-",
    "o1",
    "o3",
    "o4",
    "ft:",
    "text-embedding-",
    "deepseek",
    "qwen",
    "llama",
    "mistral",
    "mock-",
];
