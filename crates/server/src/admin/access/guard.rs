//! The door of every route: who is this, and may they.

use std::time::Instant;

use axum::extract::{Request, State};
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use config::snapshot::VirtualKey;
use domain::{Permissions, Scope, Secret};
use runtime::Clock;
use store::{Actor, Within};

use super::super::problem::{Code, Problem};
use super::super::{AdminState, EVERYTHING};
use super::{Access, Cookie, Principal, Via};
use crate::peer::Peer;

/// What a caller shows to say who they are.
#[derive(Debug)]
enum Presented {
    /// `Bearer`, or the password of `Basic`, which is how MLflow's clients send a token.
    Token(Secret<String>),
    Cookie(Secret<String>),
}

pub(super) async fn guard(
    State((state, access)): State<(AdminState, Access)>,
    mut request: Request,
    next: Next,
) -> Response {
    if access == Access::Open {
        return next.run(request).await;
    }
    let peer = request.extensions().get::<Peer>().copied();
    let admitted = match Presented::by(request.headers()) {
        Some(presented) => admit(&state, presented, access, request.method(), request.headers(), peer).await,
        None => Err(Problem::unauthenticated(
            "the admin API needs the admin token as `Authorization: Bearer`; it is in the file `admin-token` of the \
             data directory",
        )),
    };
    match admitted {
        Ok(principal) => {
            request.extensions_mut().insert(principal);
            next.run(request).await
        }
        Err(problem) => problem.into_response(),
    }
}

async fn admit(
    state: &AdminState,
    presented: Presented,
    access: Access,
    method: &Method,
    headers: &HeaderMap,
    peer: Option<Peer>,
) -> Result<Principal, Problem> {
    let hash = presented.hash(state);
    let principal = attempt(state, &hash, peer, async {
        match &presented {
            Presented::Token(token) => by_token(state, token, &hash, peer),
            Presented::Cookie(_) => {
                Cookie::check_origin(method, headers, state.public_origin().as_deref())?;
                by_cookie(state, hash, peer).await
            }
        }
    })
    .await?;
    permitted(principal, access)
}

/// One try to log in with something that has this hash; wrong ones are counted against their address.
pub(in crate::admin) async fn attempt<T>(
    state: &AdminState,
    hash: &[u8; 32],
    peer: Option<Peer>,
    login: impl Future<Output = Result<T, Problem>>,
) -> Result<T, Problem> {
    let Some(Peer { address, .. }) = peer else { return login.await };
    let now = Instant::now();
    if let Err(seconds) = state.throttle.admits(address, hash, now) {
        let detail = format!("too many wrong logins came from this address; try again in {seconds} s");
        return Err(Problem::new(Code::TooManyAttempts, detail).retry_after(seconds));
    }
    let outcome = login.await;
    match &outcome {
        Ok(_) => state.throttle.succeeded(address, hash, now),
        Err(problem) if problem.code() == Code::Unauthenticated => state.throttle.failed(address, now),
        Err(_) => {}
    }
    outcome
}

fn permitted(principal: Principal, access: Access) -> Result<Principal, Problem> {
    match access {
        Access::Open | Access::Anybody => {}
        Access::May(permission) => principal.require(permission)?,
        Access::Administrator if principal.is_administrator() => {}
        Access::Administrator => {
            let detail = "only the admin token or a session may do this; no permission of a key is enough";
            return Err(Problem::new(Code::NotPermitted, detail));
        }
    }
    Ok(principal)
}

fn by_token(
    state: &AdminState,
    token: &Secret<String>,
    hash: &[u8; 32],
    peer: Option<Peer>,
) -> Result<Principal, Problem> {
    if state.is_admin_token(token) {
        return Ok(administrator("admin token", Via::AdminToken, peer));
    }
    let Some(key) = state.snapshot.load().keys.get(hash) else {
        return Err(Problem::unauthenticated(
            "this is neither the admin token of this gateway nor a service key; check that all of it was copied",
        ));
    };
    by_key(&key, peer)
}

fn by_key(key: &VirtualKey, peer: Option<Peer>) -> Result<Principal, Problem> {
    let now_ms = Clock.now().unix_ms();
    if key.expires_at_ms.is_some_and(|expires| expires <= now_ms) {
        return Err(Problem::unauthenticated(format!(
            "the key `{}` has expired; ask for a new one",
            key.name
        )));
    }
    let permissions = key.permissions;
    if permissions.is_empty() {
        let detail = format!(
            "the key `{}` is for model routes; the admin API takes the admin token, or a key with `permissions`",
            key.name
        );
        return Err(Problem::new(Code::NotPermitted, detail));
    }
    key.last_used.touch(now_ms);
    Ok(Principal {
        actor: actor(&format!("key {}", key.name), peer),
        via: Via::ServiceKey,
        within: Within::project(key.scope),
        home: key.scope,
        permissions,
    })
}

async fn by_cookie(state: &AdminState, hash: [u8; 32], peer: Option<Peer>) -> Result<Principal, Problem> {
    let session = state.control.session(hash, Clock.now().unix_ms()).await?;
    let session = session.ok_or_else(|| {
        Problem::unauthenticated("this session is over; log in again (`gatewright login` prints a link)")
    })?;
    Ok(administrator(&session.actor, Via::Session(hash), peer))
}

/// Somebody from whom nothing is kept.
pub(in crate::admin) fn administrator(name: &str, via: Via, peer: Option<Peer>) -> Principal {
    Principal {
        actor: actor(name, peer),
        via,
        within: EVERYTHING,
        home: Scope::DEFAULT,
        permissions: Permissions::ALL,
    }
}

fn actor(name: &str, peer: Option<Peer>) -> Actor {
    Actor { name: name.to_owned(), address: peer.map(|peer| peer.address) }
}

impl Presented {
    fn by(headers: &HeaderMap) -> Option<Self> {
        if headers.contains_key(AUTHORIZATION) {
            return token(headers).map(|token| Self::Token(Secret::new(token)));
        }
        Cookie::read(headers).map(|value| Self::Cookie(value.into()))
    }

    /// A session is kept as the hash of its cookie, a key as the hash of its secret.
    fn hash(&self, state: &AdminState) -> [u8; 32] {
        match self {
            Self::Token(secret) | Self::Cookie(secret) => state.hasher.hash(secret.expose().as_bytes()),
        }
    }
}

fn token(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, rest) = value.split_once(' ')?;
    let rest = rest.trim();
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(rest.to_owned()).filter(|token| !token.is_empty());
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(rest).ok()?).ok()?;
    decoded.split_once(':').map(|(_, password)| password.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn presented(name: &'static str, value: &str) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert(name, value.parse().unwrap());
        match Presented::by(&headers)? {
            Presented::Token(secret) => Some(format!("token {}", secret.expose())),
            Presented::Cookie(secret) => Some(format!("cookie {}", secret.expose())),
        }
    }

    #[test]
    fn a_token_comes_as_bearer_or_as_a_password() {
        let basic = |text: &str| format!("Basic {}", STANDARD.encode(text));
        assert_eq!(presented("authorization", "bearer t:1"), Some("token t:1".to_owned()));
        assert_eq!(presented("authorization", &basic("user:t:1")), Some("token t:1".to_owned()));
        assert_eq!(presented("cookie", "gatewright_session=c"), Some("cookie c".to_owned()));
        for nothing in ["Bearer", "Bearer  ", "Basic !!", "Digest x", &basic("no colon")] {
            assert_eq!(presented("authorization", nothing), None, "{nothing}");
        }
    }

    #[test]
    fn every_access_asks_for_more_than_the_one_before() {
        let admin = administrator("admin token", Via::AdminToken, None);
        let key = |permissions| Principal { via: Via::ServiceKey, permissions, ..admin.clone() };
        let read = domain::Permission::ReadCalls;
        for (access, none, one, all) in [
            (Access::Anybody, true, true, true),
            (Access::May(read), false, true, true),
            (Access::Administrator, false, false, false),
        ] {
            assert_eq!(permitted(key(Permissions::NONE), access).is_ok(), none);
            assert_eq!(permitted(key([read].into_iter().collect()), access).is_ok(), one);
            assert_eq!(permitted(key(Permissions::ALL), access).is_ok(), all);
            assert!(permitted(admin.clone(), access).is_ok());
        }
    }
}
