//! One file and the stored rows become one immutable [`Snapshot`], or a list of diagnostics that names every problem at
//! once with its place. Nothing here watches, fetches or serves.
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
pub mod objects;
mod resolve;
pub mod snapshot;
mod source;
mod tree;
mod without_file;

pub use compile::{Compiled, compile, data_dir};
pub use diagnostic::{Diagnostic, Severity};
pub use document::read_document;
pub use resolve::Resolved;
pub use schema::{reference_markdown, schema};
pub use snapshot::Snapshot;
pub use source::Source;
pub use without_file::without_file;
