//! Appends one executor's records to its segment.

use std::io;
use std::sync::Arc;

use domain::{DecisionRecord, ReservationRecord, UsageRecord};

use super::append::AppendFile;
use super::disk::{Operation, ask};
use super::segments::{Extent, SegmentState};
use super::{Journal, frame};
use crate::codec::{CodecError, encode_decision, encode_reservation, encode_usage};

/// Owned by one executor: no lock, and no system call per record where the segment is mapped.
#[derive(Debug)]
pub struct JournalWriter {
    journal: Arc<Journal>,
    executor: usize,
    /// Begun with the first record: an executor starts however the disk is.
    segment: Option<Segment>,
    /// The frame being built; kept so that a record costs no allocation.
    frame: Vec<u8>,
}

#[derive(Debug)]
struct Segment {
    name: String,
    file: AppendFile,
    extent: Arc<Extent>,
    generation: u64,
}

impl JournalWriter {
    pub(super) fn new(journal: Arc<Journal>, executor: usize) -> Self {
        Self { journal, executor, segment: None, frame: Vec::with_capacity(512) }
    }

    /// Writes `record` down. When this returns, the death of the process no longer loses it; on an error the
    /// journal is as it was.
    pub fn append(&mut self, record: &UsageRecord) -> io::Result<()> {
        self.add(|into| encode_usage(record, into))
    }

    /// The same for money that was set aside, before the provider is asked.
    pub fn append_reservation(&mut self, record: &ReservationRecord) -> io::Result<()> {
        self.add(|into| encode_reservation(record, into))
    }

    /// The same for a decision about a call.
    pub fn append_decision(&mut self, record: &DecisionRecord) -> io::Result<()> {
        self.add(|into| encode_decision(record, into))
    }

    fn add(&mut self, encode: impl FnOnce(&mut Vec<u8>) -> Result<(), CodecError>) -> io::Result<()> {
        let mut frame = std::mem::take(&mut self.frame);
        frame.clear();
        frame.resize(frame::HEADER, 0);
        let too_long =
            || io::Error::new(io::ErrorKind::InvalidInput, "the record is too long for the journal");
        let built = encode(&mut frame).ok().and_then(|()| frame::seal(&mut frame)).ok_or_else(too_long);
        let added = built.and_then(|()| self.write(&frame));
        self.frame = frame;
        added
    }

    fn write(&mut self, frame: &[u8]) -> io::Result<()> {
        ask(self.journal.options.disk.as_ref(), Operation::Append)?;
        let length = u64::try_from(frame.len()).unwrap_or(u64::MAX);
        let segment = match &mut self.segment {
            Some(segment) if segment.takes(length, &self.journal) => segment,
            _ => self.rotate(length)?,
        };
        segment.file.append(frame)?;
        segment.extent.publish(segment.file.length());
        Ok(())
    }

    /// Begins the next segment and closes the one before it. If the next cannot be had, the old one stays.
    fn rotate(&mut self, at_least: u64) -> io::Result<&mut Segment> {
        let next = self.begin(at_least)?;
        if let Some(retired) = self.segment.take() {
            self.journal.retire(retired.name, retired.file);
        }
        Ok(self.segment.insert(next))
    }

    fn begin(&mut self, at_least: u64) -> io::Result<Segment> {
        let options = &self.journal.options;
        let bytes = options.segment_bytes.max(at_least);
        self.journal.segments.room_for(bytes)?;
        ask(options.disk.as_ref(), Operation::Begin)?;
        loop {
            let name = self.journal.next_name(self.executor);
            match AppendFile::create(&self.journal.path(&name), bytes, options.mapped) {
                Ok(file) => {
                    let extent = Arc::new(Extent::new(file.try_clone()?));
                    let state = SegmentState::Open(Arc::clone(&extent));
                    self.journal.segments.insert(name.clone(), state, bytes);
                    return Ok(Segment { name, file, extent, generation: self.journal.generation() });
                }
                // The clock went back to when an earlier process started.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }
}

impl Segment {
    /// Whether `length` more bytes belong here.
    fn takes(&self, length: u64, journal: &Journal) -> bool {
        let written = self.file.length();
        let fits = written == 0 || written.saturating_add(length) <= journal.options.segment_bytes;
        fits && !self.file.is_torn() && self.generation == journal.generation()
    }
}

impl Drop for JournalWriter {
    fn drop(&mut self) {
        if let Some(segment) = self.segment.take() {
            self.journal.retire(segment.name, segment.file);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_taken_once_whatever_the_clock_says() {
        let dir = tempfile::tempdir().unwrap();
        let journal = Journal::open(dir.path()).unwrap();
        // The clock went back to when an earlier process started, which left this behind.
        let left = journal.path(&format!("ledger-0-{}-0.journal", journal.started_at_ms));
        std::fs::write(&left, b"something").unwrap();
        let mut names = std::collections::BTreeSet::new();
        for _ in 0..3 {
            let mut writer = journal.writer(0);
            let segment = writer.begin(1).unwrap();
            assert!(names.insert(segment.name.clone()), "{names:?}");
            journal.retire(segment.name.clone(), segment.file);
            std::fs::remove_file(journal.path(&segment.name)).unwrap();
        }
        assert_eq!(std::fs::read(&left).unwrap(), b"something");
    }
}
