//! A disk that refuses, fails or lies: what was in the journal stays readable, and it goes on by itself.

use std::fs;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use domain::UsageRecord;
use store::journal::{Disk, Journal, JournalOptions, JournalReader, Operation};

use crate::records::{NOON_ISH_MS, usage};

/// Fails one kind of operation while it is told to.
#[derive(Debug)]
pub(crate) struct Broken {
    what: Operation,
    how: io::ErrorKind,
    pub(crate) now: AtomicBool,
}

impl Broken {
    pub(crate) fn new(what: Operation, how: io::ErrorKind) -> Arc<Self> {
        Arc::new(Self { what, how, now: AtomicBool::new(false) })
    }

    fn breaks(&self, now: bool) {
        self.now.store(now, Ordering::Relaxed);
    }
}

impl Disk for Broken {
    fn before(&self, operation: Operation) -> io::Result<()> {
        match operation == self.what && self.now.load(Ordering::Relaxed) {
            true => Err(self.how.into()),
            false => Ok(()),
        }
    }
}

fn options(disk: &Arc<Broken>) -> JournalOptions {
    JournalOptions { disk: Some(Arc::clone(disk) as Arc<dyn Disk>), ..JournalOptions::default() }
}

fn drain(reader: &mut JournalReader) -> Vec<UsageRecord> {
    let batch = reader.read().unwrap();
    let mut records: Vec<_> = batch.usage().map(|frame| frame.unwrap().record().unwrap()).collect();
    reader.applied(&batch).unwrap();
    records.sort_by_key(|record| record.attempt);
    records
}

/// What a start after a loss of power would find, if the kernel kept everything that it was asked to sync.
fn names(dir: &std::path::Path) -> Vec<String> {
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = entries.filter(|name| name != "lock").collect();
    names.sort();
    names
}

#[test]
fn an_append_that_fails_leaves_no_trace_and_the_next_succeeds() {
    for what in [Operation::Append, Operation::Begin] {
        let dir = tempfile::tempdir().unwrap();
        let disk = Broken::new(what, io::ErrorKind::StorageFull);
        let journal =
            Journal::open_with(dir.path(), JournalOptions { segment_bytes: 1, ..options(&disk) }).unwrap();
        let mut writer = journal.writer(0);
        writer.append(&usage(NOON_ISH_MS, 0)).unwrap();
        disk.breaks(true);
        assert_eq!(writer.append(&usage(NOON_ISH_MS, 1)).unwrap_err().kind(), io::ErrorKind::StorageFull);
        disk.breaks(false);
        writer.append(&usage(NOON_ISH_MS, 2)).unwrap();
        let mut reader = journal.reader(Vec::new());
        assert_eq!(drain(&mut reader), [usage(NOON_ISH_MS, 0), usage(NOON_ISH_MS, 2)], "{what:?}");
    }
}

#[test]
fn after_a_failed_sync_the_segment_is_copied_and_its_writer_begins_another() {
    let dir = tempfile::tempdir().unwrap();
    let disk = Broken::new(Operation::Sync, io::ErrorKind::Other);
    let journal = Journal::open_with(dir.path(), options(&disk)).unwrap();
    let mut writer = journal.writer(0);
    let mut reader = journal.reader(Vec::new());
    writer.append(&usage(NOON_ISH_MS, 0)).unwrap();
    let first = names(dir.path());
    let inode =
        |name: &str| std::os::unix::fs::MetadataExt::ino(&fs::metadata(dir.path().join(name)).unwrap());
    let before = inode(&first[0]);

    disk.breaks(true);
    assert!(reader.sync().is_err());
    assert!(reader.sync().is_err(), "it is tried again");
    disk.breaks(false);
    reader.sync().unwrap();
    assert_ne!(inode(&first[0]), before, "what could not be synced is written again");
    assert_eq!(names(dir.path()), first, "under the same name, with nothing left over");

    writer.append(&usage(NOON_ISH_MS, 1)).unwrap();
    assert_eq!(names(dir.path()).len(), 2, "the writer has left the file");
    assert_eq!(drain(&mut reader), [usage(NOON_ISH_MS, 0), usage(NOON_ISH_MS, 1)]);
}

#[test]
fn a_copy_is_what_the_next_process_finds() {
    let (dir, next) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let disk = Broken::new(Operation::Sync, io::ErrorKind::Other);
    let journal = Journal::open_with(dir.path(), options(&disk)).unwrap();
    let mut writer = journal.writer(0);
    let mut reader = journal.reader(Vec::new());
    writer.append(&usage(NOON_ISH_MS, 0)).unwrap();
    disk.breaks(true);
    assert!(reader.sync().is_err());
    disk.breaks(false);
    writer.append(&usage(NOON_ISH_MS, 1)).unwrap();
    reader.sync().unwrap();
    for name in names(dir.path()) {
        fs::copy(dir.path().join(&name), next.path().join(&name)).unwrap();
    }
    let left = Journal::open(next.path()).unwrap();
    assert_eq!(drain(&mut left.reader(Vec::new())), [usage(NOON_ISH_MS, 0), usage(NOON_ISH_MS, 1)]);
}

#[test]
fn a_segment_that_cannot_be_removed_is_removed_later() {
    let dir = tempfile::tempdir().unwrap();
    let disk = Broken::new(Operation::Remove, io::ErrorKind::ReadOnlyFilesystem);
    let journal = Journal::open_with(dir.path(), options(&disk)).unwrap();
    let mut writer = journal.writer(0);
    writer.append(&usage(NOON_ISH_MS, 0)).unwrap();
    drop(writer);
    disk.breaks(true);
    let mut reader = journal.reader(Vec::new());
    let batch = reader.read().unwrap();
    assert!(reader.applied(&batch).is_err());
    assert_eq!(names(dir.path()).len(), 1);
    disk.breaks(false);
    let batch = reader.read().unwrap();
    assert_eq!((batch.len(), batch.is_empty()), (0, false));
    reader.applied(&batch).unwrap();
    assert!(names(dir.path()).is_empty());
}

#[test]
fn a_new_ledger_gets_everything_that_is_still_here() {
    let dir = tempfile::tempdir().unwrap();
    let journal = Journal::open(dir.path()).unwrap();
    let mut writer = journal.writer(0);
    let mut reader = journal.reader(Vec::new());
    writer.append(&usage(NOON_ISH_MS, 0)).unwrap();
    assert_eq!(drain(&mut reader).len(), 1);
    writer.append(&usage(NOON_ISH_MS, 1)).unwrap();
    reader.rewind();
    assert_eq!(drain(&mut reader), [usage(NOON_ISH_MS, 0), usage(NOON_ISH_MS, 1)]);
}
