//! Headers by allow-list, in both directions: whatever is not named here stays on its side.

use config::snapshot::Target;
use domain::{CallError, Dialect, PicoUsd};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use wire::Note;

pub const SIMULATED: HeaderName = HeaderName::from_static("x-gatewright-simulated");
pub const CALL_ID: HeaderName = HeaderName::from_static("x-gatewright-call-id");
const TRACE_ID: HeaderName = HeaderName::from_static("x-gatewright-trace-id");
const TARGET: HeaderName = HeaderName::from_static("x-gatewright-target");
const ATTEMPTS: HeaderName = HeaderName::from_static("x-gatewright-attempts");
const NOTES: HeaderName = HeaderName::from_static("x-gatewright-notes");
const VERSION: HeaderName = HeaderName::from_static("x-gatewright-version");
const COST: HeaderName = HeaderName::from_static("x-gatewright-cost-usd");
const FAULT: HeaderName = HeaderName::from_static("x-gatewright-fault");
const SHOULD_RETRY: HeaderName = HeaderName::from_static("x-should-retry");
const ANTHROPIC_VERSION: HeaderName = HeaderName::from_static("anthropic-version");
const ANTHROPIC_BETA: HeaderName = HeaderName::from_static("anthropic-beta");

/// A header may not grow without limit because a request lost many fields; the trace has all of them.
const MAX_NOTES_BYTES: usize = 1024;

const OUR_VERSION: HeaderValue = HeaderValue::from_static(env!("CARGO_PKG_VERSION"));
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// What goes to a provider besides what every request has. `same` is the caller's headers where it speaks the target's dialect.
pub(crate) fn outbound(dialect: Dialect, same: Option<&HeaderMap>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let Some(caller) = same else {
        return headers;
    };
    if dialect == Dialect::AnthropicMessages {
        const OLDEST: HeaderValue = HeaderValue::from_static("2023-06-01");
        headers.insert(ANTHROPIC_VERSION, caller.get(ANTHROPIC_VERSION).cloned().unwrap_or(OLDEST));
        // Several header lines and one line with commas mean the same; both are forwarded as they came.
        for beta in caller.get_all(ANTHROPIC_BETA) {
            headers.append(ANTHROPIC_BETA, beta.clone());
        }
    }
    if let Some(key) = caller.get("idempotency-key") {
        headers.insert("idempotency-key", key.clone());
    }
    headers
}

/// Copies what a provider's reply may show to the client: rate limits, retry advice and its own request id.
pub(crate) fn copy_inbound(from: &HeaderMap, to: &mut HeaderMap) {
    for (name, value) in from {
        let text = name.as_str();
        let shown = matches!(
            text,
            "request-id" | "x-request-id" | "retry-after" | "retry-after-ms" | "x-should-retry"
        ) || text.starts_with("x-ratelimit-")
            || text.starts_with("anthropic-ratelimit-");
        if shown {
            to.append(name.clone(), value.clone());
        }
    }
}

/// The headers that every reply of a model route carries.
pub(crate) struct OurHeaders<'a> {
    pub(crate) caller: Dialect,
    pub(crate) call: domain::CallId,
    pub(crate) trace: Option<domain::TraceId>,
    pub(crate) target: Option<&'a str>,
    pub(crate) attempts: usize,
    pub(crate) notes: &'a [Note],
}

impl OurHeaders<'_> {
    pub(crate) fn write(&self, headers: &mut HeaderMap) {
        put(headers, CALL_ID, HeaderValue::from_bytes(&self.call.hyphenated()));
        // What an SDK shows as the id of its request, in errors too. A provider of the same dialect has given its own.
        let request_id = request_id(self.caller);
        if !headers.contains_key(&request_id) {
            put(headers, request_id, HeaderValue::from_bytes(&self.call.hyphenated()));
        }
        if let Some(trace) = self.trace {
            put(headers, TRACE_ID, HeaderValue::from_bytes(&trace.hex()));
        }
        if let Some(target) = self.target {
            put(headers, TARGET, HeaderValue::from_str(target));
        }
        headers.insert(ATTEMPTS, HeaderValue::from(self.attempts));
        headers.insert(VERSION, OUR_VERSION);
        if !self.notes.is_empty() {
            put(headers, NOTES, HeaderValue::from_str(&joined(self.notes)));
        }
    }
}

/// Where a client of this dialect looks for the id of its request.
const fn request_id(dialect: Dialect) -> HeaderName {
    match dialect {
        Dialect::OpenaiChat => HeaderName::from_static("x-request-id"),
        Dialect::AnthropicMessages => HeaderName::from_static("request-id"),
    }
}

/// A simulated reply says so.
pub(crate) fn simulated(headers: &mut HeaderMap, target: &Target) {
    if target.credential.simulator.is_some() {
        headers.insert(SIMULATED, HeaderValue::from_static("true"));
    }
}

pub(crate) fn cost(headers: &mut HeaderMap, cost: Option<PicoUsd>) {
    let text = cost.map_or_else(|| "unknown".to_owned(), |cost| cost.to_string());
    put(headers, COST, HeaderValue::from_str(&text));
}

pub(crate) fn content_type(headers: &mut HeaderMap, dialect: Dialect, streamed: bool) {
    headers
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(wire::reply_content_type(dialect, streamed)));
    if streamed {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        // nginx and its kin would otherwise hold events back until a buffer is full.
        headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    }
}

/// What an error reply says in its headers.
pub fn error_headers(error: &CallError) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(12);
    headers.insert(header::CONTENT_TYPE, JSON);
    headers.insert(FAULT, HeaderValue::from_static(error.kind.fault().name()));
    if let Some(after) = error.retry_after {
        // Whole seconds, rounded up: a client that comes back early is refused again.
        headers.insert(
            header::RETRY_AFTER,
            HeaderValue::from(after.as_secs() + u64::from(after.subsec_nanos() > 0)),
        );
    }
    if error.kind == domain::ErrorKind::BudgetExceeded {
        headers.insert(SHOULD_RETRY, HeaderValue::from_static("false"));
    }
    headers
}

fn put(headers: &mut HeaderMap, name: HeaderName, value: Result<HeaderValue, header::InvalidHeaderValue>) {
    if let Ok(value) = value {
        headers.insert(name, value);
    }
}

fn joined(notes: &[Note]) -> String {
    let mut text = String::new();
    for (index, note) in notes.iter().enumerate() {
        let note = note.short();
        if text.len() + note.len() > MAX_NOTES_BYTES {
            text.push_str(&format!(", and {} more", notes.len() - index));
            break;
        }
        if index > 0 {
            text.push_str(", ");
        }
        text.extend(note.chars().filter(|c| (' '..='~').contains(c)));
    }
    text
}
