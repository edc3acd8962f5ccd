//! Reads one segment, from where the ledger has come to, up to the last whole record.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use super::batch::{Damage, DamageKind, JournalBatch, JournalPosition};
use super::frame::{self, Look};

/// How much of a segment one batch takes in. More than the largest frame, so that each batch gets further.
const READ_BYTES: usize = 4 * frame::MAX_FRAME;

#[derive(Debug)]
pub(super) struct SegmentReader {
    pub(super) name: String,
    file: File,
    /// Everything before this is in the ledger.
    pub(super) applied: u64,
    pub(super) length: u64,
    pub(super) synced: u64,
    /// Holds something that a person may want to look at.
    pub(super) keep: bool,
}

/// Where reading a segment stopped.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// At its end; a closed segment is finished then.
    End,
    /// Before its end, because the batch is large enough.
    More,
}

impl SegmentReader {
    pub(super) fn new(name: String, file: File, applied: u64) -> Self {
        Self { name, file, applied, length: applied, synced: 0, keep: false }
    }

    /// Adds the records behind `applied` to `batch`. `closed` must have been looked up before this call, so that
    /// what a writer adds last is seen.
    pub(super) fn read_into(&mut self, batch: &mut JournalBatch, closed: bool) -> io::Result<Stop> {
        self.length = self.file.metadata()?.len();
        let begin = batch.bytes.len();
        self.file.seek(SeekFrom::Start(self.applied))?;
        let limit = u64::try_from(READ_BYTES).unwrap_or(u64::MAX);
        (&mut self.file).take(limit).read_to_end(&mut batch.bytes)?;
        let read = batch.bytes.len() - begin;
        let at_end = read < READ_BYTES;
        if at_end {
            self.length = self.applied + to_u64(read);
        }

        let end = self.scan(batch, begin, closed && at_end, at_end);
        batch.bytes.truncate(end);
        let offset = self.applied + to_u64(end - begin);
        if offset > self.applied {
            batch.positions.push(JournalPosition { segment: self.name.clone(), offset });
        }
        Ok(if at_end { Stop::End } else { Stop::More })
    }

    /// Finds the records in what was read and returns where the last of them ends. With `complete` nothing can
    /// follow, so a torn frame at the end is passed over.
    fn scan(&mut self, batch: &mut JournalBatch, begin: usize, complete: bool, at_end: bool) -> usize {
        let mut at = begin;
        loop {
            let bytes = &batch.bytes[at..];
            match frame::look(bytes) {
                Look::Frame { payload } => {
                    let next = at + payload.end;
                    batch.payloads.push(at + payload.start..next);
                    at = next;
                }
                Look::Incomplete if !complete => return at,
                Look::Incomplete | Look::Damaged => {
                    if bytes.is_empty() {
                        return at;
                    }
                    let (skipped, kind) = match frame::resync(bytes) {
                        Some(next) => (next, DamageKind::Corrupt),
                        None if complete => (bytes.len(), DamageKind::TornEnd),
                        // A writer may be in the middle of this one.
                        None if at_end => return at,
                        None => (bytes.len().saturating_sub(frame::MAX_FRAME).max(1), DamageKind::Corrupt),
                    };
                    batch.damage.push(self.damage(at - begin, skipped, kind));
                    at += skipped;
                }
            }
        }
    }

    fn damage(&self, offset: usize, bytes: usize, kind: DamageKind) -> Damage {
        let offset = self.applied + to_u64(offset);
        Damage { segment: self.name.clone(), offset, bytes: to_u64(bytes), kind }
    }

    pub(super) fn lag(&self) -> u64 {
        self.length.saturating_sub(self.applied)
    }

    /// Makes what is not in the ledger yet survive the loss of power.
    pub(super) fn sync(&mut self) -> io::Result<()> {
        if self.lag() == 0 || self.synced == self.length {
            return Ok(());
        }
        self.file.sync_data()?;
        self.synced = self.length;
        Ok(())
    }
}

fn to_u64(size: usize) -> u64 {
    u64::try_from(size).unwrap_or(u64::MAX)
}
