//! The types of fields: each file is one kind of value, with its form, its reading and its refusals.

mod address;
mod expiry;
mod located;
mod measure;
mod name;
mod network;
mod number;
mod secret;
mod text;
mod url;

pub(crate) use address::Listen;
pub(crate) use expiry::Expiry;
pub(crate) use located::{Attempt, Located, Switch};
pub(crate) use measure::{Size, Time};
pub(crate) use name::Name;
pub(crate) use network::NetworkText;
pub(crate) use number::{Amount, Whole};
pub(crate) use secret::SecretText;
pub(crate) use text::{FilePath, Text};
pub(crate) use url::{BaseUrl, ProxyUrl, PublicUrl};
