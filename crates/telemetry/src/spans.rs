//! A call as spans: one for the call, and one below it for each attempt. Pure: computed when somebody looks.

use domain::{
    Api, AttemptRecord, CallRecord, CostSource, EndReason, ErrorKind, Labels, Outcome, PicoUsd, RelayMode,
    SpanId, TraceId, Usage, UsageSource,
};
use serde_json::Value;

use crate::names::{GEN_AI, Names, own};

/// A span of a trace.
#[derive(Debug, Clone, PartialEq)]
pub struct Span {
    pub trace: TraceId,
    pub id: SpanId,
    pub parent: Option<SpanId>,
    pub name: String,
    pub kind: SpanKind,
    /// Microseconds since the Unix epoch.
    pub started_at_us: i64,
    pub duration_us: u64,
    /// Why it failed. A client that left is no failure.
    pub error: Option<ErrorKind>,
    /// Absent ones are left out, so a value is never null.
    pub attributes: Vec<(String, Value)>,
}

/// Which side of a request the span is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpanKind {
    Server,
    Client,
}

/// The spans of a call, under the names of OpenTelemetry's conventions.
pub fn spans(record: &CallRecord) -> Vec<Span> {
    spans_named(record, &GEN_AI)
}

/// The spans of a call; the call's own comes first, attempts follow in order.
pub fn spans_named(record: &CallRecord, names: &Names) -> Vec<Span> {
    let attempts = record.attempts.iter().map(|attempt| attempt_span(record, attempt, names));
    std::iter::once(root_span(record, names)).chain(attempts).collect()
}

fn root_span(record: &CallRecord, names: &Names) -> Span {
    let endpoint = record.endpoint_name.as_deref().unwrap_or(&record.requested_model);
    let mut attributes = Attributes::default();
    attributes
        .put(names.operation, operation(record.api))
        .put(names.request_model, &*record.requested_model)
        .put(names.request_stream, record.streamed)
        .may(names.time_to_first_chunk, record.first_token_us.map(seconds))
        .usage(names, &record.usage)
        .may(names.conversation, record.session.as_deref())
        .may(names.user, record.user.as_deref())
        .put(names.status, record.status)
        .outcome(names, record.outcome, record.error_message.as_deref())
        .put(own::CALL, record.call.to_string())
        .put(own::CALLER, &*record.caller.name)
        .may(names.client, record.client.map(|client| client.to_string()))
        .labels(record.caller.labels.as_deref())
        .may(own::ENDPOINT, record.endpoint_name.as_deref())
        .put(own::DIALECT, record.dialect.name())
        .may(own::COST, record.cost.map(usd));
    if !record.notes.is_empty() {
        attributes.put(own::NOTES, record.notes.clone());
    }
    Span {
        trace: record.trace,
        id: record.root_span,
        parent: record.parent_span,
        name: format!("gateway/{endpoint}"),
        kind: SpanKind::Server,
        started_at_us: record.started_at_us,
        duration_us: record.duration_us,
        error: record.outcome.error(),
        attributes: attributes.0,
    }
}

fn attempt_span(record: &CallRecord, attempt: &AttemptRecord, names: &Names) -> Span {
    let mut attributes = Attributes::default();
    attributes
        .put(names.operation, operation(record.api))
        .put(names.provider, names.provider_name(&attempt.provider))
        .put(names.request_model, &*attempt.model)
        .may(names.time_to_first_chunk, attempt.first_byte_us.map(seconds))
        .usage(names, &attempt.usage)
        .may(names.status, attempt.status)
        .outcome(names, attempt.outcome, attempt.error_message.as_deref())
        .put(own::ATTEMPT, attempt.attempt.to_string())
        .put(own::CREDENTIAL, &*attempt.credential_name)
        .put(own::DIALECT, attempt.dialect.name())
        .put(own::RELAY, relay(attempt.relay))
        .put(own::END, end(attempt.end))
        .may(own::PROVIDER_REQUEST, attempt.provider_request_id.as_deref())
        .put(own::USAGE_SOURCE, usage_source(attempt.usage_source))
        .may(own::COST, attempt.cost.map(usd))
        .put(own::COST_SOURCE, cost_source(attempt.cost_source));
    Span {
        trace: record.trace,
        id: attempt.span,
        parent: Some(record.root_span),
        name: format!("provider/{}/{}", attempt.provider, attempt.model),
        kind: SpanKind::Client,
        started_at_us: record.started_at_us.saturating_add_unsigned(attempt.offset_us),
        duration_us: attempt.duration_us,
        error: attempt.outcome.error(),
        attributes: attributes.0,
    }
}

#[derive(Default)]
struct Attributes(Vec<(String, Value)>);

impl Attributes {
    fn put(&mut self, name: &str, value: impl Into<Value>) -> &mut Self {
        self.0.push((name.to_owned(), value.into()));
        self
    }

    /// Nothing where there is none.
    fn may(&mut self, name: &str, value: Option<impl Into<Value>>) -> &mut Self {
        match value {
            Some(value) => self.put(name, value),
            None => self,
        }
    }

    /// The convention counts cached tokens as input too, and reasoning as output.
    fn usage(&mut self, names: &Names, usage: &Usage) -> &mut Self {
        if *usage == Usage::default() {
            return self;
        }
        let rare = |tokens: u64| (tokens > 0).then_some(tokens);
        self.put(names.input_tokens, usage.input_total())
            .put(names.output_tokens, usage.output_total())
            .may(names.cache_read_tokens, rare(usage.cache_read))
            .may(names.cache_write_tokens, rare(usage.cache_write.saturating_add(usage.cache_write_1h)))
            .may(names.reasoning_tokens, rare(usage.reasoning))
    }

    /// What is written on the key.
    fn labels(&mut self, labels: Option<&Labels>) -> &mut Self {
        let Some(labels) = labels else { return self };
        if !labels.tags.is_empty() {
            self.put(own::TAGS, labels.tags.iter().map(|tag| &**tag).collect::<Vec<&str>>());
        }
        for (name, value) in &labels.metadata {
            self.put(&format!("{}.{name}", own::METADATA), &**value);
        }
        self
    }

    fn outcome(&mut self, names: &Names, outcome: Outcome, message: Option<&str>) -> &mut Self {
        let kind = match outcome {
            Outcome::Succeeded => None,
            Outcome::Failed(kind) => Some(kind.code()),
            Outcome::Cancelled => Some("cancelled"),
        };
        self.may(names.error_type, kind).may(own::MESSAGE, message)
    }
}

fn operation(api: Api) -> &'static str {
    match api {
        Api::Chat => "chat",
        Api::Embeddings => "embeddings",
        Api::CountTokens => "count_tokens",
    }
}

fn relay(mode: RelayMode) -> &'static str {
    match mode {
        RelayMode::Raw => "raw",
        RelayMode::Edit => "edit",
        RelayMode::Translate => "translate",
    }
}

fn end(reason: EndReason) -> &'static str {
    match reason {
        EndReason::Complete => "complete",
        EndReason::ProviderStatus => "provider_status",
        EndReason::Connect => "connect",
        EndReason::Deadline => "deadline",
        EndReason::BrokenReply => "broken_reply",
        EndReason::ClientGone => "client_gone",
        EndReason::NotExpressible => "not_expressible",
        EndReason::Shutdown => "shutdown",
        EndReason::Defect => "defect",
    }
}

fn usage_source(source: UsageSource) -> &'static str {
    match source {
        UsageSource::Reported => "reported",
        UsageSource::Estimated => "estimated",
        UsageSource::None => "none",
    }
}

fn cost_source(source: CostSource) -> &'static str {
    match source {
        CostSource::Catalogue => "catalogue",
        CostSource::Configured => "configured",
        CostSource::Estimated => "estimated",
        CostSource::Unknown => "unknown",
    }
}

/// An exact decimal: a number would be a float to whoever reads it.
fn usd(cost: PicoUsd) -> String {
    cost.to_string()
}

fn seconds(us: u64) -> Value {
    std::time::Duration::from_micros(us).as_secs_f64().into()
}
