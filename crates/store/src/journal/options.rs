//! How large the journal may become, and how it is written.

use std::sync::Arc;

use super::disk::Disk;

/// A segment is closed once it holds this much. Small enough that the pages of an idle executor are few, large enough
/// that the next one is begun once in some thousand records.
const SEGMENT_BYTES: u64 = 2 << 20;

/// What the ledger may fall behind by: some three million records.
const BOUND_BYTES: u64 = 1 << 30;

/// The journal's limits.
#[derive(Debug, Clone)]
pub struct JournalOptions {
    pub segment_bytes: u64,
    /// Over all segments. An append that would begin one beyond it fails; see [`super::Journal`] for what follows.
    pub bound_bytes: u64,
    /// Append through a shared mapping where the file system makes that safe. Off, every record costs a `write`.
    pub mapped: bool,
    /// Faults for tests.
    pub disk: Option<Arc<dyn Disk>>,
}

impl Default for JournalOptions {
    fn default() -> Self {
        Self { segment_bytes: SEGMENT_BYTES, bound_bytes: BOUND_BYTES, mapped: true, disk: None }
    }
}
