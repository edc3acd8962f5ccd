//! What a backup says about itself.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::sqlite::migrate::{CONTROL, LEDGER, Schema, TRACE_DAY, TRACE_INDEX};

pub(super) const NAME: &str = "manifest.json";

/// The form of the archive.
pub(super) const FORMAT: u32 = 1;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    pub format: u32,
    /// The version of Gatewright that made it.
    pub version: String,
    /// Milliseconds since the Unix epoch, when the copy began: every usage record that was acknowledged before is in it.
    pub began_at_ms: i64,
    pub has_vault_key: bool,
    /// The schema of each database.
    pub schemas: BTreeMap<String, i64>,
    pub files: BTreeMap<String, FileEntry>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    pub bytes: u64,
    /// In hexadecimal.
    pub sha256: String,
}

/// The schema that a database of this name has in this version; `None` for what is no database.
pub(super) fn schema(name: &str) -> Option<Schema> {
    match name {
        "control.db" => Some(CONTROL),
        "ledger.db" => Some(LEDGER),
        "traces/index.db" => Some(TRACE_INDEX),
        day if day.starts_with("traces/") && day.ends_with(".db") => Some(TRACE_DAY),
        _ => None,
    }
}
