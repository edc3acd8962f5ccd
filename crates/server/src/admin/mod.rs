//! The admin API under `/api/v1`: one file per resource. The command line and the UI use nothing else.

mod access;
mod audit;
mod body;
mod calls;
mod configuration;
mod credentials;
mod diagnostics;
mod document;
mod endpoints;
mod keys;
mod live;
mod login_links;
mod objects;
mod prices;
mod problem;
mod projects;
mod sessions;
mod state;
mod strict;
mod targets;
mod teams;
mod traces;
mod usage;
mod vault;
mod version;
mod views;

use axum::Router;
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, X_CONTENT_TYPE_OPTIONS};
use axum::response::Response;
use domain::{ObjectKind, Permission, Scope};
use store::Within;

use crate::operations;

pub use document::openapi;
pub use state::{AdminParts, AdminState};

pub(crate) use problem::Problem;

use access::{Access, Routes};
use objects::Resource;

/// What an administrator sees.
pub(super) const EVERYTHING: Within = Within::organization(Scope::DEFAULT.organization);

/// Everything that is no model route.
pub fn router(state: &AdminState) -> Router {
    let health = state.health.clone();
    let declared = declare(Routes::new(Some(state.clone())));
    declared
        .into_router(state)
        .layer(axum::middleware::map_response(private))
        .merge(operations::router(health))
        .fallback(problem::not_found)
}

/// The kinds of objects, those that others refer to first.
const RESOURCES: [Resource; 7] = [
    teams::TEAMS,
    projects::PROJECTS,
    credentials::CREDENTIALS,
    targets::TARGETS,
    endpoints::ENDPOINTS,
    keys::KEYS,
    prices::PRICES,
];

/// Every route with what it asks of its caller.
fn declare(routes: Routes) -> Routes {
    use Access::{Administrator, Anybody, May, Open};
    use Permission::{
        ReadAudit, ReadCalls, ReadConfiguration, ReadContent, ReadDiagnostics, ReadMetrics, ReadUsage,
        RotateVault, WriteConfiguration,
    };
    let objects = RESOURCES.into_iter().fold(routes, |routes, resource| resource.declare(routes));
    objects
        .post("/api/v1/keys/{id}/revoke", May(Permission::Write(ObjectKind::Key)), keys::revoke)
        .get("/login", Open, sessions::follow)
        .post("/api/v1/session", Open, sessions::begin)
        .get("/api/v1/session", Anybody, sessions::read)
        .delete("/api/v1/session", Anybody, sessions::end)
        .post("/api/v1/login-links", Administrator, login_links::create)
        .get("/api/v1/calls", May(ReadCalls), calls::list)
        .get("/api/v1/calls/tail", May(ReadCalls), calls::tail)
        .get("/api/v1/calls/{id}", May(ReadContent), calls::one)
        .get("/api/v1/traces", May(ReadCalls), traces::list)
        .get("/api/v1/traces/{id}", May(ReadContent), traces::one)
        .get("/api/v1/usage", May(ReadUsage), usage::sums)
        .get("/api/v1/audit", May(ReadAudit), audit::list)
        .get("/api/v1/vault", May(ReadDiagnostics), vault::read)
        .post("/api/v1/vault/rotate", May(RotateVault), vault::rotate)
        .get("/api/v1/diagnostics", May(ReadDiagnostics), diagnostics::read)
        .get("/metrics", May(ReadMetrics), diagnostics::metrics)
        .get("/api/v1/configuration", May(ReadConfiguration), configuration::running)
        .post("/api/v1/configuration/reload", May(WriteConfiguration), configuration::reload)
        .get("/api/v1/configuration/export", May(ReadConfiguration), configuration::export)
        .post("/api/v1/configuration/diff", May(ReadConfiguration), configuration::diff)
        .post("/api/v1/configuration/apply", May(WriteConfiguration), configuration::apply)
        .get("/api/v1/version", Anybody, version::version)
        .get("/api/v1/openapi.json", Anybody, document::serve)
}

/// Nothing of this is for a cache, nor to be taken for a page.
async fn private(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
