//! What a caller of the admin API may do: a closed list of words, which routes are declared with and service keys are
//! given in `permissions`.

use std::fmt;
use std::str::FromStr;

use crate::ObjectKind;

/// One thing that may be allowed. Written `<what>:<how>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Permission {
    Read(ObjectKind),
    Write(ObjectKind),
    /// Which calls there were, without what was said.
    ReadCalls,
    /// What was said.
    ReadContent,
    ReadUsage,
    ReadConfiguration,
    WriteConfiguration,
    ReadDiagnostics,
    ReadMetrics,
    ReadAudit,
    RotateVault,
    CreateBackup,
}

/// A word that allows nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAPermission;

/// Some of them.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Permissions(u32);

impl Permission {
    pub const ALL: [Self; 24] = [
        Self::Read(ObjectKind::Team),
        Self::Write(ObjectKind::Team),
        Self::Read(ObjectKind::Project),
        Self::Write(ObjectKind::Project),
        Self::Read(ObjectKind::Credential),
        Self::Write(ObjectKind::Credential),
        Self::Read(ObjectKind::Target),
        Self::Write(ObjectKind::Target),
        Self::Read(ObjectKind::Endpoint),
        Self::Write(ObjectKind::Endpoint),
        Self::Read(ObjectKind::Key),
        Self::Write(ObjectKind::Key),
        Self::Read(ObjectKind::Price),
        Self::Write(ObjectKind::Price),
        Self::ReadCalls,
        Self::ReadContent,
        Self::ReadUsage,
        Self::ReadConfiguration,
        Self::WriteConfiguration,
        Self::ReadDiagnostics,
        Self::ReadMetrics,
        Self::ReadAudit,
        Self::RotateVault,
        Self::CreateBackup,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Read(ObjectKind::Team) => "teams:read",
            Self::Write(ObjectKind::Team) => "teams:write",
            Self::Read(ObjectKind::Project) => "projects:read",
            Self::Write(ObjectKind::Project) => "projects:write",
            Self::Read(ObjectKind::Credential) => "credentials:read",
            Self::Write(ObjectKind::Credential) => "credentials:write",
            Self::Read(ObjectKind::Target) => "targets:read",
            Self::Write(ObjectKind::Target) => "targets:write",
            Self::Read(ObjectKind::Endpoint) => "endpoints:read",
            Self::Write(ObjectKind::Endpoint) => "endpoints:write",
            Self::Read(ObjectKind::Key) => "keys:read",
            Self::Write(ObjectKind::Key) => "keys:write",
            Self::Read(ObjectKind::Price) => "prices:read",
            Self::Write(ObjectKind::Price) => "prices:write",
            Self::ReadCalls => "calls:read",
            Self::ReadContent => "content:read",
            Self::ReadUsage => "usage:read",
            Self::ReadConfiguration => "configuration:read",
            Self::WriteConfiguration => "configuration:write",
            Self::ReadDiagnostics => "diagnostics:read",
            Self::ReadMetrics => "metrics:read",
            Self::ReadAudit => "audit:read",
            Self::RotateVault => "vault:rotate",
            Self::CreateBackup => "backup:create",
        }
    }

    fn bit(self) -> u32 {
        Self::ALL.iter().position(|other| *other == self).map_or(0, |at| 1 << at)
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Permission {
    type Err = NotAPermission;

    fn from_str(text: &str) -> Result<Self, NotAPermission> {
        Self::ALL.into_iter().find(|permission| permission.name() == text).ok_or(NotAPermission)
    }
}

impl Permissions {
    pub const NONE: Self = Self(0);
    pub const ALL: Self = Self((1 << Permission::ALL.len()) - 1);

    pub fn contains(self, permission: Permission) -> bool {
        let bit = permission.bit();
        bit != 0 && self.0 & bit == bit
    }

    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// In the order of [`Permission::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::ALL.into_iter().filter(move |permission| self.contains(*permission))
    }
}

impl FromIterator<Permission> for Permissions {
    fn from_iter<T: IntoIterator<Item = Permission>>(permissions: T) -> Self {
        Self(permissions.into_iter().fold(0, |bits, permission| bits | permission.bit()))
    }
}

impl fmt::Debug for Permissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter().map(Permission::name)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_permission_is_read_as_it_is_written_and_has_a_place_of_its_own() {
        let mut all = Permissions::NONE;
        for permission in Permission::ALL {
            assert_eq!(permission.name().parse(), Ok(permission));
            assert!(!all.contains(permission), "{permission} stands twice");
            all = all.iter().chain([permission]).collect();
            assert!(all.contains(permission));
        }
        assert_eq!(all, Permissions::ALL);
        for kind in ObjectKind::ALL {
            assert_eq!(Permission::Read(kind).name(), format!("{}:read", kind.plural()));
            assert!(all.contains(Permission::Read(kind)) && all.contains(Permission::Write(kind)));
        }
    }

    #[test]
    fn nothing_allows_nothing() {
        assert!(Permissions::default().is_empty());
        assert!(Permission::ALL.into_iter().all(|permission| !Permissions::NONE.contains(permission)));
        assert_eq!("keys:all".parse::<Permission>(), Err(NotAPermission));
    }
}
