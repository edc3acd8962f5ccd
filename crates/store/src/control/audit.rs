//! The audit log: who did what, when and from where.

use std::net::IpAddr;

use domain::{ObjectId, ObjectKind, Scope};

/// One entry. It is written in the transaction of what it tells about, and never changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    pub seq: i64,
    pub at_ms: i64,
    pub actor: String,
    pub address: Option<IpAddr>,
    /// `create`, `update`, `revoke`, `delete`, or what was given to [`crate::ControlStore::note`].
    pub action: String,
    /// What it was done to, and how that was called then. Absent where it was done to no object.
    pub object: Option<(ObjectKind, ObjectId)>,
    pub name: String,
    pub scope: Scope,
    /// The number of the change.
    pub revision: Option<i64>,
    /// Of an update: which fields changed. Never a value.
    pub detail: String,
}

/// What a reader of the log wants to see. Absent means any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditQuery {
    pub actor: Option<String>,
    pub action: Option<String>,
    pub kind: Option<ObjectKind>,
    pub object: Option<ObjectId>,
    pub since_ms: Option<i64>,
    pub until_ms: Option<i64>,
    /// Older than this entry.
    pub before: Option<i64>,
    /// At most 500.
    pub limit: usize,
}

/// Some entries, latest first, and what to ask for next.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditPage {
    pub entries: Vec<AuditEntry>,
    /// Absent at the beginning of the log.
    pub next: Option<i64>,
}

impl Default for AuditQuery {
    fn default() -> Self {
        Self {
            actor: None,
            action: None,
            kind: None,
            object: None,
            since_ms: None,
            until_ms: None,
            before: None,
            limit: 100,
        }
    }
}
