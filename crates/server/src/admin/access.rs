//! Who may use the admin API. A route is declared together with its permission; there is no other way to add one.

use axum::Router;
use axum::extract::{Request, State};
use axum::handler::Handler;
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use utoipa::Modify;
use utoipa::openapi::OpenApi;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};

use super::{AdminState, Problem};

/// What a route lets its caller do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Permission {
    /// Which calls there were, without what was said.
    ListCalls,
    /// What was said.
    ViewContent,
    SumUsage,
    SeeVersion,
}

/// Routes, each behind its permission.
pub(super) struct Routes {
    state: AdminState,
    router: Router<AdminState>,
}

impl Routes {
    pub(super) fn new(state: AdminState) -> Self {
        Self { state, router: Router::new() }
    }

    pub(super) fn get<H, T>(mut self, path: &str, permission: Permission, handler: H) -> Self
    where
        H: Handler<T, AdminState>,
        T: 'static,
    {
        let guard = middleware::from_fn_with_state((self.state.clone(), permission), guard);
        self.router = self.router.route(path, get(handler).layer(guard));
        self
    }

    pub(super) fn into_router(self) -> Router {
        self.router.with_state(self.state)
    }
}

async fn guard(
    State((state, permission)): State<(AdminState, Permission)>,
    request: Request,
    next: Next,
) -> Response {
    match permitted(&state, request.headers(), permission) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

fn permitted(state: &AdminState, headers: &HeaderMap, _permission: Permission) -> Result<(), Problem> {
    let Some(presented) = presented(headers) else {
        return Err(Problem::unauthorized(
            "the admin API needs the admin token as `Authorization: Bearer`; it is in the file `admin-token` of the \
             data directory",
        ));
    };
    // The admin token carries every permission; keys and users with fewer come with roles.
    let known =
        state.tokens.iter().any(|token| vault::same_secret(presented.as_bytes(), token.expose().as_bytes()));
    if known { Ok(()) } else { Err(Problem::unauthorized("the admin token is not the one of this gateway")) }
}

/// `Bearer`, or the password of `Basic`, which is how MLflow's clients send a token.
fn presented(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, rest) = value.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(rest.trim().to_owned());
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(rest.trim()).ok()?).ok()?;
    decoded.split_once(':').map(|(_, password)| password.to_owned())
}

/// Says in the document how to authenticate.
pub(super) struct BearerToken;

impl Modify for BearerToken {
    fn modify(&self, document: &mut OpenApi) {
        let components = document.components.get_or_insert_with(Default::default);
        let scheme = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        components.add_security_scheme("admin_token", scheme);
    }
}
