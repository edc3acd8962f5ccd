//! How the recorder is doing, for readiness, metrics and whoever asks.

/// A snapshot.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Health {
    /// False while money is at risk: the journal or the ledger cannot be written, or the writer is gone.
    pub money_is_safe: bool,
    /// Call records that wait to be written.
    pub content_queued_bytes: usize,
    /// Call records that were dropped since the start, because the buffers were full or could not be written.
    pub dropped_calls: u64,
    /// Usage records that are in the journal and not in the ledger yet.
    pub journal_lag_bytes: u64,
    /// Usage records that are only in memory, because the journal cannot be written.
    pub unsaved_usage: usize,
    /// Usage records that were lost since the start, because there was room for them neither on disk nor in memory.
    pub lost_usage: u64,
    /// What went wrong last, if it still does.
    pub last_error: Option<String>,
}
