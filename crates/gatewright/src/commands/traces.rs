//! `gatewright traces tail|show`.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use serde_json::Value;

use crate::api::{self, Api, escape};
use crate::cli::{Show, Tail, Traces};
use crate::output;

/// New calls are asked for this often: quick enough to look alive, and a gateway does not notice it.
const POLL: Duration = Duration::from_millis(500);

pub(crate) fn run(command: Traces) -> Result<ExitCode> {
    match command {
        Traces::Tail(options) => api::block_on(tail(options)),
        Traces::Show(options) => api::block_on(show(options)),
    }
}

async fn tail(options: Tail) -> Result<ExitCode> {
    let api = Api::new(&options.gateway)?;
    let endpoint = options.endpoint.as_deref().map(|name| format!("&endpoint={}", escape(name)));
    let endpoint = endpoint.unwrap_or_default();
    // The cursor is taken first: what finishes in between is printed twice rather than never.
    let now = api.get("/api/v1/calls/tail?limit=1").await?;
    let mut cursor = text(&now, "next");
    if options.lines > 0 {
        let past = api.get(&format!("/api/v1/calls?limit={}{endpoint}", options.lines.min(500))).await?;
        for call in list(&past, "calls").iter().rev() {
            if !print_call(call, options.json)? {
                return Ok(ExitCode::SUCCESS);
            }
        }
    }
    if options.no_follow {
        return Ok(ExitCode::SUCCESS);
    }
    loop {
        tokio::time::sleep(POLL).await;
        let fresh = api.get(&format!("/api/v1/calls/tail?limit=500&cursor={cursor}{endpoint}")).await?;
        for call in list(&fresh, "calls") {
            if !print_call(call, options.json)? {
                return Ok(ExitCode::SUCCESS);
            }
        }
        cursor = text(&fresh, "next");
    }
}

/// Says whether somebody still reads.
fn print_call(call: &Value, json: bool) -> Result<bool> {
    if json {
        return Ok(output::line_to_reader(&serde_json::to_string(call)?));
    }
    let usage = |name: &str| call.pointer(&format!("/usage/{name}")).and_then(Value::as_u64).unwrap_or(0);
    let error = text(call, "error");
    Ok(output::line_to_reader(&format!(
        "{}  {}  {:>3}  {:>8}  {} -> {}  {} in, {} out, {}  {}{}",
        text(call, "started_at").get(..19).unwrap_or_default(),
        text(call, "trace_id"),
        number(call, "status"),
        duration(call.get("duration_ms")),
        text(call, "requested_model"),
        or_dash(&text(call, "target")),
        usage("input_tokens"),
        usage("output_tokens"),
        cost(call),
        text(call, "outcome"),
        if error.is_empty() { String::new() } else { format!(" ({error})") },
    )))
}

async fn show(options: Show) -> Result<ExitCode> {
    let api = Api::new(&options.gateway)?;
    let trace = api.get(&format!("/api/v1/traces/{}", escape(&options.id))).await?;
    if options.json {
        output::line(&serde_json::to_string_pretty(&trace)?);
        return Ok(ExitCode::SUCCESS);
    }
    output::line(&format!("trace {}", text(&trace, "trace_id")));
    for call in list(&trace, "calls") {
        print_story(call);
    }
    Ok(ExitCode::SUCCESS)
}

/// One call from its request to its end, as a person would tell it.
fn print_story(call: &Value) {
    output::line("");
    output::line(&format!(
        "call {}  {} by {}  {} in {}",
        text(call, "id"),
        text(call, "started_at"),
        text(call, "caller"),
        text(call, "outcome"),
        duration(call.get("duration_ms")),
    ));
    let streamed = if call.get("streamed") == Some(&Value::Bool(true)) { ", streamed" } else { "" };
    output::line(&format!(
        "  asked for `{}` ({} {}{streamed}) and got status {}",
        text(call, "requested_model"),
        text(call, "dialect"),
        text(call, "api"),
        number(call, "status"),
    ));
    if let Some(first) = call.get("first_token_ms").filter(|first| !first.is_null()) {
        output::line(&format!("  first content after {}", duration(Some(first))));
    }
    for (index, attempt) in list(call, "attempt_list").iter().enumerate() {
        print_attempt(index + 1, attempt);
    }
    let message = text(call, "error_message");
    if !message.is_empty() {
        output::line(&format!("  error {}: {message}", text(call, "error")));
    }
    for note in list(call, "notes") {
        output::line(&format!("  note: {}", note.as_str().unwrap_or_default()));
    }
    for side in ["request", "reply"] {
        let payload = call.get(side).unwrap_or(&Value::Null);
        let body = match payload.get("body") {
            None | Some(Value::Null) => "(not kept)".to_owned(),
            Some(Value::String(text)) => text.trim_end().to_owned(),
            Some(body) => body.to_string(),
        };
        output::line(&format!("  {side} ({} bytes):", number(payload, "size")));
        for line in body.lines() {
            output::line(&format!("    {line}"));
        }
    }
}

fn print_attempt(index: usize, attempt: &Value) {
    let usage = |name: &str| attempt.pointer(&format!("/usage/{name}")).and_then(Value::as_u64).unwrap_or(0);
    let status = match attempt.get("status") {
        None | Some(Value::Null) => String::new(),
        Some(status) => format!(", status {status}"),
    };
    output::line(&format!(
        "  attempt {index}: {} with credential `{}` ({}): {}, {}{status} after {}; {} in, {} out, {}",
        text(attempt, "target"),
        text(attempt, "credential"),
        text(attempt, "relay"),
        text(attempt, "outcome"),
        text(attempt, "end").replace('_', " "),
        duration(attempt.get("duration_ms")),
        usage("input_tokens"),
        usage("output_tokens"),
        cost(attempt),
    ));
    let message = text(attempt, "error_message");
    if !message.is_empty() {
        output::line(&format!("    {message}"));
    }
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn text(value: &Value, name: &str) -> String {
    output::harmless(value.get(name).and_then(Value::as_str).unwrap_or_default())
}

fn number(value: &Value, name: &str) -> u64 {
    value.get(name).and_then(Value::as_u64).unwrap_or(0)
}

fn cost(value: &Value) -> String {
    value
        .get("cost_usd")
        .and_then(Value::as_str)
        .map_or_else(|| "cost unknown".to_owned(), |cost| format!("${cost}"))
}

fn or_dash(text: &str) -> &str {
    if text.is_empty() { "-" } else { text }
}

fn duration(ms: Option<&Value>) -> String {
    match ms.and_then(Value::as_f64) {
        None => "-".to_owned(),
        Some(ms) if ms < 10.0 => format!("{ms:.2} ms"),
        Some(ms) if ms < 10_000.0 => format!("{ms:.0} ms"),
        Some(ms) => format!("{:.1} s", ms / 1_000.0),
    }
}
