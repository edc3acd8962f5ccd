//! The ledger lane of a round: what is in the journal goes into the ledger.
//!
//! While the ledger takes nothing (locked, slow, full disk, damaged), the journal is made to survive a loss of power by
//! itself, once a second, and the ledger is tried again with growing patience. A damaged ledger is put aside for a new
//! one at once: waiting does not mend it.

use std::sync::atomic::Ordering;
use std::time::Duration;

use store::journal::{DamageKind, JournalBatch, JournalReader};
use store::sqlite::Stores;
use store::{Applied, StoreError};
use tokio::time::{Instant, timeout_at};

use crate::executor::log_lost;
use crate::health::Part;
use crate::pause::Pause;
use crate::shared::Shared;

/// Records that are not in the ledger are synced after this time, counted from the first of them.
const SYNC_AFTER: Duration = Duration::from_secs(1);

/// So many records a second are worth waiting for more of them.
const BUSY_PER_S: f64 = 500.0;

pub(crate) struct MoneyRounds {
    reader: JournalReader,
    pub(crate) pause: Pause,
    /// How much came in during the last round.
    per_second: f64,
    synced: Instant,
}

impl MoneyRounds {
    pub(crate) fn new(reader: JournalReader) -> Self {
        Self { reader, pause: Pause::default(), per_second: 0.0, synced: Instant::now() }
    }

    pub(crate) fn is_busy(&self) -> bool {
        self.per_second >= BUSY_PER_S
    }

    /// Takes in what came since `began`.
    pub(crate) async fn write(&mut self, shared: &Shared, stores: &Stores, began: Instant, insist: bool) {
        save_unsaved(shared);
        if self.reader.notice_removed() {
            tracing::error!(
                "somebody removed a journal segment that is in use; the next record begins another"
            );
        }
        if !insist && self.pause.is_on() {
            self.sync_if_due(shared);
            return;
        }
        let result = self.drain(shared, stores, began).await;
        shared.journal_lag.store(self.reader.lag_bytes(), Ordering::Relaxed);
        match result {
            Ok(records) => {
                self.per_second = f64::from(u32::try_from(records).unwrap_or(u32::MAX))
                    / began.elapsed().as_secs_f64().max(0.001);
                self.pause.end();
                shared.troubles.end(Part::Ledger);
                // What could not be synced is in the ledger now, which is.
                shared.troubles.end(Part::Sync);
            }
            Err(error) => {
                self.pause.begin();
                shared.store_errors.fetch_add(1, Ordering::Relaxed);
                shared.troubles.begin(Part::Ledger, error.to_string());
                self.sync(shared);
            }
        }
    }

    /// Takes the journal in until there is nothing left to take. Returns how many records there were.
    async fn drain(&mut self, shared: &Shared, stores: &Stores, began: Instant) -> Result<usize, StoreError> {
        let mut records = 0;
        let mut anew = false;
        loop {
            let batch = self.reader.read()?;
            shared.journal_lag.store(self.reader.lag_bytes(), Ordering::Relaxed);
            if batch.is_empty() {
                return Ok(records);
            }
            report_damage(&batch);
            let applied = match self.apply(shared, stores, &batch, began).await {
                Err(StoreError::Corrupt { .. }) if !anew => {
                    anew = true;
                    shared.was_put_aside(stores.ledger.begin_anew().await?);
                    self.reader.rewind();
                    continue;
                }
                applied => applied?,
            };
            if applied.unreadable > 0 {
                let (records, of_unknown_kind) = (applied.unreadable, batch.unknown_kinds());
                tracing::error!(
                    records,
                    of_unknown_kind,
                    "records that this version cannot read stay in the journal"
                );
                self.reader.keep(&batch);
            }
            self.reader.applied(&batch)?;
            records += batch.len();
        }
    }

    /// A committed batch is on the disk. One that waits long is made safe in the journal meanwhile, with all that
    /// comes behind it.
    async fn apply(
        &mut self,
        shared: &Shared,
        stores: &Stores,
        batch: &JournalBatch,
        began: Instant,
    ) -> Result<Applied, StoreError> {
        let mut applying = stores.ledger.apply(batch);
        let mut next = (began + SYNC_AFTER).max(Instant::now());
        loop {
            if let Ok(applied) = timeout_at(next, &mut applying).await {
                return applied;
            }
            next = Instant::now() + SYNC_AFTER;
            save_unsaved(shared);
            self.sync(shared);
        }
    }

    fn sync_if_due(&mut self, shared: &Shared) {
        if self.synced.elapsed() >= SYNC_AFTER || shared.troubles.is_in(Part::Sync) {
            self.sync(shared);
        }
    }

    fn sync(&mut self, shared: &Shared) {
        self.synced = Instant::now();
        match self.reader.sync() {
            Ok(()) => shared.troubles.end(Part::Sync),
            Err(error) => {
                shared.sync_errors.fetch_add(1, Ordering::Relaxed);
                shared.troubles.begin(Part::Sync, error.to_string());
            }
        }
        shared.journal_lag.store(self.reader.lag_bytes(), Ordering::Relaxed);
    }

    /// The last one. The ledger needs no persistence here: what it cannot take is in the journal, synced.
    pub(crate) async fn finish(&mut self, shared: &Shared, stores: &Stores) {
        count_lost(shared);
        // Segments that nobody writes to any more go with their last record.
        shared.retire_lanes();
        self.write(shared, stores, Instant::now(), true).await;
        if let Err(error) = self.reader.sync() {
            tracing::error!(%error, "the journal could not be synced; a loss of power may cost its last records");
        }
    }
}

/// Tries again to journal what the executors could not.
fn save_unsaved(shared: &Shared) {
    if !shared.troubles.is_in(Part::Journal) {
        return;
    }
    let mut failure = None;
    for lane in shared.lanes() {
        failure = lane.money().save().err().or(failure);
    }
    match failure {
        Some(error) => shared.troubles.begin(Part::Journal, error.to_string()),
        None => shared.troubles.end(Part::Journal),
    }
}

/// What could not be journalled to the end dies with the process.
fn count_lost(shared: &Shared) {
    for lane in shared.lanes() {
        for record in lane.money().waiting() {
            shared.lost_usage.fetch_add(1, Ordering::Relaxed);
            log_lost(record);
        }
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
