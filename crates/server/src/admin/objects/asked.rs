//! What a request about objects asks for, whatever its method.

use axum::extract::rejection::QueryRejection;
use axum::extract::{FromRequestParts, Path, Query};
use axum::http::Method;
use axum::http::request::Parts;
use domain::{ObjectKind, Scope};
use serde::Deserialize;

use super::super::AdminState;
use super::super::access::Principal;
use super::super::body::shortened;
use super::super::problem::Problem;
use super::precondition::Precondition;

/// A request about one object, or for a new one.
pub(in crate::admin) struct Asked {
    pub(in crate::admin) state: AdminState,
    pub(in crate::admin) principal: Principal,
    /// The id or name in the path; empty where there is none.
    pub(in crate::admin) target: String,
    /// Where a name is looked up, as the query says.
    pub(in crate::admin) project: Option<String>,
    pub(in crate::admin) precondition: Precondition,
    pub(in crate::admin) idempotency_key: Option<String>,
    pub(in crate::admin) method: Method,
    /// Path and query.
    pub(in crate::admin) uri: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Place {
    project: Option<String>,
}

impl FromRequestParts<AdminState> for Asked {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AdminState) -> Result<Self, Problem> {
        let principal = Principal::from_request_parts(parts, state).await?;
        // A route without a parameter has none to read.
        let target = Path::<String>::from_request_parts(parts, state).await;
        let place: Result<Query<Place>, QueryRejection> = Query::from_request_parts(parts, state).await;
        let Query(place) = place.map_err(|rejection| Problem::malformed(rejection.body_text()))?;
        Ok(Self {
            state: state.clone(),
            principal,
            target: target.map(|Path(target)| target).unwrap_or_default(),
            project: place.project,
            precondition: Precondition::read(&parts.headers)?,
            idempotency_key: idempotency_key(parts)?,
            method: parts.method.clone(),
            uri: parts.uri.to_string(),
        })
    }
}

impl Asked {
    /// The project in which a name is looked up.
    pub(in crate::admin) fn scope(&self) -> Result<Scope, Problem> {
        match &self.project {
            None => Ok(self.principal.home),
            Some(name) => self
                .state
                .project(self.principal.within, name)
                .ok_or_else(|| Problem::missing(format!("there is no project `{}`", shortened(name)))),
        }
    }

    pub(in crate::admin) fn missing(&self, kind: ObjectKind) -> Problem {
        let place = self.project.as_ref().map(|name| format!(" in project `{}`", shortened(name)));
        let detail = format!(
            "there is no {kind} `{}`{}; `GET /api/v1/{}` lists them",
            shortened(&self.target),
            place.unwrap_or_default(),
            kind.plural()
        );
        Problem::missing(detail)
    }
}

fn idempotency_key(parts: &Parts) -> Result<Option<String>, Problem> {
    const LONGEST: usize = 200;
    let Some(value) = parts.headers.get("idempotency-key") else { return Ok(None) };
    let key = value
        .to_str()
        .ok()
        .filter(|key| (1..=LONGEST).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic()));
    key.map(|key| Some(key.to_owned())).ok_or_else(|| {
        Problem::malformed(format!("`idempotency-key` is 1 to {LONGEST} printable characters without spaces"))
    })
}
