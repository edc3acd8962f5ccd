//! The vocabulary of Gatewright: ids, callers, scopes, usage, money, errors and records.
//!
//! Plain data and pure functions. There is no I/O, no clock, no randomness and no foreign format here:
//! whoever needs an id, a time or a number passes it in.

mod caller;
mod decision;
mod dialect;
mod error;
mod id;
mod labels;
mod money;
mod network;
mod object;
mod permission;
mod record;
mod scope;
mod secret;
mod usage;

pub use caller::{Caller, CallerKind};
pub use decision::{DecisionRecord, ReservationRecord, Verdict};
pub use dialect::{Api, Dialect, RelayMode};
pub use error::{CallError, ErrorKind, Fault};
pub use id::{
    AttemptId, CallId, CredentialId, EndpointId, KeyId, OrganizationId, ProjectId, SpanId, TargetId, TeamId,
    TraceId,
};
pub use labels::Labels;
pub use money::{PicoUsd, UnitPrice};
pub use network::{Network, NotANetwork};
pub use object::{NotAKind, ObjectId, ObjectKind};
pub use permission::{NotAPermission, Permission, Permissions};
pub use record::{
    AttemptRecord, CallRecord, Capture, CaptureMode, CostSource, EndReason, Outcome, UsageRecord, UsageSource,
};
pub use scope::{DEFAULT_NAME, Scope};
pub use secret::Secret;
pub use usage::Usage;
