//! The limits of writing behind.

use std::time::Duration;

use store::journal::JournalOptions;

/// How much the recorder may hold back, in time and in bytes.
#[derive(Debug, Clone)]
pub struct Options {
    /// Call records in memory, over all executors. What does not fit is dropped and counted.
    pub content_bytes: usize,
    /// An executor's buffer is taken away early once it holds this much: a batch that fits a cache is cheaper to
    /// copy, and a larger one is cheaper to index.
    pub handover_bytes: usize,
    /// How long a record waits for company while there are few.
    pub interval: Duration,
    /// How long it waits while there are many: larger transactions are cheaper per record. With the time that one
    /// takes, what was recorded is seen, and safe from a loss of power, within about a second.
    pub busy_interval: Duration,
    /// The journal, with its bound.
    pub journal: JournalOptions,
    /// Usage records per executor that are kept in memory while the journal cannot be written.
    pub unsaved_records: usize,
    /// How long stopping may take before content that cannot be written is given up.
    pub shutdown: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            content_bytes: 32 << 20,
            handover_bytes: 512 << 10,
            interval: Duration::from_millis(200),
            busy_interval: Duration::from_millis(800),
            journal: JournalOptions::default(),
            unsaved_records: 10_000,
            shutdown: Duration::from_secs(5),
        }
    }
}
