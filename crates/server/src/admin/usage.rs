//! `/api/v1/usage`.

#![expect(unused_qualifications, reason = "what the path macro makes names its types in full")]

use std::sync::Arc;

use arc_swap::ArcSwap;
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use config::snapshot::Snapshot;
use serde::{Deserialize, Serialize};
use store::{Ledger, UsageBy, UsageGroup, UsageQuery, UsageTotals};
use utoipa::{IntoParams, ToSchema};

use super::Problem;
use super::access::Principal;
use super::calls::parse_time;
use super::views::UsageView;

/// What to sum up.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Question {
    /// `endpoint` (when left out), `key`, `model`, `provider` or `project`.
    #[param(pattern = "^(endpoint|key|model|provider|project)$")]
    by: Option<String>,
    /// Settled at or after this time (RFC 3339).
    #[param(format = "date-time")]
    since: Option<String>,
    /// Settled before this time (RFC 3339).
    #[param(format = "date-time")]
    until: Option<String>,
}

/// Sums per group, the dearest first.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Report {
    by: &'static str,
    groups: Vec<Group>,
    total: Totals,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Group {
    id: Option<String>,
    name: String,
    #[serde(flatten)]
    totals: Totals,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Totals {
    calls: u64,
    /// Tries at providers, fallbacks and retries included.
    attempts: u64,
    usage: UsageView,
    /// USD as an exact decimal, over the attempts whose cost is known.
    #[schema(example = "1.25")]
    cost_usd: String,
    /// Attempts whose cost is not known, because no price covers their model.
    unknown_cost_attempts: u64,
}

impl From<&UsageTotals> for Totals {
    fn from(totals: &UsageTotals) -> Self {
        Self {
            calls: totals.calls,
            attempts: totals.attempts,
            usage: totals.usage.into(),
            cost_usd: totals.cost.to_string(),
            unknown_cost_attempts: totals.unknown_cost,
        }
    }
}

impl From<&UsageGroup> for Group {
    fn from(group: &UsageGroup) -> Self {
        Self { id: group.id.clone(), name: group.name.clone(), totals: (&group.totals).into() }
    }
}

/// Tokens and cost, summed per endpoint, key, model, provider or project
#[utoipa::path(get, path = "/api/v1/usage", tag = "usage", params(Question),
    responses((status = 200, body = Report, description = "the sums")))]
pub(super) async fn sums(
    State(ledger): State<Arc<dyn Ledger>>,
    State(snapshot): State<Arc<ArcSwap<Snapshot>>>,
    principal: Principal,
    question: Result<Query<Question>, QueryRejection>,
) -> Result<Json<Report>, Problem> {
    let Query(question) = question.map_err(|rejection| Problem::malformed(rejection.body_text()))?;
    let by: UsageBy = question.by.as_deref().unwrap_or("endpoint").parse().map_err(|()| {
        Problem::malformed("`by` is one of `endpoint`, `key`, `model`, `provider`, `project`")
    })?;
    let query = UsageQuery {
        by,
        since_ms: question.since.map(|time| parse_time("since", &time)).transpose()?,
        until_ms: question.until.map(|time| parse_time("until", &time)).transpose()?,
    };
    let mut report = ledger.usage(principal.within, query).await?;
    if by == UsageBy::Project {
        name_projects(&mut report.groups, &snapshot.load());
    }
    Ok(Json(Report {
        by: by.name(),
        groups: report.groups.iter().map(Group::from).collect(),
        total: (&report.total).into(),
    }))
}

/// A project that is declared no longer keeps its id for a name.
fn name_projects(groups: &mut [UsageGroup], snapshot: &Snapshot) {
    for group in groups {
        let known = snapshot.projects.iter().find(|(_, scope)| Some(scope.project.to_string()) == group.id);
        if let Some((name, _)) = known {
            group.name = name.to_string();
        }
    }
}
