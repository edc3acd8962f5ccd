//! `/api/v1/login-links`: links that log a browser in, once.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::header::HOST;
use axum::http::{HeaderMap, StatusCode};
use domain::{Scope, Secret};
use runtime::Clock;
use serde::Serialize;
use store::ControlStore;
use utoipa::ToSchema;
use vault::KeyHasher;

use super::AdminState;
use super::access::{Caller, Principal};
use super::body::{Document, Fields};
use super::problem::Problem;
use super::views::timestamp_ms;

/// A link that logs a browser in.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LoginLink {
    /// Open it in a browser. Whoever has it is logged in, so it is shown to nobody else.
    #[schema(example = "http://127.0.0.1:4242/login?code=3kTMd5nGzJ8rWc0hVbYq")]
    url: String,
    /// The same without a host.
    #[schema(example = "/login?code=3kTMd5nGzJ8rWc0hVbYq")]
    path: String,
    expires_at: String,
}

/// Long enough to walk over to the browser.
const LIFE: Duration = Duration::from_mins(10);

/// Make a login link
///
/// It is good for one login within ten minutes.
#[utoipa::path(post, path = "/api/v1/login-links", tag = "session",
    responses((status = 201, body = LoginLink, description = "a link, shown this once")))]
pub(super) async fn create(
    State(state): State<AdminState>,
    Caller(peer): Caller,
    principal: Principal,
    headers: HeaderMap,
    document: Document,
) -> Result<(StatusCode, Json<LoginLink>), Problem> {
    Fields::of(document).finish()?;
    let now_ms = Clock.now().unix_ms();
    let path = login_path(&*state.control, &state.hasher, now_ms).await?;
    state.control.note(Scope::DEFAULT, &principal.actor, "login-link", "").await?;
    let origin = state.public_origin().unwrap_or_else(|| {
        let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or("127.0.0.1:4242");
        format!("{}://{host}", if state.is_secure(peer) { "https" } else { "http" })
    });
    let link = LoginLink {
        url: format!("{origin}{}", path.expose()),
        path: path.expose().clone(),
        expires_at: timestamp_ms(now_ms.saturating_add(life_ms())),
    };
    Ok((StatusCode::CREATED, Json(link)))
}

/// The path of a link that logs a browser in, once, within ten minutes.
pub(crate) async fn login_path(
    control: &dyn ControlStore,
    hasher: &KeyHasher,
    now_ms: i64,
) -> Result<Secret<String>, Problem> {
    let code = vault::fresh_token()?;
    let hash = hasher.hash(code.expose().as_bytes());
    control.put_code(hash, now_ms, now_ms.saturating_add(life_ms())).await?;
    Ok(Secret::new(format!("/login?code={}", code.expose())))
}

fn life_ms() -> i64 {
    i64::try_from(LIFE.as_millis()).unwrap_or(i64::MAX)
}
