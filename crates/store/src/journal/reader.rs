//! Tails all segments and removes those that are in the ledger completely.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::io;
use std::sync::Arc;

use super::batch::{DamageKind, JournalBatch, JournalPosition};
use super::segment::{SegmentReader, Stop};
use super::{Journal, SegmentState};
use crate::StoreError;

/// A batch is applied once it holds this much, so that a long backlog becomes many transactions.
const BATCH_BYTES: usize = 4 << 20;

/// Reads the journal for the one writer of the ledger.
#[derive(Debug)]
pub struct JournalReader {
    journal: Arc<Journal>,
    segments: BTreeMap<String, SegmentReader>,
    /// Positions of segments that have not been opened yet.
    positions: HashMap<String, u64>,
    forgotten: Vec<String>,
}

impl JournalReader {
    pub(super) fn new(journal: Arc<Journal>, positions: Vec<JournalPosition>) -> Self {
        let known = journal.segments().clone();
        let (positions, gone): (Vec<_>, Vec<_>) =
            positions.into_iter().partition(|position| known.contains_key(&position.segment));
        Self {
            journal,
            segments: BTreeMap::new(),
            positions: positions.into_iter().map(|position| (position.segment, position.offset)).collect(),
            forgotten: gone.into_iter().map(|position| position.segment).collect(),
        }
    }

    /// Reads what is not applied yet. Reading again without [`JournalReader::applied`] gives the same records.
    pub fn read(&mut self) -> Result<JournalBatch, StoreError> {
        // The states are taken before the files are read: a segment that is closed here gets no further records.
        let states = self.journal.segments().clone();
        let mut batch = JournalBatch { forgotten: self.forgotten.clone(), ..JournalBatch::default() };
        for (name, state) in states {
            let path = self.journal.path(&name);
            let failed = |source| StoreError::io(&path, source);
            let segment = match self.segments.entry(name) {
                Entry::Occupied(entry) => entry.into_mut(),
                Entry::Vacant(entry) => {
                    let applied = self.positions.get(entry.key()).copied().unwrap_or(0);
                    match File::open(&path) {
                        Ok(file) => {
                            let segment = SegmentReader::new(entry.key().clone(), file, applied);
                            entry.insert(segment)
                        }
                        Err(error) if error.kind() == io::ErrorKind::NotFound => {
                            tracing::error!(path = %path.display(), "somebody removed a journal segment");
                            self.journal.segments().remove(entry.key());
                            self.forgotten.push(entry.into_key());
                            continue;
                        }
                        Err(error) => return Err(failed(error)),
                    }
                }
            };
            let closed = state == SegmentState::Closed;
            let stop = segment.read_into(&mut batch, closed).map_err(failed)?;
            if closed && stop == Stop::End {
                batch.finished.push(segment.name.clone());
            }
            if batch.bytes.len() >= BATCH_BYTES {
                break;
            }
        }
        Ok(batch)
    }

    /// The ledger has `batch`: segments that are finished go. One that held damage is kept under another name.
    pub fn applied(&mut self, batch: &JournalBatch) -> Result<(), StoreError> {
        for position in &batch.positions {
            if let Some(segment) = self.segments.get_mut(&position.segment) {
                segment.applied = position.offset;
            }
        }
        for damage in &batch.damage {
            if let Some(segment) = self.segments.get_mut(&damage.segment) {
                segment.keep |= damage.kind != DamageKind::TornEnd;
            }
        }
        self.forgotten.retain(|segment| !batch.forgotten.contains(segment));
        for name in &batch.finished {
            let path = self.journal.path(name);
            let keep = self.segments.get(name).is_some_and(|segment| segment.keep);
            let removed = match keep {
                true => fs::rename(&path, path.with_extension("damaged")),
                false => fs::remove_file(&path),
            };
            removed.map_err(|source| StoreError::io(&path, source))?;
            self.segments.remove(name);
            self.journal.segments().remove(name);
            self.forgotten.push(name.clone());
        }
        Ok(())
    }

    /// Marks the segments of `batch` as worth a look: the ledger could not make sense of some of it.
    pub fn keep(&mut self, batch: &JournalBatch) {
        for position in &batch.positions {
            if let Some(segment) = self.segments.get_mut(&position.segment) {
                segment.keep = true;
            }
        }
    }

    /// How many bytes the ledger is behind, as of the last read.
    pub fn lag_bytes(&self) -> u64 {
        self.segments.values().map(SegmentReader::lag).sum()
    }

    /// Makes what the ledger does not have yet survive the loss of power. Where that fails, nothing that was written
    /// to those files can be trusted to reach the disk later either, so the writers begin new ones.
    pub fn sync(&mut self) -> Result<(), StoreError> {
        let mut begun = false;
        for segment in self.segments.values_mut() {
            begun |= segment.synced == 0 && segment.lag() > 0;
            if let Err(source) = segment.sync() {
                self.journal.abandon_open_segments();
                return Err(StoreError::io(&self.journal.path(&segment.name), source));
            }
        }
        if begun {
            // The directory entry of a new file needs its own trip to the disk.
            let synced = File::open(&self.journal.dir).and_then(|dir| dir.sync_all());
            synced.map_err(|source| StoreError::io(&self.journal.dir, source))?;
        }
        Ok(())
    }
}
