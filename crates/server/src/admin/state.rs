//! What the admin API works on.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use arc_swap::ArcSwap;
use axum::extract::FromRef;
use config::{Live, Snapshot};
use domain::Secret;
use store::{ControlStore, Ledger, TraceStore};
use telemetry::Recorder;
use vault::{KeyHasher, Vault};

use super::access::Throttle;
use crate::Health;
use crate::peer::Peer;

/// What the admin API is built from.
pub struct AdminParts {
    pub traces: Arc<dyn TraceStore>,
    pub ledger: Arc<dyn Ledger>,
    pub control: Arc<dyn ControlStore>,
    /// Any of these opens everything.
    pub tokens: Vec<Secret<String>>,
    pub hasher: Arc<KeyHasher>,
    pub vault: Arc<Vault>,
    pub live: Arc<Live>,
    /// For how it is doing.
    pub recorder: Arc<Recorder>,
    pub health: Health,
    /// For the names of what records know by its id only.
    pub snapshot: Arc<ArcSwap<Snapshot>>,
}

/// The same with what the API itself remembers; cheap to clone.
#[derive(Clone)]
pub struct AdminState(Arc<Inner>);

/// Reached through [`AdminState`] only.
pub struct Inner {
    parts: AdminParts,
    pub(super) throttle: Throttle,
}

impl AdminState {
    pub fn new(parts: AdminParts) -> Self {
        Self(Arc::new(Inner { parts, throttle: Throttle::default() }))
    }
}

impl Inner {
    pub(super) fn is_admin_token(&self, presented: &Secret<String>) -> bool {
        let presented = presented.expose().as_bytes();
        self.tokens.iter().any(|token| vault::same_secret(presented, token.expose().as_bytes()))
    }

    /// `https://ai.example.com` of `server.public_url`.
    pub(super) fn public_origin(&self) -> Option<String> {
        let snapshot = self.snapshot.load();
        let url = snapshot.server.public_url.as_ref()?.to_string();
        let (scheme, rest) = url.split_once("://")?;
        let authority = rest.split('/').next()?;
        Some(format!("{scheme}://{authority}"))
    }

    /// Whether the browser of this caller speaks https.
    pub(super) fn is_secure(&self, peer: Option<Peer>) -> bool {
        peer.is_some_and(|peer| peer.encrypted)
            || self.public_origin().is_some_and(|origin| origin.starts_with("https://"))
    }
}

impl Deref for AdminState {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl Deref for Inner {
    type Target = AdminParts;

    fn deref(&self) -> &AdminParts {
        &self.parts
    }
}

impl fmt::Debug for AdminParts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AdminParts").finish_non_exhaustive()
    }
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inner").finish_non_exhaustive()
    }
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
