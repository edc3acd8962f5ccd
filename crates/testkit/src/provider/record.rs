//! What the mock provider saw: every request with its connection, and how its reply ended.

use std::collections::HashSet;
use std::fmt;
use std::time::Instant;

use bytes::Bytes;
use http::{HeaderMap, Method};
use serde_json::Value;

/// How the reply to a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Still being answered, or hanging on purpose.
    Running,
    /// Everything that was to be said was written.
    Answered,
    /// The mock itself broke the reply off.
    Broken,
    /// The client went away before the reply was complete.
    PeerGone,
}

/// One request as it arrived.
#[derive(Clone)]
pub struct Recorded {
    /// The TCP connection it came on, counted from 1: equal numbers mean that a pool reused it.
    pub connection: u64,
    pub method: Method,
    pub path: String,
    pub query: Option<String>,
    pub headers: HeaderMap,
    pub body: Bytes,
    /// The status that was answered, once its head has been written.
    pub status: Option<u16>,
    /// Stream events (pieces of 16 bytes for a whole reply) written so far.
    pub events_sent: usize,
    pub outcome: Outcome,
    pub received_at: Instant,
    pub ended_at: Option<Instant>,
}

impl Recorded {
    /// The body as JSON; null where it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// A header as text; empty where it is absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The `model` of the body; empty where there is none.
    pub fn model(&self) -> String {
        self.json()["model"].as_str().unwrap_or_default().to_owned()
    }
}

impl fmt::Debug for Recorded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = &self.body[..self.body.len().min(MOST_SHOWN)];
        f.debug_struct("Recorded")
            .field("connection", &self.connection)
            .field("request", &format_args!("{} {}", self.method, self.path))
            .field("body", &String::from_utf8_lossy(shown))
            .field("status", &self.status)
            .field("events_sent", &self.events_sent)
            .field("outcome", &self.outcome)
            .finish_non_exhaustive()
    }
}

/// Everything recorded since the start.
#[derive(Debug, Default)]
pub struct State {
    pub requests: Vec<Recorded>,
    pub connections_accepted: u64,
    open: HashSet<u64>,
    /// How many requests were forgotten, so that numbers handed out earlier stay valid.
    forgotten: usize,
}

impl State {
    pub fn connections_open(&self) -> usize {
        self.open.len()
    }

    /// How many replies are being written or hang right now.
    pub fn running(&self) -> usize {
        self.count(Outcome::Running)
    }

    pub fn count(&self, outcome: Outcome) -> usize {
        self.requests.iter().filter(|request| request.outcome == outcome).count()
    }

    pub(super) fn connected(&mut self) -> u64 {
        self.connections_accepted += 1;
        self.open.insert(self.connections_accepted);
        self.connections_accepted
    }

    pub(super) fn disconnected(&mut self, connection: u64) {
        self.open.remove(&connection);
    }

    /// Keeps the request and returns its number.
    pub(super) fn received(&mut self, request: Recorded) -> usize {
        self.requests.push(request);
        self.forgotten + self.requests.len() - 1
    }

    pub(super) fn update(&mut self, number: usize, change: impl FnOnce(&mut Recorded)) {
        if let Some(request) = number.checked_sub(self.forgotten).and_then(|at| self.requests.get_mut(at)) {
            change(request);
        }
    }

    pub(super) fn forget_requests(&mut self) {
        self.forgotten += self.requests.len();
        self.requests.clear();
    }
}

const MOST_SHOWN: usize = 400;
