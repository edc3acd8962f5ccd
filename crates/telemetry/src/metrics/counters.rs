//! What one executor has counted. Two look-ups and some additions per call, behind a lock that nobody else wants but
//! for the instant of a scrape.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use domain::{AttemptRecord, CallRecord, Outcome, PicoUsd, Usage};

use super::histogram::Histogram;
use super::places::{Admitted, AttemptLookup, AttemptPlace, CallLookup, CallPlace, Lookup};

#[derive(Debug)]
pub(crate) struct Counters {
    admitted: Arc<Admitted>,
    calls: Table<CallPlace, CallCounts>,
    attempts: Table<AttemptPlace, AttemptCounts>,
}

/// By the hash of the place: two that share one are counted apart, the second under `other`.
#[derive(Debug)]
struct Table<P, C> {
    rows: HashMap<u64, (P, C), BuildIdentity>,
    other: C,
}

#[derive(Debug, Clone, Default)]
pub(super) struct CallCounts {
    /// By status class and outcome; few of them.
    pub(super) ends: Vec<((u16, Outcome), u64)>,
    pub(super) duration: Histogram,
    pub(super) first_token: Histogram,
}

#[derive(Debug, Clone, Default)]
pub(super) struct AttemptCounts {
    pub(super) ends: Vec<(Outcome, u64)>,
    pub(super) duration: Histogram,
    pub(super) usage: Usage,
    /// Over the attempts whose cost is known.
    pub(super) cost: PicoUsd,
    pub(super) unknown_cost: u64,
}

/// All executors together.
#[derive(Debug, Default)]
pub(super) struct Totals {
    pub(super) calls: BTreeMap<CallPlace, CallCounts>,
    pub(super) attempts: BTreeMap<AttemptPlace, AttemptCounts>,
}

impl Counters {
    pub(super) fn new(admitted: Arc<Admitted>) -> Self {
        Self { admitted, calls: Table::default(), attempts: Table::default() }
    }

    /// Counts a finished call and its attempts.
    pub(crate) fn add(&mut self, record: &CallRecord) {
        let endpoint = record.endpoint_name.as_deref().unwrap_or_default();
        let lookup = CallLookup { endpoint, project: record.caller.scope.project };
        let hash = self.admitted.hash(&lookup);
        self.calls.counts(&lookup, hash, || self.admitted.call(hash)).add(record);
        for attempt in &record.attempts {
            let (provider, model) = (&*attempt.provider, &*attempt.model);
            let lookup = AttemptLookup { endpoint, provider, model };
            let hash = self.admitted.hash(&lookup);
            self.attempts.counts(&lookup, hash, || self.admitted.attempt(hash)).add(attempt);
        }
    }

    pub(super) fn add_to(&self, totals: &mut Totals) {
        for (place, counts) in self.calls.all(CallLookup::other) {
            totals.calls.entry(place).or_default().merge(counts);
        }
        for (place, counts) in self.attempts.all(AttemptLookup::other) {
            totals.attempts.entry(place).or_default().merge(counts);
        }
    }
}

impl<P, C: Default> Default for Table<P, C> {
    fn default() -> Self {
        Self { rows: HashMap::default(), other: C::default() }
    }
}

impl<P: Clone, C: Default> Table<P, C> {
    fn counts<L: Lookup<Place = P>>(&mut self, lookup: &L, hash: u64, admit: impl Fn() -> bool) -> &mut C {
        use std::collections::hash_map::Entry;
        match self.rows.entry(hash) {
            Entry::Occupied(entry) => {
                let (place, counts) = entry.into_mut();
                if lookup.is(place) { counts } else { &mut self.other }
            }
            Entry::Vacant(entry) if admit() => &mut entry.insert((lookup.place(), C::default())).1,
            Entry::Vacant(_) => &mut self.other,
        }
    }

    fn all(&self, other: impl Fn() -> P) -> impl Iterator<Item = (P, &C)> {
        self.rows.values().map(|(place, counts)| (place.clone(), counts)).chain([(other(), &self.other)])
    }
}

impl CallCounts {
    fn add(&mut self, record: &CallRecord) {
        bump(&mut self.ends, (record.status / 100, record.outcome), 1);
        self.duration.observe(record.duration_us);
        if let Some(us) = record.first_token_us {
            self.first_token.observe(us);
        }
    }

    fn merge(&mut self, other: &Self) {
        for (end, count) in &other.ends {
            bump(&mut self.ends, *end, *count);
        }
        self.duration.merge(&other.duration);
        self.first_token.merge(&other.first_token);
    }
}

impl AttemptCounts {
    fn add(&mut self, record: &AttemptRecord) {
        bump(&mut self.ends, record.outcome, 1);
        self.duration.observe(record.duration_us);
        self.usage = sum(self.usage, record.usage);
        match record.cost {
            Some(cost) => self.cost = self.cost + cost,
            None => self.unknown_cost += 1,
        }
    }

    fn merge(&mut self, other: &Self) {
        for (outcome, count) in &other.ends {
            bump(&mut self.ends, *outcome, *count);
        }
        self.duration.merge(&other.duration);
        self.usage = sum(self.usage, other.usage);
        self.cost = self.cost + other.cost;
        self.unknown_cost += other.unknown_cost;
    }
}

fn bump<K: PartialEq>(counts: &mut Vec<(K, u64)>, key: K, by: u64) {
    match counts.iter_mut().find(|(known, _)| *known == key) {
        Some((_, count)) => *count += by,
        None => counts.push((key, by)),
    }
}

fn sum(a: Usage, b: Usage) -> Usage {
    Usage {
        input: a.input.saturating_add(b.input),
        cache_read: a.cache_read.saturating_add(b.cache_read),
        cache_write: a.cache_write.saturating_add(b.cache_write),
        cache_write_1h: a.cache_write_1h.saturating_add(b.cache_write_1h),
        audio_input: a.audio_input.saturating_add(b.audio_input),
        output: a.output.saturating_add(b.output),
        reasoning: a.reasoning.saturating_add(b.reasoning),
        audio_output: a.audio_output.saturating_add(b.audio_output),
    }
}

/// The keys are hashes already.
#[derive(Debug, Clone, Copy, Default)]
struct BuildIdentity;

#[derive(Debug, Default)]
struct Identity(u64);

impl std::hash::BuildHasher for BuildIdentity {
    type Hasher = Identity;

    fn build_hasher(&self) -> Identity {
        Identity(0)
    }
}

impl std::hash::Hasher for Identity {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}
