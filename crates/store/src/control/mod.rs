//! Control data: what is configured over the admin API, with its history.
//!
//! Every change is one transaction that checks what was expected, writes the objects, appends to `changes` and to the
//! audit log, and becomes visible as one new revision. Readers follow `changes`, so several processes can share one
//! database. Objects lie here in the form they have in the file; the store does not look into their bodies.

mod audit;
mod object;
mod page;
mod replay;
mod sealed;
mod session;
mod write;

use domain::{ObjectId, ObjectKind, Scope};

pub use audit::{AuditEntry, AuditPage, AuditQuery};
pub use object::{KeyRow, KeyTombstone, NewObject, ObjectUse, SealedField, StoredObject};
pub use page::{ListQuery, ObjectCursor, ObjectPage};
pub use replay::{Idempotency, StoredResponse};
pub use sealed::{Reseal, SealedRow};
pub use session::Session;
pub use write::{Actor, Apply, Change, Committed, ControlWrite, Expect};

use crate::{Reply, Within};

/// Configuration that lives in the store.
///
/// Teams and projects are objects like any other, but for the `default` ones (id 1): they are built in, have no row
/// here, cannot be written, and a reference to them always holds. A reference is to a stored object; what is declared
/// in the file is not known here, so a reference to it is left out.
pub trait ControlStore: Send + Sync {
    /// The number of the last change; 0 when there has been none.
    fn revision(&self) -> Reply<'_, i64>;

    /// Makes all of `apply.writes`, in their order, or none of them. References and uses are judged by the state that
    /// results, so one call may delete an object together with what uses it. A put that changes nothing leaves the
    /// revision of its object as it is.
    fn apply<'a>(&'a self, apply: Apply<'a>) -> Reply<'a, Committed>;

    fn get(&self, within: Within, kind: ObjectKind, id: ObjectId) -> Reply<'_, Option<StoredObject>>;

    /// The object of this name in exactly the project of `scope`. Teams and projects have names that are unique in
    /// their organization: for them only that counts.
    fn find<'a>(
        &'a self,
        within: Within,
        kind: ObjectKind,
        scope: Scope,
        name: &'a str,
    ) -> Reply<'a, Option<StoredObject>>;

    /// By name, one page at a time.
    fn list<'a>(&'a self, within: Within, kind: ObjectKind, query: &'a ListQuery) -> Reply<'a, ObjectPage>;

    /// Who refers to an object, and for a team or project what is in it; at most 100.
    fn users_of(&self, within: Within, id: ObjectId) -> Reply<'_, Vec<ObjectUse>>;

    /// Everything there is, of every tenant, by kind and id; at most `limit` (5,000). For whoever compiles a
    /// configuration: read the revision first, then all pages, then the changes since that revision.
    fn all(&self, after: Option<(ObjectKind, ObjectId)>, limit: usize) -> Reply<'_, Vec<StoredObject>>;

    /// What changed after `revision`, of every tenant, in order; at most `limit` (5,000).
    fn changes_since(&self, revision: i64, limit: usize) -> Reply<'_, Vec<Change>>;

    /// Those of `ids` that exist, of every tenant, in no order.
    fn load<'a>(&'a self, ids: &'a [ObjectId]) -> Reply<'a, Vec<StoredObject>>;

    /// The secrets of keys that were deleted or got another one, by hash; at most `limit` (5,000). None of them can
    /// ever belong to a key again. A revoked key that still exists is in [`ControlStore::all`].
    fn tombstones(&self, after: Option<[u8; 32]>, limit: usize) -> Reply<'_, Vec<KeyTombstone>>;

    /// The audit log, latest first.
    fn audit<'a>(&'a self, within: Within, query: &'a AuditQuery) -> Reply<'a, AuditPage>;

    /// Writes an audit entry about something that is no change of an object: a login, a reload, a rotation.
    fn note<'a>(&'a self, scope: Scope, actor: &'a Actor, action: &'a str, detail: &'a str) -> Reply<'a, ()>;

    /// Sealed secrets whose data key is not wrapped by this master key, by object and field; at most `limit` (1,000).
    fn sealed_not_under<'a>(
        &'a self,
        key_id: &'a str,
        after: Option<&'a SealedRow>,
        limit: usize,
    ) -> Reply<'a, Vec<SealedRow>>;

    /// Replaces sealed secrets that are still what they were. Their objects keep their revisions: what is sealed did
    /// not change. Returns how many were replaced.
    fn reseal<'a>(&'a self, rows: &'a [Reseal]) -> Reply<'a, usize>;

    /// How many secrets are sealed under each master key.
    fn sealed_under(&self) -> Reply<'_, Vec<(String, u64)>>;

    /// Gives a master key up: `true` if nothing is sealed under it, and then nothing ever will be again. A write whose
    /// secrets were sealed under it a moment ago is refused.
    fn retire_vault_key<'a>(&'a self, key_id: &'a str) -> Reply<'a, bool>;

    /// Notes when keys were last used. A time before the one that is known changes nothing.
    fn touch_keys<'a>(&'a self, uses: &'a [(ObjectId, i64)]) -> Reply<'a, ()>;

    /// When those of `keys` that were ever used were used last, in milliseconds since the Unix epoch.
    fn last_used<'a>(&'a self, keys: &'a [ObjectId]) -> Reply<'a, Vec<(ObjectId, i64)>>;

    /// Begins a session. The oldest ones beyond 10,000 end, and so do those that are over at its beginning.
    fn put_session<'a>(&'a self, session: &'a Session) -> Reply<'a, ()>;

    /// The session with this hash, unless it is over.
    fn session(&self, hash: [u8; 32], now_ms: i64) -> Reply<'_, Option<Session>>;

    /// Ends a session; `false` if there was none.
    fn delete_session(&self, hash: [u8; 32]) -> Reply<'_, bool>;

    /// Remembers a login code. The oldest ones beyond 1,000 are forgotten, and those that are over at `now_ms`.
    fn put_code(&self, hash: [u8; 32], now_ms: i64, expires_at_ms: i64) -> Reply<'_, ()>;

    /// Uses a login code up: true for exactly one caller, and for none once it is over.
    fn take_code(&self, hash: [u8; 32], now_ms: i64) -> Reply<'_, bool>;

    /// What was answered to a request that was sent before with this key. `None`: not sent before, or sent but its
    /// answer was not remembered; [`ControlStore::apply`] tells the two apart.
    fn replay<'a>(&'a self, idempotency: Idempotency<'a>) -> Reply<'a, Option<StoredResponse>>;

    /// Remembers the answer to a request for 24 hours.
    fn remember<'a>(&'a self, idempotency: Idempotency<'a>, response: &'a StoredResponse) -> Reply<'a, ()>;

    /// Lets go of the files. Nothing may be asked of the store behind it.
    fn close(&self) -> Reply<'_, ()>;
}
