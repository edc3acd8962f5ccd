//! The one description of the file: which sections there are, which fields they have, what may stand in each. From it
//! come the reading of the tree with all diagnostics, the JSON Schema for editors and the reference document; the
//! three cannot disagree, because nothing is written twice.
//!
//! What is read here is *as written*: every field that was missing or wrong is absent and has been reported. `compile`
//! makes a `Snapshot` of it, in which nothing is absent that must be there.

// Before its users: its macros are visible only below.
#[macro_use]
mod section;
mod json_schema;
mod markdown;
mod reading;
mod shape;
mod values;

pub(crate) mod auth;
pub(crate) mod credentials;
pub(crate) mod egress;
pub(crate) mod endpoints;
pub(crate) mod keys;
pub(crate) mod prices;
pub(crate) mod providers;
pub(crate) mod root;
pub(crate) mod server;
pub(crate) mod storage;
pub(crate) mod targets;
pub(crate) mod tenants;
pub(crate) mod vault;

pub(crate) use json_schema::document_schema;
pub use json_schema::schema;
pub use markdown::reference_markdown;
pub(crate) use reading::{Reading, nearest};
pub(crate) use section::Field;
pub(crate) use shape::{Description, FieldDescription, Presence, Shape};
pub(crate) use values::{Located, SecretText};
pub(crate) mod value {
    //! What may stand in a field.
    pub(crate) use super::values::{
        Amount, Attempt, BaseUrl, Distinct, Expiry, FilePath, Listen, Many, Metadata, Name, NetworkText,
        PermissionName, Prose, ProxyUrl, PublicUrl, Size, Switch, Tag, Text, Time, VaultKey, Whole,
    };
}
