//! `/api/v1/session` and the way into one: a login link, or the admin token in a form.

use axum::Json;
use axum::extract::{Query, Request, State};
use axum::http::header::{CONTENT_TYPE, LOCATION, REFERRER_POLICY, SET_COOKIE};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode};
use axum::response::{AppendHeaders, IntoResponse, Response};
use domain::{Permission, Scope, Secret};
use runtime::Clock;
use serde::{Deserialize, Serialize};
use store::Session;
use utoipa::ToSchema;

use super::AdminState;
use super::access::{Caller, Cookie, Principal, SESSION_LIFE, Via, administrator, attempt};
use super::body::{Document, Fields};
use super::problem::Problem;
use super::views::timestamp_ms;
use crate::peer::Peer;

/// Who somebody is here, and what they may do.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SessionView {
    #[schema(example = "administrator")]
    actor: String,
    /// `admin_token`, `session` or `service_key`.
    #[schema(example = "session")]
    via: &'static str,
    /// Whether nothing is kept from them.
    administrator: bool,
    /// The project that they see, where it is not all of them.
    project_id: Option<String>,
    #[schema(example = json!(["calls:read", "usage:read"]))]
    permissions: Vec<&'static str>,
    /// When the session ends; absent where there is none.
    expires_at: Option<String>,
}

/// What to log in with: one of the two.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(super) struct Login {
    /// The admin token.
    #[schema(max_length = 200)]
    token: Option<String>,
    /// The code of a login link.
    #[schema(max_length = 200, example = "3kTMd5nGzJ8rWc0hVbYq")]
    code: Option<String>,
}

const LONGEST: usize = 200;

/// Whoever logs in is called so; the audit log has their address.
const ACTOR: &str = "administrator";

/// Log in
///
/// With the admin token, or with the code of a login link, which is good for one login. The reply sets the cookie of a
/// session.
#[utoipa::path(post, path = "/api/v1/session", tag = "session", request_body = Login,
    responses((status = 200, body = SessionView, description = "logged in",
        headers(("set-cookie" = String, description = "the session, for twelve hours")))))]
pub(super) async fn begin(
    State(state): State<AdminState>,
    Caller(peer): Caller,
    document: Document,
) -> Result<Response, Problem> {
    let mut fields = Fields::of(document);
    let token = fields.text("token", LONGEST).map(Secret::new);
    let code = fields.text("code", LONGEST).map(Secret::new);
    fields.finish()?;
    let presented = match (token, code) {
        (Some(token), None) => Key::Token(token),
        (None, Some(code)) => Key::Code(code),
        _ => return Err(Problem::invalid_at("", "send either `token` or `code`")),
    };
    let opened = open(&state, &presented, peer).await?;
    let principal = administrator(ACTOR, Via::Session(opened.session.hash), peer);
    let view = Json(SessionView::of(&principal, Some(opened.session.expires_at_ms)));
    Ok((opened.cookie(&state, peer), view).into_response())
}

/// Who am I
#[utoipa::path(get, path = "/api/v1/session", tag = "session",
    responses((status = 200, body = SessionView, description = "who the caller is, and what they may do")))]
pub(super) async fn read(
    State(state): State<AdminState>,
    principal: Principal,
) -> Result<Json<SessionView>, Problem> {
    let expires = match principal.via {
        Via::Session(hash) => {
            state.control.session(hash, Clock.now().unix_ms()).await?.map(|session| session.expires_at_ms)
        }
        Via::AdminToken | Via::ServiceKey => None,
    };
    Ok(Json(SessionView::of(&principal, expires)))
}

/// Log out
///
/// The session is over at once, wherever its cookie is.
#[utoipa::path(delete, path = "/api/v1/session", tag = "session",
    responses((status = 204, description = "there is no session any more")))]
pub(super) async fn end(
    State(state): State<AdminState>,
    Caller(peer): Caller,
    principal: Principal,
) -> Result<Response, Problem> {
    let Via::Session(hash) = principal.via else { return Ok(StatusCode::NO_CONTENT.into_response()) };
    state.control.delete_session(hash).await?;
    state.control.note(Scope::DEFAULT, &principal.actor, "logout", "").await?;
    let clear = Cookie::clear(state.is_secure(peer)).map(|value| (SET_COOKIE, value));
    Ok((StatusCode::NO_CONTENT, AppendHeaders(clear)).into_response())
}

/// What a login link says.
#[derive(Debug, Deserialize)]
pub(super) struct Link {
    #[serde(default)]
    code: String,
}

/// `GET /login?code=`: what a login link leads to.
pub(super) async fn follow(
    State(state): State<AdminState>,
    Caller(peer): Caller,
    Query(link): Query<Link>,
    request: Request,
) -> Response {
    // Whoever only looks where a link leads does not use it up.
    if request.method() != Method::GET {
        return StatusCode::NO_CONTENT.into_response();
    }
    let referrer = (REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    match open(&state, &Key::Code(Secret::new(link.code)), peer).await {
        Ok(opened) => {
            let to = (LOCATION, HeaderValue::from_static("/ui/"));
            (StatusCode::SEE_OTHER, opened.cookie(&state, peer), [referrer, to]).into_response()
        }
        Err(problem) => {
            let kind = (CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
            (problem.code().status(), [referrer, kind], format!("{}\n", problem.detail())).into_response()
        }
    }
}

/// What somebody logs in with.
#[derive(Debug)]
enum Key {
    Token(Secret<String>),
    Code(Secret<String>),
}

#[derive(Debug)]
struct Opened {
    session: Session,
    value: Secret<String>,
}

impl Opened {
    fn cookie(
        &self,
        state: &AdminState,
        peer: Option<Peer>,
    ) -> AppendHeaders<Option<(HeaderName, HeaderValue)>> {
        AppendHeaders(Cookie::set(&self.value, state.is_secure(peer)).map(|value| (SET_COOKIE, value)))
    }
}

async fn open(state: &AdminState, key: &Key, peer: Option<Peer>) -> Result<Opened, Problem> {
    let (Key::Token(secret) | Key::Code(secret)) = key;
    let hash = state.hasher.hash(secret.expose().as_bytes());
    let now_ms = Clock.now().unix_ms();
    attempt(state, &hash, peer, async {
        let right = match key {
            Key::Token(token) => state.is_admin_token(token),
            Key::Code(_) => state.control.take_code(hash, now_ms).await?,
        };
        if right { Ok(()) } else { Err(Problem::unauthenticated(key.refusal())) }
    })
    .await?;
    let value = vault::fresh_token().map_err(Problem::from)?;
    let life_ms = i64::try_from(SESSION_LIFE.as_millis()).unwrap_or(i64::MAX);
    let session = Session {
        hash: state.hasher.hash(value.expose().as_bytes()),
        actor: ACTOR.to_owned(),
        created_at_ms: now_ms,
        expires_at_ms: now_ms.saturating_add(life_ms),
    };
    let actor = administrator(ACTOR, Via::Session(session.hash), peer).actor;
    state.control.put_session(&session).await?;
    state.control.note(Scope::DEFAULT, &actor, "login", key.name()).await?;
    Ok(Opened { session, value })
}

impl Key {
    const fn name(&self) -> &'static str {
        match self {
            Self::Token(_) => "with the admin token",
            Self::Code(_) => "with a login link",
        }
    }

    const fn refusal(&self) -> &'static str {
        match self {
            Self::Token(_) => {
                "this is not the admin token of this gateway; it is in the file `admin-token` of the data directory"
            }
            Self::Code(_) => {
                "this login link was used already, or is older than ten minutes; `gatewright login` prints another"
            }
        }
    }
}

impl SessionView {
    fn of(principal: &Principal, expires_at_ms: Option<i64>) -> Self {
        Self {
            actor: principal.actor.name.clone(),
            via: principal.via.name(),
            administrator: principal.is_administrator(),
            project_id: principal.within.project.map(|id| id.to_string()),
            permissions: principal.permissions.iter().map(Permission::name).collect(),
            expires_at: expires_at_ms.map(timestamp_ms),
        }
    }
}
