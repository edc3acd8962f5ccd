//! Reads one segment, from where the ledger has come to, up to the last whole record.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Arc;

use super::batch::{Damage, DamageKind, JournalBatch, JournalPosition};
use super::frame::{self, Look};
use super::segments::{Extent, SegmentState};

/// How much of a segment one batch takes in. More than the largest frame, so that each batch gets further.
const READ_BYTES: usize = 4 * frame::MAX_FRAME;

#[derive(Debug)]
pub(super) struct SegmentReader {
    pub(super) name: String,
    extent: Option<Arc<Extent>>,
    /// For a segment that was left behind.
    file: Option<File>,
    /// Everything before this is in the ledger.
    pub(super) applied: u64,
    pub(super) length: u64,
    pub(super) synced: u64,
    distrusted: bool,
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
    /// The segment at `path`, which is in `state`.
    pub(super) fn open(name: String, path: &Path, state: &SegmentState, applied: u64) -> io::Result<Self> {
        let (extent, file) = match state {
            SegmentState::Open(extent) => (Some(Arc::clone(extent)), None),
            SegmentState::Closed => (None, Some(File::open(path)?)),
        };
        Ok(Self { name, extent, file, applied, length: applied, synced: 0, distrusted: false, keep: false })
    }

    fn file(&self) -> io::Result<&File> {
        let opened = self.extent.as_ref().map(|extent| &extent.file).or(self.file.as_ref());
        opened.ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// Takes note of how much there is, so that [`SegmentReader::lag`] is up to date. `state` must have been looked
    /// up before this call, so that what a writer adds last is seen.
    pub(super) fn measure(&mut self, state: &SegmentState) -> io::Result<()> {
        let length = match (state, &self.extent) {
            (SegmentState::Open(extent), _) | (SegmentState::Closed, Some(extent)) => extent.written(),
            (SegmentState::Closed, None) => self.file()?.metadata()?.len(),
        };
        // A file that was restored may be shorter than the ledger remembers it.
        self.length = length.max(self.applied);
        Ok(())
    }

    /// Is its file still in the directory? Without a name there, it would be lost with the process.
    pub(super) fn has_a_name(&self) -> io::Result<bool> {
        #[cfg(unix)]
        return Ok(std::os::unix::fs::MetadataExt::nlink(&self.file()?.metadata()?) > 0);
        #[cfg(not(unix))]
        return Ok(true);
    }

    /// Adds the records behind `applied` to `batch`.
    pub(super) fn read_into(&mut self, batch: &mut JournalBatch, state: &SegmentState) -> io::Result<Stop> {
        self.measure(state)?;
        let begin = batch.bytes.len();
        let there = usize::try_from(self.length - self.applied).unwrap_or(usize::MAX);
        let wanted = there.min(READ_BYTES);
        if wanted == 0 {
            return Ok(Stop::End);
        }
        let mut file = self.file()?;
        file.seek(SeekFrom::Start(self.applied))?;
        let limit = to_u64(wanted);
        file.take(limit).read_to_end(&mut batch.bytes)?;
        let read = batch.bytes.len() - begin;
        let at_end = read == there || read < wanted;

        let end = self.scan(batch, begin, at_end);
        batch.bytes.truncate(end);
        let offset = self.applied + to_u64(end - begin);
        if offset > self.applied {
            batch.positions.push(JournalPosition { segment: self.name.clone(), offset });
        }
        Ok(if at_end { Stop::End } else { Stop::More })
    }

    /// Finds the records in what was read and returns where the last of them ends. With `at_end` nothing can follow,
    /// so a torn frame is passed over.
    fn scan(&self, batch: &mut JournalBatch, begin: usize, at_end: bool) -> usize {
        let mut at = begin;
        loop {
            let bytes = &batch.bytes[at..];
            match frame::look(bytes) {
                Look::Frame { payload } => {
                    let next = at + payload.end;
                    batch.payloads.push(at + payload.start..next);
                    at = next;
                }
                // Room that was set aside and not needed.
                _ if at_end && frame::is_blank(bytes) => return batch.bytes.len(),
                Look::Incomplete if !at_end => return at,
                Look::Incomplete | Look::Damaged => {
                    let (skipped, kind) = match frame::resync(bytes) {
                        Some(next) => (next, DamageKind::Corrupt),
                        None if at_end && self.extent.is_none() => (bytes.len(), DamageKind::TornEnd),
                        // A writer of ours publishes whole frames only.
                        None if at_end => (bytes.len(), DamageKind::Corrupt),
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

    /// Is there something that a loss of power would cost?
    pub(super) fn wants_sync(&self) -> bool {
        self.lag() > 0 && self.synced < self.length
    }

    /// Makes what was measured survive the loss of power. The kernel tells a failure once and may then have dropped
    /// the pages, so after one the segment is copied instead of being believed.
    pub(super) fn sync(&mut self, path: &Path) -> io::Result<()> {
        if self.distrusted {
            self.copy(path)?;
        } else {
            self.file()?.sync_data()?;
        }
        self.distrusted = false;
        self.synced = self.length;
        Ok(())
    }

    /// The last try to sync failed.
    pub(super) fn distrust(&mut self) {
        self.distrusted = true;
    }

    /// Writes the segment again, under its name. Its writer has left it, or leaves it before its next record.
    fn copy(&mut self, path: &Path) -> io::Result<()> {
        let mut bytes = Vec::new();
        let mut file = self.file()?;
        file.seek(SeekFrom::Start(0))?;
        file.take(self.length).read_to_end(&mut bytes)?;
        let fresh = path.with_extension("copy");
        let mut options = File::options();
        options.read(true).write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut copy = options.open(&fresh)?;
        copy.write_all(&bytes)?;
        copy.sync_all()?;
        std::fs::rename(&fresh, path)?;
        if let Some(dir) = path.parent() {
            File::open(dir)?.sync_all()?;
        }
        (self.file, self.extent) = (Some(copy), None);
        Ok(())
    }
}

fn to_u64(size: usize) -> u64 {
    u64::try_from(size).unwrap_or(u64::MAX)
}
