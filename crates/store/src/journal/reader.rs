//! Tails all segments and removes those that are in the ledger completely.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::sync::Arc;

use super::Journal;
use super::batch::{DamageKind, JournalBatch, JournalPosition};
use super::disk::{Operation, ask};
use super::segment::{SegmentReader, Stop};
use super::segments::SegmentState;
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
        let (positions, gone): (Vec<_>, Vec<_>) =
            positions.into_iter().partition(|position| journal.segments.contains(&position.segment));
        Self {
            journal,
            segments: BTreeMap::new(),
            positions: positions.into_iter().map(|position| (position.segment, position.offset)).collect(),
            forgotten: gone.into_iter().map(|position| position.segment).collect(),
        }
    }

    /// Reads what is not applied yet. Reading again without [`JournalReader::applied`] gives the same records.
    pub fn read(&mut self) -> Result<JournalBatch, StoreError> {
        self.ask(Operation::Read)?;
        // The states are taken before the files are read: a segment that is closed here gets no further records.
        let states = self.journal.segments.states();
        let mut batch = JournalBatch { forgotten: self.forgotten.clone(), ..JournalBatch::default() };
        for (name, state) in states {
            let path = self.journal.path(&name);
            let Some(segment) = self.segment(name, &path, &state)? else { continue };
            let failed = |source| StoreError::io(&path, source);
            let stop = segment.read_into(&mut batch, &state).map_err(failed)?;
            if state.is_closed() && stop == Stop::End {
                batch.finished.push(segment.name.clone());
            }
            if batch.bytes.len() >= BATCH_BYTES {
                break;
            }
        }
        Ok(batch)
    }

    /// The reader of a segment; `None` where somebody removed it.
    fn segment(
        &mut self,
        name: String,
        path: &Path,
        state: &SegmentState,
    ) -> Result<Option<&mut SegmentReader>, StoreError> {
        match self.segments.entry(name) {
            Entry::Occupied(entry) => Ok(Some(entry.into_mut())),
            Entry::Vacant(entry) => {
                let applied = self.positions.get(entry.key()).copied().unwrap_or(0);
                match SegmentReader::open(entry.key().clone(), path, state, applied) {
                    Ok(segment) => Ok(Some(entry.insert(segment))),
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {
                        tracing::error!(path = %path.display(), "somebody removed a journal segment");
                        self.journal.segments.remove(entry.key());
                        self.forgotten.push(entry.into_key());
                        Ok(None)
                    }
                    Err(error) => Err(StoreError::io(path, error)),
                }
            }
        }
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
            self.put_away(name)?;
        }
        Ok(())
    }

    fn put_away(&mut self, name: &str) -> Result<(), StoreError> {
        self.ask(Operation::Remove)?;
        let path = self.journal.path(name);
        let keep = self.segments.get(name).is_some_and(|segment| segment.keep);
        let removed = match keep {
            true => fs::rename(&path, path.with_extension("damaged")),
            false => fs::remove_file(&path),
        };
        match removed {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                return Err(StoreError::io(&path, source));
            }
            _ => {}
        }
        self.segments.remove(name);
        self.positions.remove(name);
        self.journal.segments.remove(name);
        self.forgotten.push(name.to_owned());
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

    /// Begins again with everything that is still here: the ledger is a new one. What it gets twice it takes once.
    pub fn rewind(&mut self) {
        self.positions.clear();
        self.forgotten.clear();
        for segment in self.segments.values_mut() {
            segment.applied = 0;
        }
    }

    /// How many bytes the ledger is behind, as of the last look.
    pub fn lag_bytes(&self) -> u64 {
        self.segments.values().map(SegmentReader::lag).sum()
    }

    /// Makes what the ledger does not have yet survive the loss of power. Where that fails, nothing that was written
    /// to those files can be trusted to reach the disk later either, so the writers begin new ones.
    pub fn sync(&mut self) -> Result<(), StoreError> {
        let mut begun = false;
        let mut failure = None;
        for (name, state) in self.journal.segments.states() {
            let path = self.journal.path(&name);
            let Some(segment) = self.segment(name, &path, &state)? else { continue };
            segment.measure(&state).map_err(|source| StoreError::io(&path, source))?;
            if !segment.wants_sync() {
                continue;
            }
            begun |= segment.synced == 0;
            if let Err(source) = self.sync_one(&path) {
                failure = Some(StoreError::io(&path, source));
            }
        }
        if let Some(error) = failure {
            self.journal.abandon_open_segments();
            return Err(error);
        }
        if begun {
            // The directory entry of a new file needs its own trip to the disk.
            let synced = File::open(&self.journal.dir).and_then(|dir| dir.sync_all());
            synced.map_err(|source| StoreError::io(&self.journal.dir, source))?;
        }
        Ok(())
    }

    fn sync_one(&mut self, path: &Path) -> io::Result<()> {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let Some(segment) = self.segments.get_mut(name) else { return Ok(()) };
        let asked = ask(self.journal.options.disk.as_ref(), Operation::Sync);
        asked.and_then(|()| segment.sync(path)).inspect_err(|_| segment.distrust())
    }

    /// Sees to it that no writer goes on with a file that somebody took out of the directory.
    pub fn notice_removed(&mut self) -> bool {
        let states = self.journal.segments.states();
        let open = self
            .segments
            .iter()
            .filter(|(name, _)| states.get(*name).is_some_and(|state| !state.is_closed()));
        let removed = open.into_iter().any(|(_, segment)| matches!(segment.has_a_name(), Ok(false)));
        if removed {
            self.journal.abandon_open_segments();
        }
        removed
    }

    fn ask(&self, operation: Operation) -> Result<(), StoreError> {
        ask(self.journal.options.disk.as_ref(), operation)
            .map_err(|source| StoreError::io(&self.journal.dir, source))
    }
}
