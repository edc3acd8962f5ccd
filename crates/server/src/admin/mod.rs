//! The admin API under `/api/v1`: one file per resource. The command line and the UI use nothing else.

mod access;
mod calls;
mod problem;
mod traces;
mod usage;
mod version;
mod views;

use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;
use axum::Router;
use axum::extract::FromRef;
use config::snapshot::Snapshot;
use domain::Secret;
use store::{Ledger, TraceStore};
use utoipa::OpenApi;

use crate::Health;
use crate::operations;

pub(crate) use problem::Problem;

use access::BearerToken;

/// What the admin API reads from.
#[derive(Clone)]
pub struct AdminState {
    pub traces: Arc<dyn TraceStore>,
    pub ledger: Arc<dyn Ledger>,
    /// Any of these opens everything.
    pub tokens: Arc<[Secret<String>]>,
    pub health: Health,
    /// For the names of what records know by its id only.
    pub snapshot: Arc<ArcSwap<Snapshot>>,
}

impl fmt::Debug for AdminState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AdminState").finish_non_exhaustive()
    }
}

impl FromRef<AdminState> for Arc<dyn TraceStore> {
    fn from_ref(state: &AdminState) -> Self {
        Arc::clone(&state.traces)
    }
}

impl FromRef<AdminState> for Arc<dyn Ledger> {
    fn from_ref(state: &AdminState) -> Self {
        Arc::clone(&state.ledger)
    }
}

impl FromRef<AdminState> for Arc<ArcSwap<Snapshot>> {
    fn from_ref(state: &AdminState) -> Self {
        Arc::clone(&state.snapshot)
    }
}

/// Everything that is no model route.
pub fn router(state: &AdminState) -> Router {
    let health = state.health.clone();
    let declared = access::Routes::new(state.clone())
        .get("/api/v1/calls", access::Permission::ListCalls, calls::list)
        .get("/api/v1/calls/tail", access::Permission::ListCalls, calls::tail)
        .get("/api/v1/calls/{id}", access::Permission::ViewContent, calls::one)
        .get("/api/v1/traces", access::Permission::ListCalls, traces::list)
        .get("/api/v1/traces/{id}", access::Permission::ViewContent, traces::one)
        .get("/api/v1/usage", access::Permission::SumUsage, usage::sums)
        .get("/api/v1/version", access::Permission::SeeVersion, version::version)
        .get("/api/v1/openapi.json", access::Permission::SeeVersion, version::document);
    declared.into_router().merge(operations::router(health)).fallback(problem::not_found)
}

/// The OpenAPI document of the admin API.
pub fn openapi() -> utoipa::openapi::OpenApi {
    Document::openapi()
}

#[derive(OpenApi)]
#[openapi(
    info(title = "Gatewright admin API", description = "Calls, traces and usage of a gateway.", license(name = "Apache-2.0")),
    paths(calls::list, calls::tail, calls::one, traces::list, traces::one, usage::sums, version::version),
    modifiers(&BearerToken),
    security(("admin_token" = [])),
    tags(
        (name = "calls", description = "Requests to model routes, one by one"),
        (name = "traces", description = "Calls and their attempts under one W3C trace id"),
        (name = "usage", description = "Tokens and money, summed"),
        (name = "operations", description = "About the gateway itself")
    )
)]
struct Document;
