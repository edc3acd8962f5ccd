//! The journal loses no finished record and invents none: torn writes, damage, rotation, a dead process.

use std::fs;
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use domain::UsageRecord;
use store::StoreError;
use store::journal::{DamageKind, Journal, JournalBatch, JournalOptions, JournalReader};

use crate::records::{NOON_ISH_MS, usage};

fn records(batch: &JournalBatch) -> Vec<UsageRecord> {
    batch.usage().map(|frame| frame.unwrap().record().unwrap()).collect()
}

/// Everything that is left, applied as it is read.
fn drain(reader: &mut JournalReader) -> Vec<UsageRecord> {
    let mut all = Vec::new();
    loop {
        let batch = reader.read().unwrap();
        if batch.is_empty() {
            return all;
        }
        all.extend(records(&batch));
        reader.applied(&batch).unwrap();
    }
}

fn segments(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<_> = entries.filter(|path| path.file_name().unwrap() != "lock").collect();
    found.sort();
    found
}

/// The bytes of a segment that holds `records`.
fn segment_bytes(records: &[UsageRecord]) -> Vec<u8> {
    let dir = tempfile::tempdir().unwrap();
    let journal = Journal::open(dir.path()).unwrap();
    let mut writer = journal.writer(0);
    for record in records {
        writer.append(record).unwrap();
    }
    drop(writer);
    fs::read(&segments(dir.path())[0]).unwrap()
}

fn segments_of(segment_bytes: u64) -> JournalOptions {
    JournalOptions { segment_bytes, ..JournalOptions::default() }
}

/// A directory as a dead process left it.
fn left_behind(bytes: &[u8]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("ledger-0-1-0.journal"), bytes).unwrap();
    dir
}

#[test]
fn a_record_is_read_while_its_segment_grows() {
    let dir = tempfile::tempdir().unwrap();
    let journal = Journal::open(dir.path()).unwrap();
    let mut writer = journal.writer(0);
    let mut reader = journal.reader(Vec::new());
    for n in 0..5 {
        writer.append(&usage(NOON_ISH_MS, n)).unwrap();
        assert_eq!(drain(&mut reader), [usage(NOON_ISH_MS, n)]);
    }
    assert_eq!(reader.lag_bytes(), 0);
    assert_eq!(segments(dir.path()).len(), 1, "an open segment stays");
    drop(writer);
    assert!(drain(&mut reader).is_empty());
    assert_eq!(segments(dir.path()), Vec::<PathBuf>::new(), "a closed and applied one goes");
}

#[test]
fn what_was_not_applied_is_read_again() {
    let dir = tempfile::tempdir().unwrap();
    let journal = Journal::open(dir.path()).unwrap();
    let mut writer = journal.writer(0);
    let mut reader = journal.reader(Vec::new());
    writer.append(&usage(NOON_ISH_MS, 0)).unwrap();
    let lost = reader.read().unwrap();
    writer.append(&usage(NOON_ISH_MS, 1)).unwrap();
    assert_eq!(lost.len(), 1);
    assert_eq!(drain(&mut reader), [usage(NOON_ISH_MS, 0), usage(NOON_ISH_MS, 1)]);
}

#[test]
fn a_write_torn_at_any_byte_loses_only_itself() {
    let whole = segment_bytes(&[usage(NOON_ISH_MS, 0), usage(NOON_ISH_MS, 1)]);
    let first = segment_bytes(&[usage(NOON_ISH_MS, 0)]).len();
    for cut in 0..=whole.len() {
        let dir = left_behind(&whole[..cut]);
        let journal = Journal::open(dir.path()).unwrap();
        let mut reader = journal.reader(Vec::new());
        let batch = reader.read().unwrap();
        let expected = [usage(NOON_ISH_MS, 0), usage(NOON_ISH_MS, 1)];
        let finished = if cut == whole.len() { 2 } else { usize::from(cut >= first) };
        assert_eq!(records(&batch), expected[..finished], "cut at {cut}");
        let torn = batch.damage().iter().any(|damage| damage.kind == DamageKind::TornEnd);
        assert_eq!(torn, cut != 0 && cut != first && cut != whole.len(), "cut at {cut}");
        reader.applied(&batch).unwrap();
        assert!(drain(&mut reader).is_empty());
        assert!(segments(dir.path()).is_empty(), "cut at {cut}");
    }
}

#[test]
fn what_lies_behind_the_last_record_of_an_open_segment_is_not_looked_at() {
    let half = &segment_bytes(&[usage(NOON_ISH_MS, 1)])[..30];
    for mapped in [true, false] {
        let dir = tempfile::tempdir().unwrap();
        let journal =
            Journal::open_with(dir.path(), JournalOptions { mapped, ..Default::default() }).unwrap();
        let mut writer = journal.writer(0);
        writer.append(&usage(NOON_ISH_MS, 0)).unwrap();
        let end = segment_bytes(&[usage(NOON_ISH_MS, 0)]).len() as u64;
        let mut file = fs::File::options().write(true).open(segments(dir.path()).remove(0)).unwrap();
        file.seek(SeekFrom::Start(end)).unwrap();
        file.write_all(half).unwrap();
        let mut reader = journal.reader(Vec::new());
        assert_eq!(drain(&mut reader), [usage(NOON_ISH_MS, 0)]);
        let batch = reader.read().unwrap();
        assert!(batch.is_empty() && batch.damage().is_empty());
        writer.append(&usage(NOON_ISH_MS, 2)).unwrap();
        assert_eq!(drain(&mut reader), [usage(NOON_ISH_MS, 2)]);
    }
}

#[test]
fn damage_costs_the_records_it_hit_and_the_file_is_kept() {
    let all: Vec<_> = (0..3).map(|n| usage(NOON_ISH_MS, n)).collect();
    let mut bytes = segment_bytes(&all);
    let second = segment_bytes(&all[..1]).len();
    bytes[second + 20] ^= 0x40;
    let dir = left_behind(&bytes);
    let journal = Journal::open(dir.path()).unwrap();
    let mut reader = journal.reader(Vec::new());
    let batch = reader.read().unwrap();
    assert_eq!(records(&batch), [all[0].clone(), all[2].clone()]);
    let [damage] = batch.damage() else { panic!("{:?}", batch.damage()) };
    assert_eq!(damage.kind, DamageKind::Corrupt);
    assert_eq!(damage.offset, second as u64);
    reader.applied(&batch).unwrap();
    assert_eq!(segments(dir.path()), [dir.path().join("ledger-0-1-0.damaged")]);
}

#[test]
fn zeros_after_the_last_record_are_room_that_was_not_needed() {
    let mut bytes = segment_bytes(&[usage(NOON_ISH_MS, 0)]);
    bytes.extend_from_slice(&[0; 4_096]);
    let dir = left_behind(&bytes);
    let journal = Journal::open(dir.path()).unwrap();
    let mut reader = journal.reader(Vec::new());
    let batch = reader.read().unwrap();
    assert!(batch.damage().is_empty());
    assert_eq!(records(&batch), [usage(NOON_ISH_MS, 0)]);
    reader.applied(&batch).unwrap();
    assert!(drain(&mut reader).is_empty());
    assert!(segments(dir.path()).is_empty());
}

#[test]
fn a_mapped_and_a_written_segment_hold_the_same() {
    let bytes = |mapped| {
        let dir = tempfile::tempdir().unwrap();
        let journal =
            Journal::open_with(dir.path(), JournalOptions { mapped, ..Default::default() }).unwrap();
        let mut writer = journal.writer(0);
        // More than one window of pages.
        for n in 0..600 {
            writer.append(&usage(NOON_ISH_MS, n)).unwrap();
        }
        drop(writer);
        fs::read(segments(dir.path()).remove(0)).unwrap()
    };
    assert_eq!(bytes(true), bytes(false));
}

#[test]
fn the_journal_is_bounded_and_goes_on_once_there_is_room() {
    let dir = tempfile::tempdir().unwrap();
    let options = JournalOptions { segment_bytes: 2_000, bound_bytes: 6_000, ..Default::default() };
    let journal = Journal::open_with(dir.path(), options).unwrap();
    let mut writer = journal.writer(0);
    let mut kept = Vec::new();
    let refused = loop {
        let record = usage(NOON_ISH_MS, kept.len() as u64);
        match writer.append(&record) {
            Ok(()) => kept.push(record),
            Err(error) => break error,
        }
    };
    assert_eq!(refused.kind(), std::io::ErrorKind::QuotaExceeded);
    assert!(refused.to_string().contains("6000"), "{refused}");
    assert!(journal.held_bytes() <= journal.bound_bytes());
    let mut reader = journal.reader(Vec::new());
    let mut read = drain(&mut reader);
    read.sort_by_key(|record| record.attempt);
    assert_eq!(read, kept);
    writer.append(&usage(NOON_ISH_MS, 1_000)).unwrap();
    assert_eq!(drain(&mut reader), [usage(NOON_ISH_MS, 1_000)]);
}

#[test]
fn a_writer_leaves_a_file_that_was_taken_out_of_the_directory() {
    let dir = tempfile::tempdir().unwrap();
    let journal = Journal::open(dir.path()).unwrap();
    let mut writer = journal.writer(0);
    let mut reader = journal.reader(Vec::new());
    writer.append(&usage(NOON_ISH_MS, 0)).unwrap();
    assert_eq!(drain(&mut reader).len(), 1);
    assert!(!reader.notice_removed());
    fs::remove_file(segments(dir.path()).remove(0)).unwrap();
    writer.append(&usage(NOON_ISH_MS, 1)).unwrap();
    assert!(reader.notice_removed());
    writer.append(&usage(NOON_ISH_MS, 2)).unwrap();
    assert_eq!(segments(dir.path()).len(), 1);
    assert_eq!(drain(&mut reader), [usage(NOON_ISH_MS, 1), usage(NOON_ISH_MS, 2)]);
}

#[test]
fn a_full_segment_is_followed_by_another() {
    let dir = tempfile::tempdir().unwrap();
    let one = segment_bytes(&[usage(NOON_ISH_MS, 0)]).len() as u64;
    let journal = Journal::open_with(dir.path(), segments_of(2 * one)).unwrap();
    let mut writer = journal.writer(3);
    let all: Vec<_> = (0..7).map(|n| usage(NOON_ISH_MS, n)).collect();
    for record in &all {
        writer.append(record).unwrap();
    }
    assert_eq!(segments(dir.path()).len(), 4);
    let mut reader = journal.reader(Vec::new());
    let mut read = drain(&mut reader);
    read.sort_by_key(|record| record.attempt);
    assert_eq!(read, all);
    assert_eq!(segments(dir.path()).len(), 1, "only the open one is left");
}

#[test]
fn executors_write_side_by_side() {
    let dir = tempfile::tempdir().unwrap();
    let journal = Journal::open(dir.path()).unwrap();
    let mut reader = journal.reader(Vec::new());
    let threads: Vec<_> = (0..4)
        .map(|executor| {
            let mut writer = journal.writer(executor);
            std::thread::spawn(move || {
                for n in 0..200 {
                    writer.append(&usage(NOON_ISH_MS, executor as u64 * 1_000 + n)).unwrap();
                }
            })
        })
        .collect();
    let mut read = Vec::new();
    while !threads.iter().all(std::thread::JoinHandle::is_finished) {
        read.extend(drain(&mut reader));
    }
    read.extend(drain(&mut reader));
    let mut attempts: Vec<_> = read.iter().map(|record| record.attempt).collect();
    attempts.sort_unstable();
    attempts.dedup();
    assert_eq!((read.len(), attempts.len()), (800, 800));
}

#[test]
fn a_directory_belongs_to_one_process() {
    let dir = tempfile::tempdir().unwrap();
    let journal = Journal::open(dir.path()).unwrap();
    assert!(matches!(Journal::open(dir.path()), Err(StoreError::Busy { .. })));
    drop(journal);
    Journal::open(dir.path()).unwrap();
}

#[test]
fn syncing_reaches_every_segment_that_is_behind() {
    let dir = tempfile::tempdir().unwrap();
    let journal = Journal::open(dir.path()).unwrap();
    let mut writer = journal.writer(0);
    let mut reader = journal.reader(Vec::new());
    writer.append(&usage(NOON_ISH_MS, 0)).unwrap();
    reader.read().unwrap();
    assert!(reader.lag_bytes() > 0);
    reader.sync().unwrap();
    assert_eq!(drain(&mut reader).len(), 1);
}
