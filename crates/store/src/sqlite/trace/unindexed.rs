//! Days of traces that are not in the index yet.
//!
//! Ids of foreign traces are random, so each one that is added touches another page of the index; many at once touch
//! each page once. Few are written at once all the same, since they cost little. A process that dies loses what
//! waits here; such a trace is then looked for in the days of about now.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use domain::TraceId;

use super::day::Day;

/// So few are not worth waiting with.
const FEW: usize = 64;
/// So many are worth a transaction.
const MANY: usize = 16_384;
const LONGEST_WAIT: Duration = Duration::from_secs(30);

#[derive(Debug, Default)]
pub(super) struct Unindexed(Mutex<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    traces: HashMap<TraceId, Day>,
    since: Option<Instant>,
}

impl Unindexed {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn day_of(&self, trace: TraceId) -> Option<Day> {
        self.waiting().traces.get(&trace).copied()
    }

    /// Adds `traces` and returns what is to be written now.
    pub(super) fn exchange(&self, traces: Vec<(TraceId, Day)>) -> Vec<(TraceId, Day)> {
        let mut waiting = self.waiting();
        if waiting.traces.is_empty() && traces.len() <= FEW {
            return traces;
        }
        let now = Instant::now();
        let since = *waiting.since.get_or_insert(now);
        waiting.traces.extend(traces);
        let due = waiting.traces.len() >= MANY || now.duration_since(since) >= LONGEST_WAIT;
        if due { waiting.take() } else { Vec::new() }
    }

    pub(super) fn take(&self) -> Vec<(TraceId, Day)> {
        self.waiting().take()
    }

    /// What was to be written could not be.
    pub(super) fn put_back(&self, traces: Vec<(TraceId, Day)>) {
        let mut waiting = self.waiting();
        waiting.since.get_or_insert_with(Instant::now);
        waiting.traces.extend(traces);
    }

    pub(super) fn forget_before(&self, before: Day) {
        self.waiting().traces.retain(|_, day| *day >= before);
    }
}

impl Waiting {
    /// In the order of the tree: neighbours there are neighbours on its pages.
    fn take(&mut self) -> Vec<(TraceId, Day)> {
        self.since = None;
        let mut traces: Vec<_> = self.traces.drain().collect();
        traces.sort_unstable();
        traces
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn traces(count: usize) -> Vec<(TraceId, Day)> {
        (1..=count).rev().map(|n| (TraceId(n as u128), Day(1))).collect()
    }

    #[test]
    fn few_are_written_at_once_and_many_wait_for_more() {
        let unindexed = Unindexed::default();
        assert_eq!(unindexed.exchange(traces(FEW)).len(), FEW);
        assert!(unindexed.exchange(traces(FEW + 1)).is_empty());
        assert!(unindexed.exchange(traces(1)).is_empty(), "behind others, few wait too");
        assert_eq!(unindexed.day_of(TraceId(1)), Some(Day(1)));
        let written = unindexed.exchange(traces(MANY));
        assert_eq!(written.len(), MANY);
        assert!(written.is_sorted());
        assert_eq!(unindexed.day_of(TraceId(1)), None);
    }

    #[test]
    fn nothing_is_lost_by_a_failure() {
        let unindexed = Unindexed::default();
        unindexed.put_back(traces(3));
        assert_eq!(unindexed.take().len(), 3);
        assert!(unindexed.take().is_empty());
    }
}
