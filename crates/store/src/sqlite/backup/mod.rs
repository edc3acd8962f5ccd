//! A copy of everything that is kept, made while the gateway serves, and the way back.
//!
//! The copy is one tar file: any tool can look inside. Its last entry is a manifest with versions and checksums, so
//! that a file that broke off is never taken for a whole one.

mod archive;
mod copy;
mod manifest;
mod restore;

pub(super) use copy::snapshot;
pub use copy::{BackupOptions, BackupReport, backup};
pub use manifest::Manifest;
pub use restore::restore;

/// Files beside the databases. The pepper is in every backup: without it no key is recognized.
const PEPPER: &str = "pepper";
const ADMIN_TOKEN: &str = "admin-token";
const VAULT_KEY: &str = "vault-key";

/// Where a restore unpacks, inside the data directory. While it is there, the directory is not to be used.
pub(super) const RESTORING: &str = ".restoring";
