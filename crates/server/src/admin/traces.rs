//! `/api/v1/traces`.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use domain::{CallId, TraceId};
use serde::Serialize;
use store::{TraceStore, Within};
use utoipa::ToSchema;

use super::Problem;
use super::access::Principal;
use super::calls::{self, CallList, CallQuery};
use super::views::{CallDetail, timestamp};

/// All that happened under one trace id.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Trace {
    trace_id: String,
    calls: Vec<CallDetail>,
    /// The calls and their attempts as spans, in the order they began.
    spans: Vec<SpanView>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SpanView {
    span_id: String,
    /// May be a span of the application's own trace.
    parent_span_id: Option<String>,
    name: String,
    /// RFC 3339, UTC.
    started_at: String,
    duration_us: u64,
    error: bool,
    /// Named as in OpenTelemetry's GenAI conventions.
    #[schema(value_type = Object)]
    attributes: serde_json::Map<String, serde_json::Value>,
}

/// Traces, the last finished first
///
/// A row is a call; calls of one application trace share their `trace_id`.
#[utoipa::path(get, path = "/api/v1/traces", tag = "traces", params(CallQuery),
    responses((status = 200, body = CallList, description = "a page of calls")))]
pub(super) async fn list(
    store: State<Arc<dyn TraceStore>>,
    principal: Principal,
    query: Result<Query<CallQuery>, QueryRejection>,
) -> Result<Json<CallList>, Problem> {
    calls::list(store, principal, query).await
}

/// One trace, by its id or by the id of one of its calls
#[utoipa::path(get, path = "/api/v1/traces/{id}", tag = "traces",
    params(("id" = String, Path, description = "a trace id from `x-gatewright-trace-id`, or a call id")),
    responses((status = 200, body = Trace, description = "the trace")))]
pub(super) async fn one(
    State(store): State<Arc<dyn TraceStore>>,
    principal: Principal,
    Path(id): Path<String>,
) -> Result<Json<Trace>, Problem> {
    let missing =
        || Problem::missing(format!("there is no trace `{id}`; a new one is listed after a second"));
    let trace = find(&*store, principal.within, &id).await?.ok_or_else(missing)?;
    let records = store.trace(principal.within, trace).await?;
    if records.is_empty() {
        return Err(missing());
    }
    let spans = records.iter().flat_map(telemetry::spans).map(SpanView::from).collect();
    Ok(Json(Trace {
        trace_id: trace.to_string(),
        calls: records.iter().map(CallDetail::from).collect(),
        spans,
    }))
}

async fn find(store: &dyn TraceStore, within: Within, id: &str) -> Result<Option<TraceId>, Problem> {
    if id.contains('-') && !id.starts_with("tr-") {
        let Ok(call) = id.parse::<CallId>() else { return Ok(None) };
        return Ok(store.call(within, call).await?.map(|record| record.trace));
    }
    Ok(id.parse().ok())
}

impl From<telemetry::Span> for SpanView {
    fn from(span: telemetry::Span) -> Self {
        Self {
            span_id: span.id.to_string(),
            parent_span_id: span.parent.map(|parent| parent.to_string()),
            name: span.name,
            started_at: timestamp(span.started_at_us),
            duration_us: span.duration_us,
            error: span.error.is_some(),
            attributes: span.attributes.into_iter().collect(),
        }
    }
}
