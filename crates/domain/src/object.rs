//! The things that can be configured, by file or over the admin API: their kinds and what their ids look like.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{CredentialId, EndpointId, KeyId, ProjectId, TargetId, TeamId};

/// The id of a configured object whose kind is known from elsewhere. [`ObjectKind::print`] writes it with its prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ObjectId(pub u128);

impl ObjectId {
    pub const fn to_bytes(self) -> [u8; 16] {
        self.0.to_be_bytes()
    }

    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(u128::from_be_bytes(bytes))
    }
}

/// What kind of object something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ObjectKind {
    Team,
    Project,
    Credential,
    Target,
    Endpoint,
    Key,
    Price,
}

/// A word that names no kind of object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAKind;

impl ObjectKind {
    /// Those that others refer to come before those that refer to them.
    pub const ALL: [Self; 7] =
        [Self::Team, Self::Project, Self::Credential, Self::Target, Self::Endpoint, Self::Key, Self::Price];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Team => "team",
            Self::Project => "project",
            Self::Credential => "credential",
            Self::Target => "target",
            Self::Endpoint => "endpoint",
            Self::Key => "key",
            Self::Price => "price",
        }
    }

    /// The section of the file, and the part of the admin API, that holds them.
    pub const fn plural(self) -> &'static str {
        match self {
            Self::Team => "teams",
            Self::Project => "projects",
            Self::Credential => "credentials",
            Self::Target => "targets",
            Self::Endpoint => "endpoints",
            Self::Key => "keys",
            Self::Price => "prices",
        }
    }

    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Team => TeamId::PREFIX,
            Self::Project => ProjectId::PREFIX,
            Self::Credential => CredentialId::PREFIX,
            Self::Target => TargetId::PREFIX,
            Self::Endpoint => EndpointId::PREFIX,
            Self::Key => KeyId::PREFIX,
            Self::Price => "pr-",
        }
    }

    /// `e-` and 32 hex digits.
    pub fn print(self, id: ObjectId) -> String {
        format!("{}{:032x}", self.prefix(), id.0)
    }

    /// The id that is written like this, or `None` for anything else, a name for example.
    pub fn parse(self, text: &str) -> Option<ObjectId> {
        let hex = text.strip_prefix(self.prefix())?;
        let digits = hex.len() == 32 && hex.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if digits { u128::from_str_radix(hex, 16).ok().map(ObjectId) } else { None }
    }
}

impl fmt::Display for ObjectKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for ObjectKind {
    type Err = NotAKind;

    /// Takes the singular and the plural.
    fn from_str(text: &str) -> Result<Self, NotAKind> {
        Self::ALL.into_iter().find(|kind| kind.name() == text || kind.plural() == text).ok_or(NotAKind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_as_it_was_printed_and_by_its_own_kind_only() {
        for kind in ObjectKind::ALL {
            let id = ObjectId(u128::MAX / 3 + 1);
            let printed = kind.print(id);
            assert_eq!(kind.parse(&printed), Some(id));
            for other in ObjectKind::ALL.into_iter().filter(|other| *other != kind) {
                assert_eq!(other.parse(&printed), None, "{printed} is no {other}");
            }
        }
    }

    #[test]
    fn a_name_is_no_id() {
        for name in ["e-", "e-1", "e-+0000000000000000000000000000001", "e-0000000000000000000000000000000G"]
        {
            assert_eq!(ObjectKind::Endpoint.parse(name), None, "{name}");
        }
    }

    #[test]
    fn a_kind_has_two_words() {
        for kind in ObjectKind::ALL {
            assert_eq!(kind.name().parse(), Ok(kind));
            assert_eq!(kind.plural().parse(), Ok(kind));
        }
        assert_eq!("thing".parse::<ObjectKind>(), Err(NotAKind));
    }
}
