//! A call as it comes in, without a type of the HTTP library that carried it.

use std::cell::RefCell;
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;

use bytes::Bytes;
use config::snapshot::Snapshot;
use domain::{Api, CallId, Dialect};
use http::HeaderMap;
use runtime::Moment;

use crate::KeyMemo;

/// One request to a model route, its body complete.
#[derive(Debug)]
pub struct Ingress {
    pub call: CallId,
    pub started: Moment,
    pub dialect: Dialect,
    /// `None` where the body decides: MLflow's invocations take `messages` or `input`.
    pub api: Option<Api>,
    /// The model, where the path names it.
    pub path_model: Option<Arc<str>>,
    pub headers: HeaderMap,
    pub body: Bytes,
    pub door: Door,
    /// Pinned for the whole call: configuration never changes under it.
    pub snapshot: Arc<Snapshot>,
}

/// Where a call came in, as far as it decides who the caller is.
#[derive(Debug, Default)]
pub struct Door {
    /// Listener and peer are both loopback.
    pub loopback: bool,
    /// Whom the call came from: the peer, or what a trusted proxy says.
    pub client: Option<IpAddr>,
    /// `?key=`, as Gemini's clients send it.
    pub query_key: Option<String>,
    /// The connection's memory of its last key.
    pub memo: Rc<RefCell<KeyMemo>>,
}
