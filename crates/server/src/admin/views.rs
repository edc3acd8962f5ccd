//! What the admin API shows of the records: names and units for people, exact numbers as text.

use std::collections::BTreeMap;

use domain::{
    AttemptRecord, CallRecord, Caller, CallerKind, Capture, CostSource, PicoUsd, Usage, UsageSource,
};
use jiff::Timestamp;
use serde::Serialize;
use store::CallSummary;
use utoipa::ToSchema;

/// One request to a model route.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CallView {
    /// A UUIDv7.
    #[schema(example = "019ab0c4-5d1e-7000-8f3a-5b1c9d2e7f60")]
    pub(super) id: String,
    /// The W3C trace id.
    #[schema(example = "4bf92f3577b34da6a3ce929d0e0e4736")]
    trace_id: String,
    /// RFC 3339, UTC.
    started_at: String,
    duration_ms: f64,
    /// From the start of the call to the first content of the reply.
    first_token_ms: Option<f64>,
    /// The name of the key, or `anonymous`.
    #[schema(example = "ci")]
    caller: String,
    key_id: Option<String>,
    /// What is written on the key.
    tags: Vec<String>,
    metadata: BTreeMap<String, String>,
    /// Whom the call came from: the peer, or what a trusted proxy says.
    client_address: Option<String>,
    project_id: String,
    /// What the application put in `model`.
    #[schema(example = "prod-chat")]
    requested_model: String,
    endpoint: Option<String>,
    /// `provider/model` of the last attempt.
    #[schema(example = "openai/gpt-5")]
    target: Option<String>,
    attempts: usize,
    #[schema(example = "openai-chat")]
    dialect: &'static str,
    #[schema(example = "chat")]
    api: &'static str,
    streamed: bool,
    /// What the client saw; 499 where it left before there was a status.
    status: u16,
    /// `succeeded`, `failed` or `cancelled`.
    #[schema(example = "succeeded")]
    outcome: &'static str,
    /// The stable code of the error.
    error: Option<&'static str>,
    session: Option<String>,
    user: Option<String>,
    usage: UsageView,
    /// USD as an exact decimal; absent is unknown, which is not free.
    #[schema(example = "0.00012575")]
    cost_usd: Option<String>,
}

impl From<&CallSummary> for CallView {
    fn from(call: &CallSummary) -> Self {
        Self {
            id: call.call.to_string(),
            trace_id: call.trace.to_string(),
            started_at: timestamp(call.started_at_us),
            duration_ms: millis(call.duration_us),
            first_token_ms: call.first_token_us.map(millis),
            caller: call.caller.name.to_string(),
            key_id: key_id(call.caller.kind),
            tags: tags(&call.caller),
            metadata: metadata(&call.caller),
            client_address: call.client.map(|client| client.to_string()),
            project_id: call.caller.scope.project.to_string(),
            requested_model: call.requested_model.clone(),
            endpoint: call.endpoint_name.clone(),
            target: call.provider.as_ref().zip(call.model.as_ref()).map(|(p, m)| format!("{p}/{m}")),
            attempts: call.attempts,
            dialect: call.dialect.name(),
            api: call.api.name(),
            streamed: call.streamed,
            status: call.status,
            outcome: call.outcome.name(),
            error: call.outcome.error().map(domain::ErrorKind::code),
            session: call.session.clone(),
            user: call.user.clone(),
            usage: call.usage.into(),
            cost_usd: usd(call.cost),
        }
    }
}

/// A call with its attempts and what was said.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CallDetail {
    #[serde(flatten)]
    pub(super) call: CallView,
    error_message: Option<String>,
    /// What the request or the reply lost on its way to another dialect.
    notes: Vec<String>,
    attempt_list: Vec<AttemptView>,
    request: PayloadView,
    reply: PayloadView,
}

impl From<&CallRecord> for CallDetail {
    fn from(record: &CallRecord) -> Self {
        let last = record.attempts.last();
        let call = CallView {
            id: record.call.to_string(),
            trace_id: record.trace.to_string(),
            started_at: timestamp(record.started_at_us),
            duration_ms: millis(record.duration_us),
            first_token_ms: record.first_token_us.map(millis),
            caller: record.caller.name.to_string(),
            key_id: key_id(record.caller.kind),
            tags: tags(&record.caller),
            metadata: metadata(&record.caller),
            client_address: record.client.map(|client| client.to_string()),
            project_id: record.caller.scope.project.to_string(),
            requested_model: record.requested_model.to_string(),
            endpoint: record.endpoint_name.as_deref().map(str::to_owned),
            target: last.map(|attempt| format!("{}/{}", attempt.provider, attempt.model)),
            attempts: record.attempts.len(),
            dialect: record.dialect.name(),
            api: record.api.name(),
            streamed: record.streamed,
            status: record.status,
            outcome: record.outcome.name(),
            error: record.outcome.error().map(domain::ErrorKind::code),
            session: record.session.as_deref().map(str::to_owned),
            user: record.user.as_deref().map(str::to_owned),
            usage: record.usage.into(),
            cost_usd: usd(record.cost),
        };
        Self {
            call,
            error_message: record.error_message.clone(),
            notes: record.notes.clone(),
            attempt_list: record.attempts.iter().map(AttemptView::from).collect(),
            request: (&record.request).into(),
            reply: PayloadView::reply(record),
        }
    }
}

/// One try at one target.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AttemptView {
    id: String,
    span_id: String,
    #[schema(example = "openai/gpt-5")]
    target: String,
    credential: String,
    dialect: &'static str,
    /// `raw`, `edit` or `translate`.
    relay: &'static str,
    /// Since the start of the call.
    offset_ms: f64,
    duration_ms: f64,
    first_byte_ms: Option<f64>,
    /// The provider's status.
    status: Option<u16>,
    outcome: &'static str,
    error: Option<&'static str>,
    /// Why it ended.
    #[schema(example = "complete")]
    end: String,
    error_message: Option<String>,
    provider_request_id: Option<String>,
    usage: UsageView,
    /// `reported`, `estimated` or `none`.
    usage_source: &'static str,
    cost_usd: Option<String>,
    /// `catalogue`, `configured`, `estimated` or `unknown`.
    cost_source: &'static str,
}

impl From<&AttemptRecord> for AttemptView {
    fn from(attempt: &AttemptRecord) -> Self {
        Self {
            id: attempt.attempt.to_string(),
            span_id: attempt.span.to_string(),
            target: format!("{}/{}", attempt.provider, attempt.model),
            credential: attempt.credential_name.to_string(),
            dialect: attempt.dialect.name(),
            relay: match attempt.relay {
                domain::RelayMode::Raw => "raw",
                domain::RelayMode::Edit => "edit",
                domain::RelayMode::Translate => "translate",
            },
            offset_ms: millis(attempt.offset_us),
            duration_ms: millis(attempt.duration_us),
            first_byte_ms: attempt.first_byte_us.map(millis),
            status: attempt.status,
            outcome: attempt.outcome.name(),
            error: attempt.outcome.error().map(domain::ErrorKind::code),
            end: serde_json::to_value(attempt.end)
                .ok()
                .and_then(|name| name.as_str().map(str::to_owned))
                .unwrap_or_default(),
            error_message: attempt.error_message.clone(),
            provider_request_id: attempt.provider_request_id.clone(),
            usage: attempt.usage.into(),
            usage_source: match attempt.usage_source {
                UsageSource::Reported => "reported",
                UsageSource::Estimated => "estimated",
                UsageSource::None => "none",
            },
            cost_usd: usd(attempt.cost),
            cost_source: match attempt.cost_source {
                CostSource::Catalogue => "catalogue",
                CostSource::Configured => "configured",
                CostSource::Estimated => "estimated",
                CostSource::Unknown => "unknown",
            },
        }
    }
}

/// Tokens, in buckets that never overlap, and their sums.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct UsageView {
    /// All tokens of the prompt.
    input_tokens: u64,
    /// All generated tokens.
    output_tokens: u64,
    /// Of the input: neither read from nor written to a prompt cache.
    uncached_input: u64,
    cache_read: u64,
    cache_write: u64,
    cache_write_1h: u64,
    audio_input: u64,
    /// Of the output: reasoning.
    reasoning: u64,
    audio_output: u64,
}

impl From<Usage> for UsageView {
    fn from(usage: Usage) -> Self {
        Self {
            input_tokens: usage.input_total(),
            output_tokens: usage.output_total(),
            uncached_input: usage.input,
            cache_read: usage.cache_read,
            cache_write: usage.cache_write,
            cache_write_1h: usage.cache_write_1h,
            audio_input: usage.audio_input,
            reasoning: usage.reasoning,
            audio_output: usage.audio_output,
        }
    }
}

/// A body as it went over the wire.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PayloadView {
    /// Bytes on the wire.
    size: u64,
    /// The end is missing: it was longer than a trace keeps.
    truncated: bool,
    /// JSON where it is a whole document, else the text; absent where the capture mode kept nothing.
    #[schema(value_type = Option<Object>)]
    body: Option<serde_json::Value>,
}

impl PayloadView {
    /// A stream is shown put together, as the one reply it amounts to.
    fn reply(record: &CallRecord) -> Self {
        let mut view = Self::from(&record.reply);
        if record.streamed
            && let Some(whole) = telemetry::display_reply(record.dialect, true, &record.reply)
        {
            view.body = serde_json::from_slice(&whole).ok();
        }
        view
    }
}

impl From<&Capture> for PayloadView {
    fn from(capture: &Capture) -> Self {
        let kept = capture.body.as_slice();
        let body = (!kept.is_empty()).then(|| {
            serde_json::from_slice(kept)
                .unwrap_or_else(|_| serde_json::Value::String(String::from_utf8_lossy(kept).into_owned()))
        });
        Self { size: capture.size, truncated: (kept.len() as u64) < capture.size && !kept.is_empty(), body }
    }
}

pub(super) fn timestamp(unix_us: i64) -> String {
    Timestamp::from_microsecond(unix_us).map(|time| time.to_string()).unwrap_or_default()
}

pub(super) fn timestamp_ms(unix_ms: i64) -> String {
    Timestamp::from_millisecond(unix_ms).map(|time| time.to_string()).unwrap_or_default()
}

#[expect(clippy::cast_precision_loss, reason = "a duration in milliseconds needs no 53 bits")]
fn millis(micros: u64) -> f64 {
    micros as f64 / 1_000.0
}

fn tags(caller: &Caller) -> Vec<String> {
    caller.labels.iter().flat_map(|labels| labels.tags.iter().map(ToString::to_string)).collect()
}

fn metadata(caller: &Caller) -> BTreeMap<String, String> {
    let entries = caller.labels.iter().flat_map(|labels| labels.metadata.iter());
    entries.map(|(name, value)| (name.to_string(), value.to_string())).collect()
}

fn key_id(kind: CallerKind) -> Option<String> {
    match kind {
        CallerKind::Key(id) => Some(id.to_string()),
        CallerKind::Anonymous => None,
    }
}

pub(super) fn usd(cost: Option<PicoUsd>) -> Option<String> {
    cost.map(|cost| cost.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_is_json_where_it_can_be() {
        let capture = |body: &[u8], size| PayloadView::from(&Capture { body: body.to_vec(), size });
        assert_eq!(capture(b"{\"a\":1}", 7).body, Some(serde_json::json!({"a": 1})));
        let cut = capture(b"{\"a\":", 70);
        assert_eq!((cut.body, cut.truncated), (Some("{\"a\":".into()), true));
        let kept_nothing = capture(b"", 70);
        assert_eq!((kept_nothing.body, kept_nothing.truncated), (None, false));
    }
}
