//! One file and the stored rows become one immutable [`Snapshot`], or a list of diagnostics that names every problem at
//! once with its place. [`Live`] does so whenever either changes; nothing else here
//! waits or watches.
//!
//! A file goes through `tree` (YAML with places), `schema` (what was written, described once for reading, for editors
//! and for the reference document) and `compile` (what it means).

// Before its users: its macros are visible only below.
#[macro_use]
mod schema;

mod catalogue;
mod compile;
mod diagnostic;
mod document;
pub mod live;
pub mod objects;
mod resolve;
mod row;
pub mod snapshot;
mod source;
mod tree;

pub use compile::{Checked, Compiled, Quarantined, Shadowed, compile, data_dir, vault_keys, without_file};
pub use diagnostic::{Diagnostic, Severity};
pub use document::{PartialDocument, read_document, read_document_without};
pub use live::{Live, LiveError, Origins, ReloadReport, Status};
pub use resolve::Resolved;
pub use schema::{reference_markdown, schema};
pub use snapshot::Snapshot;
pub use source::Source;
