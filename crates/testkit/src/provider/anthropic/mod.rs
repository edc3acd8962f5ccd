//! The Anthropic side of the mock: routing, keys, versions, the headers of a reply, and errors in Anthropic's body.
//! Facts: <https://docs.anthropic.com/en/api/messages> and the refusals the API is known to give.

mod blocks;
mod fields;
mod messages;
mod models;
mod pairing;
mod stream;
mod thinking;
mod tools;

use bytes::Bytes;
use http::Method;
use serde_json::{Value, json};

use super::http1::Request;
use super::refusal::{Checked, Refusal};
use super::reply::Reply;
use super::serve::{Shared, presented_key};

/// The API version a request names; the newer one refuses sampling parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Version {
    V20230601,
    V20261021,
}

pub(super) fn answer(shared: &Shared, request: &Request, number: usize) -> Reply {
    let id = format!("req_mock{number:020}");
    let reply = check_key(shared, request).and_then(|()| route(shared, request, number));
    with_headers(reply.unwrap_or_else(|refusal| refuse(&refusal, &id)), &id)
}

fn route(shared: &Shared, request: &Request, number: usize) -> Checked<Reply> {
    let version = version(request)?;
    let (method, path) = (&request.method, request.path.as_str());
    match (method, path) {
        (&Method::POST, "/v1/messages") => {
            let body = json_body(request)?;
            messages::answer(shared, &body, version, request.header("anthropic-beta").is_some(), number)
        }
        (&Method::POST, "/v1/messages/count_tokens") => {
            let body = json_body(request)?;
            messages::count_tokens(shared, &body, version, request.header("anthropic-beta").is_some())
        }
        (&Method::GET, "/v1/models") => Ok(models::list(shared)),
        (&Method::GET, path) if path.starts_with("/v1/models/") => {
            models::one(shared, path.trim_start_matches("/v1/models/"))
        }
        (_, "/v1/messages" | "/v1/messages/count_tokens" | "/v1/models") => {
            Err(Refusal::of(405, "invalid_request_error", "Method Not Allowed"))
        }
        _ => Err(Refusal::of(404, "not_found_error", "Not Found")),
    }
}

fn check_key(shared: &Shared, request: &Request) -> Checked {
    if !shared.options.check_keys {
        return Ok(());
    }
    let refuse = |message: &str| Err(Refusal::of(401, "authentication_error", message));
    let Some(key) = presented_key(request).filter(|key| !key.is_empty()) else {
        return refuse("x-api-key header is required");
    };
    if key.starts_with("sk-ant-") && !shared.behaviours.is_rejected(key) {
        return Ok(());
    }
    let as_bearer = request.header("x-api-key").is_none();
    refuse(if as_bearer { "Invalid bearer token" } else { "invalid x-api-key" })
}

fn version(request: &Request) -> Checked<Version> {
    match request.header("anthropic-version") {
        Some("2023-06-01") => Ok(Version::V20230601),
        Some("2026-10-21") => Ok(Version::V20261021),
        Some(other) => {
            Err(Refusal::invalid(format!("anthropic-version: \"{other}\" is not a valid version")))
        }
        None => Err(Refusal::invalid("anthropic-version: header is required")),
    }
}

fn json_body(request: &Request) -> Checked<Value> {
    if !request.header("content-type").unwrap_or_default().starts_with("application/json") {
        return Err(Refusal::invalid("The content type must be application/json"));
    }
    match serde_json::from_slice(&request.body) {
        Ok(body @ Value::Object(_)) => Ok(body),
        Ok(_) => Err(Refusal::invalid("Input should be an object")),
        Err(error) => Err(Refusal::invalid(format!("The request body is not valid JSON: {error}"))),
    }
}

fn with_headers(mut reply: Reply, id: &str) -> Reply {
    reply.set_header("request-id", id);
    reply.set_header("anthropic-organization-id", "00000000-0000-4000-8000-000000000000");
    for (kind, limit) in
        [("requests", 4000), ("tokens", 480_000), ("input-tokens", 400_000), ("output-tokens", 80_000)]
    {
        reply.set_header(&format!("anthropic-ratelimit-{kind}-limit"), limit.to_string());
        reply.set_header(&format!("anthropic-ratelimit-{kind}-remaining"), (limit - 1).to_string());
        reply.set_header(&format!("anthropic-ratelimit-{kind}-reset"), "2026-12-01T00:00:00Z");
    }
    reply
}

fn refuse(refusal: &Refusal, id: &str) -> Reply {
    let mut body = error_body(refusal.kind, &refusal.message, id);
    if let Some(code) = refusal.code {
        body["error"]["details"] = json!({ "error_code": code });
    }
    Reply::json(refusal.status, &body)
}

fn error_body(kind: &str, message: &str, id: &str) -> Value {
    json!({ "type": "error", "error": { "type": kind, "message": message }, "request_id": id })
}

pub(super) fn error_for_status(status: u16, message: Option<String>) -> Reply {
    let (kind, usual) = match status {
        400 => ("invalid_request_error", "The request is invalid"),
        401 => ("authentication_error", "invalid x-api-key"),
        402 => ("billing_error", "Your credit balance is too low to access the Anthropic API"),
        403 => ("permission_error", "Your API key does not have permission to use the specified resource"),
        404 => ("not_found_error", "model: unknown"),
        413 => ("request_too_large", "Request exceeds the maximum size"),
        429 => ("rate_limit_error", "This request would exceed your organization's rate limit"),
        504 => ("timeout_error", "Request timed out"),
        529 | 503 => ("overloaded_error", "Overloaded"),
        _ => ("api_error", "Internal server error"),
    };
    let message = message.unwrap_or_else(|| usual.to_owned());
    with_headers(refuse(&Refusal::of(status, kind, message), FAULT_ID), FAULT_ID)
}

/// A whole body and a stream event that say that the model is overloaded.
pub(super) fn overloaded() -> (Bytes, Bytes) {
    let error = error_body("overloaded_error", "Overloaded", FAULT_ID);
    (Bytes::from(error.to_string()), stream::event("error", &error))
}

fn check_model(shared: &Shared, model: &str) -> Checked {
    if shared.serves(model, &["claude-", "mock-"]) {
        return Ok(());
    }
    Err(Refusal::of(404, "not_found_error", format!("model: {model}")))
}

/// Generation of a Claude model by its name (`claude-sonnet-4-5` is 4.5); the newest where the name does not say.
fn generation(model: &str) -> (u32, u32) {
    let mut numbers =
        model.split(['-', '~']).filter_map(|word| word.parse::<u32>().ok()).filter(|number| *number < 100);
    match (numbers.next(), numbers.next()) {
        (Some(major), minor) => (major, minor.unwrap_or(0)),
        (None, _) => (4, 5),
    }
}

const FAULT_ID: &str = "req_mockfault";

#[cfg(test)]
mod tests {
    use super::generation;

    #[test]
    fn names_say_the_generation() {
        let names =
            ["claude-sonnet-4-5", "claude-opus-4-7-20260401", "claude-haiku-5", "claude-3-5-sonnet~stall=3"];
        assert_eq!(names.map(generation), [(4, 5), (4, 7), (5, 0), (3, 5)]);
        assert_eq!(generation("mock-model"), (4, 5));
    }
}
