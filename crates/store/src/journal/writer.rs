//! Appends one executor's usage records to its segment.

use std::fs::File;
use std::io::{self, Write};
use std::sync::Arc;

use domain::UsageRecord;

use super::{Journal, SUFFIX, SegmentState, frame};
use crate::codec::encode_usage;

/// Owned by one executor: no lock, and one `write` per record.
#[derive(Debug)]
pub struct JournalWriter {
    journal: Arc<Journal>,
    executor: usize,
    sequence: u32,
    segment: Segment,
    /// The frame being built; kept so that a record costs no allocation.
    frame: Vec<u8>,
}

#[derive(Debug)]
struct Segment {
    name: String,
    file: File,
    length: u64,
    generation: u64,
    /// What stands behind `length` is a torn frame that could not be taken back.
    torn: bool,
}

impl JournalWriter {
    pub(super) fn open(journal: Arc<Journal>, executor: usize) -> io::Result<Self> {
        let mut sequence = 0;
        let segment = begin_segment(&journal, executor, &mut sequence)?;
        Ok(Self { journal, executor, sequence, segment, frame: Vec::with_capacity(512) })
    }

    /// Writes `record` down. When this returns, the death of the process no longer loses it; on an error the
    /// journal is as it was.
    pub fn append(&mut self, record: &UsageRecord) -> io::Result<()> {
        self.frame.clear();
        self.frame.resize(frame::HEADER, 0);
        let too_long = || io::Error::new(io::ErrorKind::InvalidInput, "the usage record is too long");
        encode_usage(record, &mut self.frame).map_err(|_| too_long())?;
        frame::seal(&mut self.frame).ok_or_else(too_long)?;

        let length = u64::try_from(self.frame.len()).unwrap_or(u64::MAX);
        let full = self.segment.length.saturating_add(length) > self.journal.segment_bytes;
        let worn_out = self.segment.torn || self.segment.generation != self.journal.generation();
        if worn_out || (full && self.segment.length > 0) {
            self.rotate()?;
        }
        self.segment.write(&self.frame)?;
        self.segment.length += length;
        Ok(())
    }

    fn rotate(&mut self) -> io::Result<()> {
        let next = begin_segment(&self.journal, self.executor, &mut self.sequence)?;
        let retired = std::mem::replace(&mut self.segment, next);
        self.journal.segments().insert(retired.name, SegmentState::Closed);
        Ok(())
    }
}

impl Drop for JournalWriter {
    fn drop(&mut self) {
        let name = std::mem::take(&mut self.segment.name);
        self.journal.segments().insert(name, SegmentState::Closed);
    }
}

impl Segment {
    fn write(&mut self, frame: &[u8]) -> io::Result<()> {
        let problem = loop {
            match self.file.write(frame) {
                Ok(written) if written == frame.len() => return Ok(()),
                // A full disk first shortens a write and then refuses the next.
                Ok(_) => break io::Error::from(io::ErrorKind::StorageFull),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => break error,
            }
        };
        self.torn = self.file.set_len(self.length).is_err();
        Err(problem)
    }
}

fn begin_segment(journal: &Journal, executor: usize, sequence: &mut u32) -> io::Result<Segment> {
    loop {
        let name = format!("ledger-{executor}-{}-{sequence}{SUFFIX}", journal.started_at_ms);
        *sequence += 1;
        let mut options = File::options();
        options.append(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        match options.open(journal.path(&name)) {
            Ok(file) => {
                journal.segments().insert(name.clone(), SegmentState::Open);
                let generation = journal.generation();
                return Ok(Segment { name, file, length: 0, generation, torn: false });
            }
            // The clock went back to when an earlier process started.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
}
