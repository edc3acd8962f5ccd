//! What one executor has written and the writer has not yet taken away.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use domain::UsageRecord;
use store::Frames;
use store::journal::JournalWriter;

use crate::metrics::Counters;

/// Shared by an executor and the writer. The locks are free but for the instant of a hand-over.
#[derive(Debug)]
pub(crate) struct Lane {
    content: Mutex<Frames>,
    money: Mutex<Money>,
    counters: Mutex<Counters>,
}

/// The journal segment, and what could not be written to it.
#[derive(Debug)]
pub(crate) struct Money {
    journal: JournalWriter,
    unsaved: VecDeque<UsageRecord>,
}

/// What became of a usage record.
#[derive(Debug)]
pub(crate) enum Settled {
    /// It survives the death of the process.
    Journalled,
    /// In memory only, because of this or because others wait before it.
    Unsaved(Option<std::io::Error>),
    /// There was no room left.
    Lost(std::io::Error),
}

impl Lane {
    pub(crate) fn new(journal: JournalWriter, counters: Counters) -> Self {
        let money = Money { journal, unsaved: VecDeque::new() };
        Self { content: Mutex::default(), money: Mutex::new(money), counters: Mutex::new(counters) }
    }

    pub(crate) fn counters(&self) -> MutexGuard<'_, Counters> {
        self.counters.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn content(&self) -> MutexGuard<'_, Frames> {
        self.content.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn money(&self) -> MutexGuard<'_, Money> {
        self.money.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Money {
    /// Writes `record` down, behind those that could not be written before it. While some wait, the writer's thread
    /// tries for all of them: a disk that refuses is not asked once per call.
    pub(crate) fn settle(&mut self, record: &UsageRecord, room: usize) -> Settled {
        let has_room = self.unsaved.len() < room;
        if has_room && !self.unsaved.is_empty() {
            self.unsaved.push_back(record.clone());
            return Settled::Unsaved(None);
        }
        match self.save().and_then(|()| self.journal.append(record)) {
            Ok(()) => Settled::Journalled,
            Err(error) if has_room => {
                self.unsaved.push_back(record.clone());
                Settled::Unsaved(Some(error))
            }
            Err(error) => Settled::Lost(error),
        }
    }

    /// Tries again to write what could not be written.
    pub(crate) fn save(&mut self) -> std::io::Result<()> {
        while let Some(record) = self.unsaved.front() {
            self.journal.append(record)?;
            self.unsaved.pop_front();
        }
        Ok(())
    }

    /// The records that are only in memory.
    pub(crate) fn waiting(&self) -> impl Iterator<Item = &UsageRecord> {
        self.unsaved.iter()
    }

    pub(crate) fn unsaved(&self) -> usize {
        self.unsaved.len()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use domain::{
        Api, AttemptId, CallId, CostSource, CredentialId, EndpointId, Outcome, Scope, TargetId, TraceId,
        Usage, UsageSource,
    };
    use store::journal::{Journal, JournalOptions};

    use super::*;

    fn record(n: u128) -> UsageRecord {
        UsageRecord {
            attempt: AttemptId(n),
            call: CallId(n),
            trace: TraceId(n),
            settled_at_ms: 0,
            scope: Scope::DEFAULT,
            key: None,
            caller: Arc::from("anonymous"),
            labels: None,
            endpoint: EndpointId(1),
            endpoint_name: Arc::from("chat"),
            target: TargetId(1),
            credential: CredentialId(1),
            provider: Arc::from("openai"),
            model: Arc::from("gpt-5"),
            api: Api::Chat,
            usage: Usage::default(),
            usage_source: UsageSource::None,
            cost: None,
            cost_source: CostSource::Unknown,
            price: None,
            outcome: Outcome::Succeeded,
            duration_ms: 0,
        }
    }

    #[test]
    fn records_wait_in_memory_while_the_journal_cannot_be_written() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal");
        // Every record wants a segment of its own, so that a missing directory is noticed at once.
        let journal =
            Journal::open_with(&path, JournalOptions { segment_bytes: 1, ..Default::default() }).unwrap();
        let lane = Lane::new(journal.writer(0), crate::metrics::Counting::default().executor());
        let settle = |n| lane.money().settle(&record(n), 2);
        assert!(matches!(settle(1), Settled::Journalled));
        let mut reader = journal.reader(Vec::new());
        let batch = reader.read().unwrap();
        assert_eq!(batch.len(), 1);
        reader.applied(&batch).unwrap();

        std::fs::remove_dir_all(&path).unwrap();
        assert!(matches!(settle(2), Settled::Unsaved(_)));
        assert!(matches!(settle(3), Settled::Unsaved(_)));
        assert!(matches!(settle(4), Settled::Lost(_)));
        assert_eq!(lane.money().unsaved(), 2);

        std::fs::create_dir(&path).unwrap();
        assert!(matches!(settle(5), Settled::Journalled));
        assert_eq!(lane.money().unsaved(), 0);
        let batch = reader.read().unwrap();
        let mut attempts: Vec<_> = batch.usage().flatten().map(|frame| frame.attempt()).collect();
        attempts.sort_unstable();
        assert_eq!(attempts, [AttemptId(2), AttemptId(3), AttemptId(5)]);
    }
}
