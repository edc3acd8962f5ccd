//! What is kept, by access pattern, and the backends that keep it. The only crate with SQL in it.
//!
//! Control data, the ledger (money, never lost) and traces (content, best effort) are traits of their own, so that
//! each can move to another backend. The journal lies before the ledger and is the same for all of them.

mod codec;
mod control;
mod error;
mod files;
pub mod journal;
mod ledger;
pub mod sqlite;
mod trace;
mod within;

use std::future::Future;
use std::pin::Pin;

pub use codec::{
    CallFrame, CodecError, Frames, UsageFrame, decode_decision, decode_reservation, encode_decision,
    encode_reservation, encode_usage,
};
pub use control::{
    Actor, Apply, AuditEntry, AuditPage, AuditQuery, Change, Committed, ControlStore, ControlWrite, Expect,
    Idempotency, KeyRow, KeyTombstone, ListQuery, NewObject, ObjectCursor, ObjectPage, ObjectUse, Reseal,
    SealedField, SealedRow, Session, StoredObject, StoredResponse,
};
pub use error::StoreError;
pub use ledger::{Applied, Ledger, UsageBy, UsageGroup, UsagePage, UsageQuery, UsageReport, UsageTotals};
pub use trace::{Appended, CallFilter, CallPage, CallSummary, Cursor, StatusClass, TraceStore};
pub use within::Within;

/// What a store method gives back. Boxed, because a backend is chosen by configuration.
pub type Reply<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;
