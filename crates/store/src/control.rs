//! Control data: what is configured over the admin API, with its history.
//!
//! Every write is one transaction that also appends to `changes` and to the audit log. Readers follow `changes`, so
//! several processes can share one database.

use domain::Scope;

use crate::Reply;

/// Configuration that lives in the store.
pub trait ControlStore: Send + Sync {
    /// The number of the last change; 0 when there has been none.
    fn revision(&self) -> Reply<'_, i64>;

    /// Makes all of `changes`, or none of them if somebody else changed something since `expected_revision`. Returns
    /// the new revision.
    fn apply<'a>(
        &'a self,
        scope: Scope,
        actor: &'a str,
        expected_revision: i64,
        changes: &'a [ControlWrite],
    ) -> Reply<'a, i64>;

    /// What changed after `revision`, in order; at most `limit` (1,000).
    fn changes_since(&self, scope: Scope, revision: i64, limit: usize) -> Reply<'_, Vec<Change>>;

    /// Lets go of the files. Nothing may be asked of the store behind it.
    fn close(&self) -> Reply<'_, ()>;
}

/// What happened to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    Put,
    Delete,
}

/// A write that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ControlWrite {
    /// The kind of the object: `endpoint`, `key`, …
    pub object: String,
    /// Its id as printed.
    pub id: String,
    pub kind: ChangeKind,
}

/// A write that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub revision: i64,
    pub object: String,
    pub id: String,
    pub kind: ChangeKind,
}
