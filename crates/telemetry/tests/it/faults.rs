//! What goes wrong with the disk or the database: calls are settled all the same, nothing of the ledger is lost, the
//! trouble is told with its beginning, and it ends by itself.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use domain::Scope;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, Executor};
use store::Within;
use store::journal::{Disk, JournalOptions, Operation};
use telemetry::{ExecutorRecorder, Health, Options, Part, Recorder};

use crate::records::{call, usage};
use crate::waiting::{attempts, run, until};

#[derive(Debug)]
struct Broken {
    what: Operation,
    now: AtomicBool,
}

impl Broken {
    fn new(what: Operation) -> Arc<Self> {
        Arc::new(Self { what, now: AtomicBool::new(false) })
    }

    fn breaks(&self, now: bool) {
        self.now.store(now, Ordering::Relaxed);
    }
}

impl Disk for Broken {
    fn before(&self, operation: Operation) -> io::Result<()> {
        match operation == self.what && self.now.load(Ordering::Relaxed) {
            true => Err(io::Error::other("input/output error")),
            false => Ok(()),
        }
    }
}

fn options(disk: Option<&Arc<Broken>>) -> Options {
    let disk = disk.map(|disk| Arc::clone(disk) as Arc<dyn Disk>);
    let journal = JournalOptions { disk, segment_bytes: 4_096, ..JournalOptions::default() };
    Options { interval: Duration::from_millis(5), journal, ..Options::default() }
}

fn settle(executor: &mut ExecutorRecorder, numbers: std::ops::Range<u64>) {
    for n in numbers {
        executor.settle(&usage(n));
    }
}

fn trouble(health: &Health, part: Part) -> Option<&telemetry::Trouble> {
    health.troubles.iter().find(|trouble| trouble.part == part)
}

#[test]
fn a_journal_that_refuses_keeps_records_in_memory_until_it_takes_them() {
    for what in [Operation::Append, Operation::Begin] {
        let dir = tempfile::tempdir().unwrap();
        let disk = Broken::new(what);
        let recorder = Recorder::start(dir.path(), options(Some(&disk))).unwrap();
        let mut executor = recorder.executor(0);
        disk.breaks(true);
        settle(&mut executor, 0..50);
        let health = recorder.health();
        let journal = trouble(&health, Part::Journal).unwrap();
        assert!(journal.error.contains("input/output error") && journal.since_ms > 0, "{health:?}");
        assert!(!health.money_is_safe && health.unsaved_usage == 50 && health.lost_usage == 0, "{health:?}");
        disk.breaks(false);
        // Nobody settles anything more: it recovers by itself.
        let health = until(&recorder, |health| health.unsaved_usage == 0 && health.troubles.is_empty());
        assert!(health.money_is_safe && health.last_error.is_none(), "{health:?}");
        run(recorder.flush());
        assert_eq!(run(attempts(&recorder)), 50);
    }
}

#[test]
fn memory_is_bounded_and_what_does_not_fit_is_counted() {
    let dir = tempfile::tempdir().unwrap();
    let disk = Broken::new(Operation::Append);
    let recorder =
        Recorder::start(dir.path(), Options { unsaved_records: 10, ..options(Some(&disk)) }).unwrap();
    let mut executor = recorder.executor(0);
    disk.breaks(true);
    settle(&mut executor, 0..25);
    let health = recorder.health();
    assert_eq!((health.unsaved_usage, health.lost_usage), (10, 15));
    disk.breaks(false);
    settle(&mut executor, 25..26);
    run(recorder.flush());
    assert_eq!(run(attempts(&recorder)), 11);
    assert_eq!(recorder.health().lost_usage, 15, "a loss is not forgotten");
}

#[test]
fn a_full_journal_costs_nothing_as_long_as_memory_lasts() {
    let dir = tempfile::tempdir().unwrap();
    let mut options = options(None);
    options.journal.bound_bytes = 3 * 4_096;
    let recorder = Recorder::start(dir.path(), options).unwrap();
    let other = lock(&dir.path().join("ledger.db"));
    let mut executor = recorder.executor(0);
    settle(&mut executor, 0..100);
    let health = recorder.health();
    assert!(health.unsaved_usage > 0 && health.lost_usage == 0, "{health:?}");
    assert!(health.journal_held_bytes <= health.journal_bound_bytes, "{health:?}");
    assert!(trouble(&health, Part::Journal).unwrap().error.contains("journal is full"), "{health:?}");
    other.unlock();
    until(&recorder, |health| health.troubles.is_empty() && health.unsaved_usage == 0);
    run(recorder.flush());
    assert_eq!(run(attempts(&recorder)), 100);
}

#[test]
fn a_locked_ledger_is_told_and_caught_up_with() {
    let dir = tempfile::tempdir().unwrap();
    let recorder = Recorder::start(dir.path(), options(None)).unwrap();
    let mut executor = recorder.executor(0);
    let other = lock(&dir.path().join("ledger.db"));
    settle(&mut executor, 0..20);
    executor.record_call(&call(1));
    let health =
        until(&recorder, |health| trouble(health, Part::Ledger).is_some() && health.journal_lag_bytes > 0);
    assert!(trouble(&health, Part::Ledger).unwrap().error.contains("locked by another process"));
    assert!(health.money_is_safe && health.store_errors > 0, "{health:?}");
    // The other lane does not wait for it.
    run(async {
        let here = Within::project(Scope::DEFAULT);
        while recorder.traces().call(here, call(1).call).await.unwrap().is_none() {
            tokio::task::yield_now().await;
        }
    });
    other.unlock();
    until(&recorder, |health| health.troubles.is_empty() && health.journal_lag_bytes == 0);
    assert_eq!(run(attempts(&recorder)), 20);
}

#[test]
fn a_disk_that_fails_to_sync_is_told_until_it_syncs() {
    let dir = tempfile::tempdir().unwrap();
    let disk = Broken::new(Operation::Sync);
    let recorder = Recorder::start(dir.path(), options(Some(&disk))).unwrap();
    let mut executor = recorder.executor(0);
    let other = lock(&dir.path().join("ledger.db"));
    disk.breaks(true);
    settle(&mut executor, 0..20);
    let health = until(&recorder, |health| trouble(health, Part::Sync).is_some());
    assert!(!health.money_is_safe && health.sync_errors > 0, "{health:?}");
    disk.breaks(false);
    until(&recorder, |health| trouble(health, Part::Sync).is_none());
    settle(&mut executor, 20..40);
    other.unlock();
    until(&recorder, |health| health.troubles.is_empty() && health.journal_lag_bytes == 0);
    assert_eq!(run(attempts(&recorder)), 40);
}

#[test]
fn a_ledger_damaged_before_the_start_is_put_aside() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("ledger.db"), vec![0x5a; 50_000]).unwrap();
    let recorder = Recorder::start(dir.path(), options(None)).unwrap();
    let [aside] = &recorder.health().put_aside[..] else { panic!("{:?}", recorder.health()) };
    assert_eq!(std::fs::read(aside).unwrap(), vec![0x5a; 50_000]);
    let mut executor = recorder.executor(0);
    settle(&mut executor, 0..3);
    run(recorder.flush());
    assert_eq!(run(attempts(&recorder)), 3);
}

#[test]
fn a_ledger_damaged_while_running_is_put_aside_and_the_journal_begins_again() {
    let dir = tempfile::tempdir().unwrap();
    let recorder = Recorder::start(dir.path(), options(None)).unwrap();
    let mut executor = recorder.executor(0);
    settle(&mut executor, 0..3);
    run(recorder.flush());
    spoil(&dir.path().join("ledger.db"));
    settle(&mut executor, 3..6);
    let health = until(&recorder, |health| !health.put_aside.is_empty() && health.troubles.is_empty());
    assert!(health.money_is_safe && health.lost_usage == 0, "{health:?}");
    run(recorder.flush());
    // The open segment still held what had been applied already.
    assert_eq!(run(attempts(&recorder)), 6);
}

#[test]
fn a_damaged_index_of_traces_is_put_aside() {
    let dir = tempfile::tempdir().unwrap();
    let recorder = Recorder::start(dir.path(), options(None)).unwrap();
    recorder.executor(0).record_call(&call(1));
    run(recorder.flush());
    recorder.shutdown();
    drop(recorder);
    std::fs::write(dir.path().join("traces/index.db"), vec![0x5a; 50_000]).unwrap();
    let recorder = Recorder::start(dir.path(), options(None)).unwrap();
    assert_eq!(recorder.health().put_aside.len(), 1);
    recorder.executor(0).record_call(&call(2));
    run(recorder.flush());
    let here = Within::project(Scope::DEFAULT);
    let listed = run(recorder.traces().list(here, &Default::default(), None, 10)).unwrap();
    assert_eq!(listed.calls.len(), 2, "the days are found again");
}

/// Holds the write lock of a database as another process would.
struct Locked(std::sync::mpsc::Sender<()>, std::thread::JoinHandle<()>);

fn lock(path: &Path) -> Locked {
    let path = path.to_owned();
    let (locked, is_locked) = std::sync::mpsc::channel();
    let (unlock, wanted) = std::sync::mpsc::channel();
    let thread = std::thread::spawn(move || {
        run(async {
            let mut other = SqliteConnectOptions::new().filename(&path).connect().await.unwrap();
            other.execute("BEGIN IMMEDIATE").await.unwrap();
            locked.send(()).unwrap();
            let _ = wanted.recv();
            other.execute("COMMIT").await.unwrap();
            other.close().await.unwrap();
        });
    });
    is_locked.recv().unwrap();
    Locked(unlock, thread)
}

impl Locked {
    fn unlock(self) {
        self.0.send(()).unwrap();
        self.1.join().unwrap();
    }
}

/// Makes a table of an open database point nowhere, as a damaged page would.
fn spoil(path: &Path) {
    run(async {
        let mut other = SqliteConnectOptions::new().filename(path).connect().await.unwrap();
        other.execute("PRAGMA writable_schema = ON").await.unwrap();
        let spoiled = "UPDATE sqlite_schema SET rootpage = 99999 WHERE name = 'usage_records'";
        other.execute(spoiled).await.unwrap();
        other.execute("PRAGMA schema_version = 1000").await.unwrap();
        other.close().await.unwrap();
    });
}
