//! Writes that are asked for, and what became of them.

use std::net::IpAddr;

use domain::{ObjectId, ObjectKind};

use super::{Idempotency, NewObject, StoredObject};
use crate::Within;

/// One transaction.
#[derive(Debug, Clone, Copy)]
pub struct Apply<'a> {
    /// Objects outside of it do not exist for the writer.
    pub within: Within,
    pub actor: &'a Actor,
    pub writes: &'a [ControlWrite],
    pub idempotency: Option<Idempotency<'a>>,
}

/// Who changes something, as the audit log says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    pub name: String,
    pub address: Option<IpAddr>,
}

/// One write.
#[expect(clippy::large_enum_variant, reason = "nearly all writes are puts, and few are held at once")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ControlWrite {
    /// Creates the object, or replaces the one with its id.
    Put {
        object: NewObject,
        expect: Expect,
    },
    Delete {
        kind: ObjectKind,
        id: ObjectId,
        expect: Expect,
    },
}

/// What has to be so for a write to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    Anything,
    /// There is no object with the id.
    Absent,
    /// The object is there, and this was the last change to it.
    Revision(i64),
}

/// What became of an [`Apply`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Committed {
    /// The number of the last change behind it.
    pub revision: i64,
    /// The objects that were put, as they are now, in the order of their writes.
    pub objects: Vec<StoredObject>,
    /// Nothing was done: the same request was committed before. `objects` are those of then, as they are now; one that
    /// was deleted since is missing.
    pub replayed: bool,
}

/// A write that was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    pub revision: i64,
    pub kind: ObjectKind,
    pub id: ObjectId,
    pub deleted: bool,
}
