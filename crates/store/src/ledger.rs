//! The ledger: what was consumed and what it cost, exactly once per attempt.

use std::path::PathBuf;

use domain::{AttemptId, PicoUsd, Usage, UsageRecord};

use crate::journal::{JournalBatch, JournalPosition};
use crate::{Reply, Within};

/// Usage records, applied from the journal and summed for reports.
pub trait Ledger: Send + Sync {
    /// How far each journal segment has been taken in.
    fn positions(&self) -> Reply<'_, Vec<JournalPosition>>;

    /// Adds the records of `batch` and moves the positions behind them, in one transaction. A record whose attempt
    /// is there already changes nothing.
    fn apply<'a>(&'a self, batch: &'a JournalBatch) -> Reply<'a, Applied>;

    /// Sums over the records that were settled in a range of time.
    fn usage(&self, within: Within, query: UsageQuery) -> Reply<'_, UsageReport>;

    /// The records themselves, oldest attempt first, `limit` (at most 500) behind `after`.
    fn records(&self, within: Within, after: Option<AttemptId>, limit: usize) -> Reply<'_, UsagePage>;

    /// Puts a damaged file aside and begins an empty one in its place. Returns where the damaged one lies. What the
    /// journal still holds has to be applied again, from its beginning.
    fn begin_anew(&self) -> Reply<'_, PathBuf>;

    /// Lets go of the files. Nothing may be asked of the store behind it.
    fn close(&self) -> Reply<'_, ()>;
}

/// What became of a batch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Applied {
    pub added: usize,
    /// Were there before, or twice in the batch.
    pub known: usize,
    /// No records of a form known here; the segment is worth keeping.
    pub unreadable: usize,
}

/// What sums are grouped by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UsageBy {
    Endpoint,
    Key,
    Model,
    Provider,
    Project,
}

impl UsageBy {
    pub const ALL: [Self; 5] = [Self::Endpoint, Self::Key, Self::Model, Self::Provider, Self::Project];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Endpoint => "endpoint",
            Self::Key => "key",
            Self::Model => "model",
            Self::Provider => "provider",
            Self::Project => "project",
        }
    }
}

impl std::str::FromStr for UsageBy {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|by| by.name() == name).ok_or(())
    }
}

/// Which records to sum: those settled at or after `since_ms` and before `until_ms`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UsageQuery {
    pub by: UsageBy,
    pub since_ms: Option<i64>,
    pub until_ms: Option<i64>,
}

/// Sums per group, the dearest first, and over all of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UsageReport {
    pub groups: Vec<UsageGroup>,
    pub total: UsageTotals,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageGroup {
    /// The id of the endpoint, key or project; `None` where a group has a name only (a model, a provider, callers
    /// without a key).
    pub id: Option<String>,
    /// The newest name that was recorded with the id. A model is `provider/model`; a project has no name here.
    pub name: String,
    pub totals: UsageTotals,
}

/// Exact sums.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct UsageTotals {
    /// A call counts where its first attempt went, so that groups add up to the total.
    pub calls: u64,
    pub attempts: u64,
    pub usage: Usage,
    /// Over the attempts whose cost is known.
    pub cost: PicoUsd,
    /// Attempts whose cost is not known.
    pub unknown_cost: u64,
}

impl UsageTotals {
    pub(crate) fn add(&mut self, other: &Self) {
        let add = |sum: &mut u64, more: u64| *sum = sum.saturating_add(more);
        add(&mut self.calls, other.calls);
        add(&mut self.attempts, other.attempts);
        add(&mut self.unknown_cost, other.unknown_cost);
        self.cost = self.cost + other.cost;
        let (mine, more) = (&mut self.usage, &other.usage);
        add(&mut mine.input, more.input);
        add(&mut mine.cache_read, more.cache_read);
        add(&mut mine.cache_write, more.cache_write);
        add(&mut mine.cache_write_1h, more.cache_write_1h);
        add(&mut mine.audio_input, more.audio_input);
        add(&mut mine.output, more.output);
        add(&mut mine.reasoning, more.reasoning);
        add(&mut mine.audio_output, more.audio_output);
    }
}

/// Some records, and where the next page begins.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UsagePage {
    pub records: Vec<UsageRecord>,
    pub next: Option<AttemptId>,
}
