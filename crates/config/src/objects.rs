//! Objects one by one: an object has one form, whether it stands in `gatewright.yaml`, is sent to the admin API as JSON,
//! lies in the store or is printed by `export`. This module takes objects out of that form and puts them back; what they
//! mean together is for `compile`.

mod body;
mod draft;
mod kind;
mod names;

pub use draft::{Draft, FieldProblem, Reference, draft};
pub use kind::{json_schema, secret_fields};
