//! One round of the writer: take away what the executors left, and put it into the store.
//!
//! A store that cannot write never stops traffic: usage records wait in the journal, call records in the bounded
//! buffers, and each part is tried again with growing patience.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use store::journal::{DamageKind, JournalBatch, JournalReader};
use store::sqlite::Stores;
use store::{Applied, Frames, StoreError};
use tokio::time::{Instant, sleep, timeout_at};

use crate::shared::{Part, Shared};

const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// How long the ledger may take before the journal is made to survive a loss of power by itself.
const SYNC_AFTER: Duration = Duration::from_millis(700);

/// Memory that an emptied buffer keeps.
const KEPT_BYTES: usize = 1 << 20;

pub(crate) struct Rounds {
    pub(crate) shared: Arc<Shared>,
    stores: Stores,
    money: MoneyRounds,
    content: ContentRounds,
}

struct MoneyRounds {
    reader: JournalReader,
    pause: Pause,
}

struct ContentRounds {
    /// Taken from the executors and not written yet.
    held: Vec<Frames>,
    /// Emptied buffers, to be exchanged for full ones.
    spare: Vec<Frames>,
    pause: Pause,
}

/// Growing patience with something that fails.
#[derive(Default)]
struct Pause {
    until: Option<Instant>,
    length: Duration,
}

impl Rounds {
    pub(crate) fn new(shared: Arc<Shared>, stores: Stores, reader: JournalReader) -> Self {
        let money = MoneyRounds { reader, pause: Pause::default() };
        let content = ContentRounds { held: Vec::new(), spare: Vec::new(), pause: Pause::default() };
        Self { shared, stores, money, content }
    }

    /// Writes what there is. `insist` tries what is pausing, too.
    pub(crate) async fn round(&mut self, insist: bool) {
        let Self { shared, stores, money, content } = self;
        tokio::join!(money.write(shared, stores, insist), content.write(shared, stores, insist));
    }

    pub(crate) async fn write_content(&mut self, insist: bool) {
        self.content.write(&self.shared, &self.stores, insist).await;
    }

    /// When something that failed is to be tried again.
    pub(crate) fn retry_at(&self) -> Option<Instant> {
        self.money.pause.until.into_iter().chain(self.content.pause.until).min()
    }

    /// The last rounds. The ledger needs no persistence here: what it cannot take is in the journal, synced.
    pub(crate) async fn finish(mut self) {
        let deadline = Instant::now() + self.shared.options.shutdown;
        loop {
            self.round(true).await;
            if self.content.held.is_empty() || Instant::now() >= deadline {
                break;
            }
            sleep(FIRST_PAUSE).await;
        }
        self.content.give_up(&self.shared);
        count_lost(&self.shared);
        // Segments that nobody writes to any more go with their last record.
        self.shared.retire_lanes();
        self.money.write(&self.shared, &self.stores, true).await;
        if let Err(error) = self.money.reader.sync() {
            tracing::error!(%error, "the journal could not be synced; a loss of power may cost its last records");
        }
        if let Err(error) = self.stores.close().await {
            tracing::warn!(%error, "the store could not be closed in order; the next start repairs it");
        }
    }
}

impl MoneyRounds {
    async fn write(&mut self, shared: &Shared, stores: &Stores, insist: bool) {
        save_unsaved(shared);
        if !insist && self.pause.is_on() {
            return;
        }
        let result = self.drain(shared, stores).await;
        shared.journal_lag.store(self.reader.lag_bytes(), Ordering::Relaxed);
        match result {
            Ok(()) => {
                self.pause.end();
                shared.recovered(Part::Ledger);
            }
            Err(error) => {
                self.pause.begin();
                shared.trouble(Part::Ledger, error.to_string());
                if let Err(error) = self.reader.sync() {
                    shared.trouble(Part::Journal, error.to_string());
                }
            }
        }
    }

    /// Takes the journal in until there is nothing left to take.
    async fn drain(&mut self, shared: &Shared, stores: &Stores) -> Result<(), StoreError> {
        loop {
            let batch = self.reader.read()?;
            shared.journal_lag.store(self.reader.lag_bytes(), Ordering::Relaxed);
            if batch.is_empty() {
                return Ok(());
            }
            report_damage(&batch);
            let applied = self.apply(shared, stores, &batch).await?;
            if applied.unreadable > 0 {
                tracing::error!(
                    records = applied.unreadable,
                    "usage records of an unknown form stay in the journal"
                );
                self.reader.keep(&batch);
            }
            self.reader.applied(&batch)?;
        }
    }

    /// A committed batch is on the disk. One that waits long is made safe in the journal meanwhile.
    async fn apply(
        &mut self,
        shared: &Shared,
        stores: &Stores,
        batch: &JournalBatch,
    ) -> Result<Applied, StoreError> {
        let mut applying = stores.ledger.apply(batch);
        if let Ok(applied) = timeout_at(Instant::now() + SYNC_AFTER, &mut applying).await {
            return applied;
        }
        if let Err(error) = self.reader.sync() {
            shared.trouble(Part::Journal, error.to_string());
        }
        applying.await
    }
}

/// Tries again to journal what the executors could not.
fn save_unsaved(shared: &Shared) {
    if !shared.is_in_trouble(Part::Journal) {
        return;
    }
    let mut failure = None;
    for lane in shared.lanes() {
        failure = lane.money().save().err().or(failure);
    }
    match failure {
        Some(error) => shared.trouble(Part::Journal, error.to_string()),
        None => shared.recovered(Part::Journal),
    }
}

/// What could not be journalled to the end dies with the process.
fn count_lost(shared: &Shared) {
    let unsaved: usize = shared.lanes().iter().map(|lane| lane.money().unsaved()).sum();
    if unsaved > 0 {
        shared.lost_usage.fetch_add(u64::try_from(unsaved).unwrap_or(0), Ordering::Relaxed);
        tracing::error!(records = unsaved, "usage records could not be written anywhere and are lost");
    }
}

fn report_damage(batch: &JournalBatch) {
    for damage in batch.damage() {
        let (segment, offset, bytes) = (&damage.segment, damage.offset, damage.bytes);
        match damage.kind {
            DamageKind::TornEnd => {
                tracing::warn!(
                    segment,
                    offset,
                    bytes,
                    "an earlier process died while it wrote a usage record"
                );
            }
            DamageKind::Corrupt => {
                tracing::error!(
                    segment,
                    offset,
                    bytes,
                    "part of the journal is damaged; the segment is kept"
                );
            }
        }
    }
}

impl ContentRounds {
    async fn write(&mut self, shared: &Shared, stores: &Stores, insist: bool) {
        if !insist && self.pause.is_on() {
            return;
        }
        // While something is held, the executors' buffers wait, and the bound on them holds.
        if self.held.is_empty() {
            self.take(shared);
        }
        while !self.held.is_empty() {
            match stores.traces.append(&self.held).await {
                Ok(appended) => {
                    let dropped = u64::try_from(appended.dropped).unwrap_or(0);
                    shared.dropped_calls.fetch_add(dropped, Ordering::Relaxed);
                    self.release(shared);
                    self.pause.end();
                    shared.recovered(Part::Content);
                    if insist {
                        self.take(shared);
                    }
                }
                Err(error) => {
                    self.pause.begin();
                    shared.trouble(Part::Content, error.to_string());
                    return;
                }
            }
        }
    }

    /// Exchanges the executors' buffers for empty ones.
    fn take(&mut self, shared: &Shared) {
        for lane in shared.lanes() {
            let mut content = lane.content();
            if !content.is_empty() {
                self.held.push(std::mem::replace(&mut *content, self.spare.pop().unwrap_or_default()));
            }
        }
    }

    /// Empties what was held.
    fn release(&mut self, shared: &Shared) {
        for mut frames in self.held.drain(..) {
            shared.queued_bytes.fetch_sub(frames.len_bytes(), Ordering::Relaxed);
            frames.clear(KEPT_BYTES);
            self.spare.push(frames);
        }
    }

    fn give_up(&mut self, shared: &Shared) {
        self.take(shared);
        let calls: usize = self.held.iter().map(Frames::count).sum();
        if calls > 0 {
            shared.dropped_calls.fetch_add(u64::try_from(calls).unwrap_or(0), Ordering::Relaxed);
            tracing::error!(calls, "the traces of the last calls could not be written and are lost");
        }
        self.release(shared);
    }
}

impl Pause {
    fn is_on(&self) -> bool {
        self.until.is_some_and(|until| Instant::now() < until)
    }

    fn begin(&mut self) {
        self.length = (self.length * 2).clamp(FIRST_PAUSE, LONGEST_PAUSE);
        self.until = Some(Instant::now() + self.length);
    }

    fn end(&mut self) {
        *self = Self::default();
    }
}
