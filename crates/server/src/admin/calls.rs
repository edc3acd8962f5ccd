//! `/api/v1/calls`.

#![expect(unused_qualifications, reason = "what the path macro makes names its types in full")]

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use domain::CallId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use store::{CallFilter, CallPage, Cursor, TraceStore};
use utoipa::{IntoParams, ToSchema};

use super::Problem;
use super::access::Principal;
use super::views::{CallDetail, CallView};

const DEFAULT_LIMIT: usize = 50;
const MAX_LIMIT: usize = 500;

/// Which calls to list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct CallQuery {
    /// Only calls of this endpoint.
    endpoint: Option<String>,
    /// Only calls by the key of this name, or by `anonymous`.
    caller: Option<String>,
    /// Only calls that asked for this model, or went to it.
    model: Option<String>,
    /// Only calls that went to this provider.
    provider: Option<String>,
    /// `2xx`, `3xx`, `4xx` or `5xx`.
    #[param(pattern = "^[2345]xx$")]
    status: Option<String>,
    /// `succeeded`, `failed` or `cancelled`.
    #[param(pattern = "^(succeeded|failed|cancelled)$")]
    outcome: Option<String>,
    session: Option<String>,
    user: Option<String>,
    /// Only calls by keys with this tag.
    tag: Option<String>,
    streamed: Option<bool>,
    /// Begun at or after this time (RFC 3339).
    #[param(format = "date-time")]
    since: Option<String>,
    /// Begun before this time (RFC 3339).
    #[param(format = "date-time")]
    until: Option<String>,
    /// `next` of the page before.
    #[param(pattern = "^[0-9a-f]{1,15}-[0-9a-f]{1,7}$")]
    cursor: Option<String>,
    /// 1 to 500; 50 when left out.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<usize>,
}

/// Some calls.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CallList {
    calls: Vec<CallView>,
    /// Where the next page begins; absent at the end.
    next: Option<String>,
}

impl From<CallPage> for CallList {
    fn from(page: CallPage) -> Self {
        Self {
            calls: page.calls.iter().map(CallView::from).collect(),
            next: page.next.map(|cursor| cursor.to_string()),
        }
    }
}

/// Calls, the last finished first
#[utoipa::path(get, path = "/api/v1/calls", tag = "calls", params(CallQuery),
    responses((status = 200, body = CallList, description = "a page of calls")))]
pub(super) async fn list(
    State(store): State<Arc<dyn TraceStore>>,
    principal: Principal,
    query: Result<Query<CallQuery>, QueryRejection>,
) -> Result<Json<CallList>, Problem> {
    let (filter, cursor, limit) = parse(query)?;
    Ok(Json(store.list(principal.within, &filter, cursor, limit).await?.into()))
}

/// Calls that have finished since the cursor, in that order
///
/// Without a cursor there are none, and `next` stands for now.
#[utoipa::path(get, path = "/api/v1/calls/tail", tag = "calls", params(CallQuery),
    responses((status = 200, body = CallList, description = "the calls since the cursor")))]
pub(super) async fn tail(
    State(store): State<Arc<dyn TraceStore>>,
    principal: Principal,
    query: Result<Query<CallQuery>, QueryRejection>,
) -> Result<Json<CallList>, Problem> {
    let (filter, cursor, limit) = parse(query)?;
    Ok(Json(store.tail(principal.within, &filter, cursor, limit).await?.into()))
}

/// One call, with its attempts and what was said
#[utoipa::path(get, path = "/api/v1/calls/{id}", tag = "calls",
    params(("id" = String, Path, description = "the id of the call, from `x-gatewright-call-id`")),
    responses((status = 200, body = CallDetail, description = "the call")))]
pub(super) async fn one(
    State(store): State<Arc<dyn TraceStore>>,
    principal: Principal,
    Path(id): Path<String>,
) -> Result<Json<CallDetail>, Problem> {
    let missing = || Problem::missing(format!("there is no call `{id}`; a new one is listed after a second"));
    let call: CallId = id.parse().map_err(|_| missing())?;
    let record = store.call(principal.within, call).await?.ok_or_else(missing)?;
    Ok(Json((&record).into()))
}

fn parse(
    query: Result<Query<CallQuery>, QueryRejection>,
) -> Result<(CallFilter, Option<Cursor>, usize), Problem> {
    let Query(query) = query.map_err(|rejection| Problem::malformed(rejection.body_text()))?;
    let status = query.status.map(|class| {
        class.parse().map_err(|()| Problem::malformed("`status` is one of `2xx`, `3xx`, `4xx`, `5xx`"))
    });
    if let Some(outcome) = &query.outcome
        && !["succeeded", "failed", "cancelled"].contains(&outcome.as_str())
    {
        return Err(Problem::malformed("`outcome` is one of `succeeded`, `failed`, `cancelled`"));
    }
    let limit = limit(query.limit)?;
    let filter = CallFilter {
        endpoint: query.endpoint,
        caller: query.caller,
        model: query.model,
        provider: query.provider,
        status: status.transpose()?,
        outcome: query.outcome,
        since_ms: query.since.map(|time| parse_time("since", &time)).transpose()?,
        until_ms: query.until.map(|time| parse_time("until", &time)).transpose()?,
        session: query.session,
        user: query.user,
        tag: query.tag,
        streamed: query.streamed,
    };
    let cursor = query.cursor.map(|cursor| cursor.parse()).transpose()?;
    Ok((filter, cursor, limit))
}

/// How many rows a page has.
pub(super) fn limit(wanted: Option<usize>) -> Result<usize, Problem> {
    let limit = wanted.unwrap_or(DEFAULT_LIMIT);
    if (1..=MAX_LIMIT).contains(&limit) {
        return Ok(limit);
    }
    Err(Problem::malformed(format!("`limit` is 1 to {MAX_LIMIT}")))
}

pub(super) fn parse_time(name: &str, text: &str) -> Result<i64, Problem> {
    let time: Timestamp = text.parse().map_err(|_| {
        Problem::malformed(format!("`{name}` is a time like `2026-11-22T10:00:00Z` (RFC 3339)"))
    })?;
    Ok(time.as_millisecond())
}
