//! Whoever calls the admin API, as its routes see them.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use domain::{Permission, Permissions, Scope};
use store::{Actor, Within};

use super::super::problem::{Code, Problem};
use crate::peer::Peer;

/// Who calls, what they see and what they may do.
#[derive(Debug, Clone)]
pub(in crate::admin) struct Principal {
    /// For the audit log.
    pub(in crate::admin) actor: Actor,
    pub(in crate::admin) via: Via,
    /// What exists for them.
    pub(in crate::admin) within: Within,
    /// Where something goes that names no project.
    pub(in crate::admin) home: Scope,
    pub(in crate::admin) permissions: Permissions,
}

/// How they showed who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::admin) enum Via {
    AdminToken,
    /// With the hash of its cookie.
    Session([u8; 32]),
    ServiceKey,
}

impl Via {
    pub(in crate::admin) const fn name(self) -> &'static str {
        match self {
            Self::AdminToken => "admin_token",
            Self::Session(_) => "session",
            Self::ServiceKey => "service_key",
        }
    }
}

impl Principal {
    /// Whether nothing is kept from them. More than having every permission: a service key never has it.
    pub(in crate::admin) const fn is_administrator(&self) -> bool {
        !matches!(self.via, Via::ServiceKey)
    }

    pub(in crate::admin) fn require(&self, permission: Permission) -> Result<(), Problem> {
        if self.permissions.contains(permission) {
            return Ok(());
        }
        let detail = format!(
            "this needs the permission `{permission}`, which {} does not have; add it to `permissions` of the key",
            self.actor.name
        );
        Err(Problem::new(Code::NotPermitted, detail))
    }
}

impl<S: Sync> FromRequestParts<S> for Principal {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        // A guard stands before every route, so there is one; and if not, nobody gets in.
        parts.extensions.get::<Self>().cloned().ok_or_else(|| Problem::unauthenticated("nobody is logged in"))
    }
}

/// The other end of the connection that a request came by; absent only where there is no connection.
#[derive(Debug, Clone, Copy)]
pub(in crate::admin) struct Caller(pub(in crate::admin) Option<Peer>);

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(Self(parts.extensions.get::<Peer>().copied()))
    }
}
