//! `/api/v1/audit`: who did what, when and from where.

#![expect(unused_qualifications, reason = "what the path macro makes names its types in full")]

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use domain::{ObjectKind, Scope};
use serde::{Deserialize, Serialize};
use store::{AuditEntry, AuditQuery};
use utoipa::{IntoParams, ToSchema};

use super::AdminState;
use super::access::Principal;
use super::calls::{limit, parse_time};
use super::problem::Problem;
use super::views::timestamp_ms;

/// Which entries to list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Question {
    /// Only what this actor did: `admin token`, `key ci`, …
    actor: Option<String>,
    /// `create`, `update`, `delete`, `revoke`, `login`, …
    action: Option<String>,
    /// Only what was done to objects of this kind: `credential`, `endpoint`, …
    #[param(pattern = "^(team|project|credential|target|endpoint|key|price)s?$")]
    kind: Option<String>,
    /// Only what was done to the object with this id.
    #[param(pattern = "^(tm|p|s|d|e|k|pr)-[0-9a-f]{32}$")]
    object: Option<String>,
    /// At or after this time (RFC 3339).
    #[param(format = "date-time")]
    since: Option<String>,
    /// Before this time (RFC 3339).
    #[param(format = "date-time")]
    until: Option<String>,
    /// `next` of the page before.
    #[param(pattern = "^[0-9]{1,18}$")]
    cursor: Option<String>,
    /// 1 to 500; 50 when left out.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<usize>,
}

/// Some entries.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AuditList {
    entries: Vec<EntryView>,
    /// Where the next page begins; absent at the end.
    next: Option<String>,
}

/// Something that was done.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct EntryView {
    #[schema(example = 42)]
    id: i64,
    /// RFC 3339, UTC.
    at: String,
    #[schema(example = "admin token")]
    actor: String,
    #[schema(example = "127.0.0.1")]
    address: Option<String>,
    #[schema(example = "update")]
    action: String,
    /// Absent where nothing was done to an object: a login, a reload.
    #[schema(example = "endpoint")]
    kind: Option<&'static str>,
    #[schema(example = "e-cfa0b5754ca660078100409d452c1041")]
    object_id: Option<String>,
    /// What the object was called then.
    #[schema(example = "prod-chat")]
    name: String,
    project_id: String,
    /// The number of the change.
    revision: Option<i64>,
    /// Of an update: which fields changed. Never a value.
    #[schema(example = "targets")]
    detail: String,
}

/// What was changed by whom, the latest first
#[utoipa::path(get, path = "/api/v1/audit", tag = "operations", params(Question),
    responses((status = 200, body = AuditList, description = "a page of the audit log")))]
pub(super) async fn list(
    State(state): State<AdminState>,
    principal: Principal,
    question: Result<Query<Question>, QueryRejection>,
) -> Result<Json<AuditList>, Problem> {
    let query = parse(question)?;
    let page = state.control.audit(principal.within, &query).await?;
    Ok(Json(AuditList {
        entries: page.entries.iter().map(EntryView::from).collect(),
        next: page.next.map(|before| before.to_string()),
    }))
}

fn parse(question: Result<Query<Question>, QueryRejection>) -> Result<AuditQuery, Problem> {
    let Query(question) = question.map_err(|rejection| Problem::malformed(rejection.body_text()))?;
    let kind = question.kind.map(|kind| kind.parse::<ObjectKind>()).transpose();
    let kind = kind.map_err(|_| Problem::malformed("`kind` is a kind of object, `endpoint` for example"))?;
    let object = question.object.map(|id| {
        ObjectKind::ALL.iter().find_map(|kind| kind.parse(&id)).ok_or_else(|| {
            Problem::malformed("`object` is the id of an object, `e-` and 32 hex digits for example")
        })
    });
    let before = question.cursor.map(|cursor| {
        cursor.parse().map_err(|_| Problem::malformed("`cursor` is `next` of the page before"))
    });
    Ok(AuditQuery {
        actor: question.actor,
        action: question.action,
        kind,
        object: object.transpose()?,
        since_ms: question.since.map(|time| parse_time("since", &time)).transpose()?,
        until_ms: question.until.map(|time| parse_time("until", &time)).transpose()?,
        before: before.transpose()?,
        limit: limit(question.limit)?,
    })
}

impl From<&AuditEntry> for EntryView {
    fn from(entry: &AuditEntry) -> Self {
        let Scope { project, .. } = entry.scope;
        Self {
            id: entry.seq,
            at: timestamp_ms(entry.at_ms),
            actor: entry.actor.clone(),
            address: entry.address.map(|address| address.to_string()),
            action: entry.action.clone(),
            kind: entry.object.map(|(kind, _)| kind.name()),
            object_id: entry.object.map(|(kind, id)| kind.print(id)),
            name: entry.name.clone(),
            project_id: project.to_string(),
            revision: entry.revision,
            detail: entry.detail.clone(),
        }
    }
}
