//! How the recorder is doing, for diagnostics, metrics and whoever asks.
//!
//! Nothing here stops traffic. An instance in trouble stays ready: the disk that is full here is often full everywhere,
//! and a gateway that turns every call away protects no money.

use std::path::PathBuf;

/// A snapshot.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Health {
    /// False while one more failure would lose usage records: they cannot be journalled or synced to the disk, or
    /// nobody takes them in. A ledger that is only behind is safe, because the journal has what it lacks.
    pub money_is_safe: bool,
    /// Call records that wait to be written.
    pub content_queued_bytes: usize,
    /// Call records that were dropped since the start, because the buffers were full or could not be written.
    pub dropped_calls: u64,
    /// Usage records that are in the journal and not in the ledger yet.
    pub journal_lag_bytes: u64,
    /// What the journal takes up on the disk, and what it may.
    pub journal_held_bytes: u64,
    pub journal_bound_bytes: u64,
    /// Usage records that are only in memory, because the journal cannot be written.
    pub unsaved_usage: usize,
    /// Usage records that were lost since the start, because there was room for them neither on disk nor in memory.
    /// Each is in the log.
    pub lost_usage: u64,
    /// Journal syncs that failed since the start.
    pub sync_errors: u64,
    /// Writes to the store that failed since the start; they are tried again.
    pub store_errors: u64,
    /// What goes wrong at present, the worst first.
    pub troubles: Vec<Trouble>,
    /// Databases that were damaged and put aside since the start. They hold what the new ones lack.
    pub put_aside: Vec<PathBuf>,
    /// What went wrong last, if it still does.
    pub last_error: Option<String>,
}

/// Something that goes wrong at present. It is gone with the next success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    pub part: Part,
    pub error: String,
    /// Milliseconds since the Unix epoch.
    pub since_ms: i64,
}

/// A part that can be in trouble, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// The thread that writes has ended.
    Writer,
    /// Usage records cannot be journalled.
    Journal,
    /// The journal cannot be synced: a loss of power would cost its last records.
    Sync,
    /// The ledger takes nothing in; the journal grows.
    Ledger,
    /// Traces cannot be written.
    Content,
}

impl Part {
    pub const ALL: [Self; 5] = [Self::Writer, Self::Journal, Self::Sync, Self::Ledger, Self::Content];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Writer => "writer",
            Self::Journal => "journal",
            Self::Sync => "sync",
            Self::Ledger => "ledger",
            Self::Content => "content",
        }
    }

    /// Is money at risk while this part is in trouble?
    pub const fn holds_money(self) -> bool {
        matches!(self, Self::Writer | Self::Journal | Self::Sync)
    }
}
