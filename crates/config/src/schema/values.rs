//! The types of fields: each file is one kind of value, with its form, its reading and its refusals.

mod address;
mod annotation;
mod expiry;
mod located;
mod measure;
mod name;
mod network;
mod number;
mod secret;
mod text;
mod url;
mod vault_key;

pub(crate) use address::Listen;
pub(crate) use annotation::{Metadata, PermissionName, Tag};
pub(crate) use expiry::Expiry;
pub(crate) use located::{Attempt, Distinct, Located, Many, Switch};
pub(crate) use measure::{Size, Time};
pub(crate) use name::Name;
pub(crate) use network::NetworkText;
pub(crate) use number::{Amount, Whole};
pub(crate) use secret::SecretText;
pub(crate) use text::{FilePath, Prose, Text};
pub(crate) use url::{BaseUrl, ProxyUrl, PublicUrl};
pub(crate) use vault_key::VaultKey;
