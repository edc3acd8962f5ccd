//! Objects one by one: an object has one form, whether it stands in `gatewright.yaml`, is sent to the admin API as JSON,
//! lies in the store or is printed by `export`. This module takes objects out of that form and puts them back; what they
//! mean together is for `compile`.

mod body;
mod draft;
mod export;
mod file;
mod kind;
mod names;

pub use draft::{Draft, FieldProblem, Reference, draft};
pub(crate) use draft::{problems, written};
pub use export::{Exported, export};
pub(crate) use file::declared;
pub use file::{Declared, from_file};
pub(crate) use kind::{WrittenObject, read};
pub use kind::{json_schema, secret_fields};
