//! What is recorded is in the store afterwards, whatever happens in between; and what is not is counted.

use std::path::Path;
use std::time::Duration;

use domain::Scope;
use store::sqlite::Stores;
use store::{CallFilter, StoreError, UsageBy, UsageQuery, Within};
use telemetry::{Options, Recorder, StartError};

use crate::records::{call, usage};
use crate::waiting::run;

const HERE: Within = Within::project(Scope::DEFAULT);

/// Nothing is written before somebody asks for it.
fn only_when_asked() -> Options {
    Options { interval: Duration::from_secs(3_600), ..Options::default() }
}

async fn attempts(stores: &Stores) -> u64 {
    let query = UsageQuery { by: UsageBy::Endpoint, since_ms: None, until_ms: None };
    stores.ledger.usage(HERE, query).await.unwrap().total.attempts
}

async fn calls(stores: &Stores) -> usize {
    stores.traces.list(HERE, &CallFilter::default(), None, 500).await.unwrap().calls.len()
}

/// Attempts and calls that are in a data directory.
fn stored(dir: &Path) -> (u64, usize) {
    run(async {
        let stores = store::sqlite::open(dir).await.unwrap();
        (attempts(&stores).await, calls(&stores).await)
    })
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &target),
            false => drop(std::fs::copy(entry.path(), target).unwrap()),
        }
    }
}

#[test]
fn stopping_writes_everything_down() {
    let dir = tempfile::tempdir().unwrap();
    let recorder = Recorder::start(dir.path(), only_when_asked()).unwrap();
    let threads: Vec<_> = (0..3)
        .map(|index| {
            let mut executor = recorder.executor(index);
            std::thread::spawn(move || {
                for n in 0..100 {
                    executor.settle(&usage(index as u64 * 1_000 + n));
                    executor.record_call(&call(index as u64 * 1_000 + n));
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    recorder.shutdown();
    recorder.shutdown();
    assert_eq!(stored(dir.path()), (300, 300));
    let left: Vec<_> = std::fs::read_dir(dir.path().join("journal"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(left, ["lock"]);
    assert_eq!(recorder.health().dropped_calls, 0);
}

#[test]
fn a_flush_makes_what_came_before_it_visible() {
    let dir = tempfile::tempdir().unwrap();
    let recorder = Recorder::start(dir.path(), only_when_asked()).unwrap();
    let mut executor = recorder.executor(0);
    run(async {
        for n in 0..3 {
            executor.settle(&usage(n));
            executor.record_call(&call(n));
            recorder.flush().await;
            assert_eq!(recorder.traces().call(HERE, call(n).call).await.unwrap(), Some(call(n)));
            let query = UsageQuery { by: UsageBy::Key, since_ms: None, until_ms: None };
            assert_eq!(recorder.ledger().usage(HERE, query).await.unwrap().total.attempts, n + 1);
        }
        assert!(recorder.health().money_is_safe);
        assert_eq!((recorder.health().content_queued_bytes, recorder.health().journal_lag_bytes), (0, 0));
    });
}

#[test]
fn without_being_asked_records_are_written_after_a_while() {
    let dir = tempfile::tempdir().unwrap();
    let recorder = Recorder::start(dir.path(), Options::default()).unwrap();
    let mut executor = recorder.executor(0);
    executor.settle(&usage(1));
    executor.record_call(&call(1));
    run(async {
        // A condition that is waited for; the test's own timeout is the harness's.
        while recorder.traces().call(HERE, call(1).call).await.unwrap().is_none() {
            tokio::task::yield_now().await;
        }
    });
}

#[test]
fn a_killed_process_loses_no_settled_record() {
    let (dir, killed) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let recorder = Recorder::start(dir.path(), only_when_asked()).unwrap();
    let mut executor = recorder.executor(0);
    for n in 0..50 {
        executor.settle(&usage(n));
        if n == 20 {
            run(recorder.flush());
        }
    }
    // What the disk holds at this instant is what a killed process leaves behind.
    copy(dir.path(), killed.path());
    let next = Recorder::start(killed.path(), only_when_asked()).unwrap();
    run(next.flush());
    next.shutdown();
    assert_eq!(stored(killed.path()).0, 50);
}

#[test]
fn what_does_not_fit_is_dropped_and_counted() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options { content_bytes: 10_000, ..only_when_asked() };
    let recorder = Recorder::start(dir.path(), options).unwrap();
    let mut executor = recorder.executor(0);
    for n in 0..100 {
        executor.record_call(&call(n));
        executor.settle(&usage(n));
    }
    let health = recorder.health();
    assert!(health.content_queued_bytes <= 10_000 && health.content_queued_bytes > 5_000, "{health:?}");
    assert!(health.dropped_calls > 80 && health.money_is_safe, "{health:?}");
    run(recorder.flush());
    // There is room again.
    executor.record_call(&call(500));
    recorder.shutdown();
    let (attempts, calls) = stored(dir.path());
    assert_eq!((attempts, calls as u64), (100, 101 - health.dropped_calls));
}

#[test]
fn a_full_buffer_is_taken_away_early() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options { handover_bytes: 5_000, ..only_when_asked() };
    let recorder = Recorder::start(dir.path(), options).unwrap();
    let mut executor = recorder.executor(0);
    for n in 0..10 {
        executor.record_call(&call(n));
    }
    while recorder.health().content_queued_bytes >= 5_000 {
        std::thread::yield_now();
    }
    assert!(recorder.health().dropped_calls == 0);
}

#[test]
fn content_that_cannot_be_written_waits_and_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let recorder = Recorder::start(dir.path(), only_when_asked()).unwrap();
    let mut executor = recorder.executor(0);
    let in_the_way = dir.path().join("traces/2026-03-01.bodies");
    std::fs::create_dir(&in_the_way).unwrap();
    executor.record_call(&call(1));
    executor.settle(&usage(1));
    run(recorder.flush());
    let health = recorder.health();
    assert!(health.last_error.is_some() && health.money_is_safe, "{health:?}");
    assert!(health.content_queued_bytes > 0 && health.dropped_calls == 0, "{health:?}");

    std::fs::remove_dir(&in_the_way).unwrap();
    executor.record_call(&call(2));
    run(recorder.flush());
    assert_eq!(recorder.health().last_error, None);
    recorder.shutdown();
    assert_eq!(stored(dir.path()), (1, 2));
}

#[test]
fn stopping_gives_content_up_that_cannot_be_written() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options { shutdown: Duration::ZERO, ..only_when_asked() };
    let recorder = Recorder::start(dir.path(), options).unwrap();
    let mut executor = recorder.executor(0);
    std::fs::create_dir(dir.path().join("traces/2026-03-01.bodies")).unwrap();
    executor.record_call(&call(1));
    executor.settle(&usage(1));
    recorder.shutdown();
    assert_eq!(recorder.health().dropped_calls, 1);
    executor.record_call(&call(2));
    assert_eq!(recorder.health().dropped_calls, 2, "nobody would write it");
    assert_eq!(stored(dir.path()).0, 1);
}

#[test]
fn a_record_settled_after_the_end_is_there_at_the_next_start() {
    let dir = tempfile::tempdir().unwrap();
    let recorder = Recorder::start(dir.path(), only_when_asked()).unwrap();
    let mut executor = recorder.executor(0);
    recorder.shutdown();
    executor.settle(&usage(1));
    run(recorder.flush());
    drop((executor, recorder));
    let next = Recorder::start(dir.path(), only_when_asked()).unwrap();
    next.shutdown();
    assert_eq!(stored(dir.path()).0, 1);
}

#[test]
fn a_data_directory_has_one_recorder() {
    let dir = tempfile::tempdir().unwrap();
    let _first = Recorder::start(dir.path(), only_when_asked()).unwrap();
    let second = Recorder::start(dir.path(), only_when_asked());
    assert!(matches!(second, Err(StartError::Store(StoreError::Busy { .. }))), "{second:?}");
}
