//! What was acknowledged before a backup began is in it; a backup comes back whole or not at all.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use domain::Scope;
use store::sqlite::{BackupOptions, backup, restore};
use store::{CallFilter, Frames, StoreError, Within};

use crate::backend::run;
use crate::ledger::{all, drain, fill, total};
use crate::records::{NOON_ISH_MS, call, usage};

const HERE: Within = Within::project(Scope::DEFAULT);

fn options() -> BackupOptions {
    BackupOptions { version: "0.1.0".to_owned(), ..BackupOptions::default() }
}

/// A data directory with something of everything; one record is in the journal only.
async fn filled(dir: &Path) {
    let stores = store::sqlite::open(dir).await.unwrap();
    fill(&*stores.ledger, dir, &[usage(NOON_ISH_MS, 1), usage(NOON_ISH_MS, 2)]).await;
    let mut frames = Frames::default();
    frames.push(&call(NOON_ISH_MS, 1)).unwrap();
    stores.traces.append(&[frames]).await.unwrap();
    stores.close().await.unwrap();
    let journal = store::sqlite::open_journal(dir).unwrap();
    crate::ledger::write(&journal, &[usage(NOON_ISH_MS, 3)]);
    for (name, content) in [("pepper", "p"), ("admin-token", "t"), ("vault-key", "v")] {
        fs::write(dir.join(name), content).unwrap();
    }
}

/// The number of records that a gateway would have after its start.
async fn records_in(dir: &Path) -> u64 {
    let stores = store::sqlite::open(dir).await.unwrap();
    let journal = store::sqlite::open_journal(dir).unwrap();
    let mut reader = journal.reader(stores.ledger.positions().await.unwrap());
    drain(&*stores.ledger, &mut reader).await;
    let attempts = total(&*stores.ledger, HERE).await.attempts;
    stores.close().await.unwrap();
    attempts
}

#[test]
fn everything_comes_back() {
    run(async {
        let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        filled(from.path()).await;
        let file = to.path().join("backup.tar");
        let report = backup(from.path(), &file, &options()).await.unwrap();
        assert!(!report.has_vault_key);
        assert_eq!(fs::read_dir(to.path()).unwrap().count(), 1, "nothing is left beside it");
        let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&file).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600);

        let data_dir = to.path().join("data");
        let manifest = restore(&file, &data_dir).unwrap();
        assert_eq!((manifest.version.as_str(), manifest.files.len()), ("0.1.0", report.files));
        assert_eq!(fs::read(data_dir.join("pepper")).unwrap(), b"p");
        assert!(!data_dir.join("vault-key").exists() && !data_dir.join("admin-token").exists());
        assert_eq!(records_in(&data_dir).await, 3);
        let stores = store::sqlite::open(&data_dir).await.unwrap();
        let found = stores.traces.call(HERE, call(NOON_ISH_MS, 1).call).await.unwrap();
        assert_eq!(found, Some(call(NOON_ISH_MS, 1)));
        assert_eq!(stores.traces.list(HERE, &CallFilter::default(), None, 10).await.unwrap().calls.len(), 1);
    });
}

#[test]
fn secrets_are_in_it_when_somebody_asks() {
    run(async {
        let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        filled(from.path()).await;
        let file = to.path().join("backup.tar");
        let asked = BackupOptions { with_vault_key: true, with_admin_token: true, ..options() };
        assert!(backup(from.path(), &file, &asked).await.unwrap().has_vault_key);
        let data_dir = to.path().join("data");
        assert!(restore(&file, &data_dir).unwrap().has_vault_key);
        assert_eq!(fs::read(data_dir.join("vault-key")).unwrap(), b"v");
        assert_eq!(fs::read(data_dir.join("admin-token")).unwrap(), b"t");
    });
}

#[test]
fn a_record_acknowledged_before_the_backup_is_in_it_whatever_goes_on() {
    let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let settled = Arc::new(AtomicU64::new(0));
    let stop = Arc::new(AtomicBool::new(false));
    let dir = from.path().to_owned();
    run(async { store::sqlite::open(&dir).await.unwrap().close().await.unwrap() });
    let journal = store::sqlite::open_journal(&dir).unwrap();
    let load = {
        let (settled, stop, journal) = (Arc::clone(&settled), Arc::clone(&stop), Arc::clone(&journal));
        std::thread::spawn(move || {
            let mut n = 0;
            while !stop.load(Ordering::Relaxed) {
                // Writers come and go, so that segments are removed while they are copied.
                let mut writer = journal.writer(0);
                for _ in 0..50 {
                    writer.append(&usage(NOON_ISH_MS, n)).unwrap();
                    n += 1;
                    settled.store(n, Ordering::Release);
                }
            }
        })
    };
    let ledger = {
        let (stop, dir) = (Arc::clone(&stop), dir.clone());
        std::thread::spawn(move || {
            run(async {
                let stores = store::sqlite::open(&dir).await.unwrap();
                let mut reader = journal.reader(stores.ledger.positions().await.unwrap());
                while !stop.load(Ordering::Relaxed) {
                    drain(&*stores.ledger, &mut reader).await;
                }
            });
        })
    };
    let mut copies = Vec::new();
    for n in 0..5 {
        while settled.load(Ordering::Acquire) < (n + 1) * 200 {
            std::thread::yield_now();
        }
        let before = settled.load(Ordering::Acquire);
        let file = to.path().join(format!("{n}.tar"));
        run(backup(&dir, &file, &options())).unwrap();
        copies.push((file, before));
    }
    stop.store(true, Ordering::Relaxed);
    load.join().unwrap();
    ledger.join().unwrap();
    for (file, before) in copies {
        let data_dir = file.with_extension("data");
        restore(&file, &data_dir).unwrap();
        let found = run(records_in(&data_dir));
        assert!(found >= before, "{found} of {before}");
    }
}

#[test]
fn a_used_directory_is_refused_and_left_alone() {
    run(async {
        let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        filled(from.path()).await;
        let file = to.path().join("backup.tar");
        backup(from.path(), &file, &options()).await.unwrap();
        assert!(matches!(restore(&file, from.path()), Err(StoreError::NotEmpty { .. })));
        let _running = store::sqlite::open_journal(from.path()).unwrap();
        assert!(matches!(restore(&file, from.path()), Err(StoreError::Busy { .. })));
        assert!(matches!(backup(from.path(), &file, &options()).await, Err(StoreError::Io { .. })));
        assert!(file.exists(), "a backup is never overwritten");
    });
}

#[test]
fn a_damaged_backup_changes_nothing() {
    run(async {
        let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        filled(from.path()).await;
        let file = to.path().join("backup.tar");
        backup(from.path(), &file, &options()).await.unwrap();
        let whole = fs::read(&file).unwrap();
        let data_dir = to.path().join("data");
        let check = |bytes: &[u8], what: &str| {
            fs::write(&file, bytes).unwrap();
            let refused = restore(&file, &data_dir).unwrap_err();
            assert!(
                matches!(refused, StoreError::BadBackup { .. } | StoreError::Io { .. }),
                "{what}: {refused}"
            );
            assert!(!data_dir.exists(), "{what}");
        };
        for part in 0..16 {
            check(&whole[..whole.len() * part / 16], &format!("cut at {part}/16"));
        }
        let mut flipped = whole.clone();
        // The first entry's content: a segment of the journal.
        flipped[520] ^= 1;
        check(&flipped, "a flipped bit");
        check(b"not a tar file at all", "rubbish");
        fs::create_dir(&data_dir).unwrap();
        fs::write(&file, &flipped).unwrap();
        assert!(restore(&file, &data_dir).is_err());
        assert_eq!(fs::read_dir(&data_dir).unwrap().count(), 0, "a directory that was there stays, empty");
        fs::write(&file, &whole).unwrap();
        restore(&file, &data_dir).unwrap();
    });
}

#[test]
fn names_that_lead_elsewhere_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    for name in
        ["../outside", "journal/../../outside", "config.yaml", "traces/a/b.db", "lock", "journal/lock"]
    {
        let file = dir.path().join("backup.tar");
        let mut builder = tar::Builder::new(fs::File::create(&file).unwrap());
        let mut header = tar::Header::new_gnu();
        header.set_size(1);
        header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
        header.set_cksum();
        builder.append(&header, &b"x"[..]).unwrap();
        builder.finish().unwrap();
        let refused = restore(&file, &dir.path().join("data")).unwrap_err();
        assert!(matches!(refused, StoreError::BadBackup { .. }), "{name}: {refused}");
        assert!(!dir.path().join("outside").exists() && !dir.path().join("data").exists(), "{name}");
    }
}

#[test]
fn a_backup_of_a_newer_version_is_refused() {
    run(async {
        let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        filled(from.path()).await;
        crate::schema::execute(&from.path().join("ledger.db"), "PRAGMA user_version = 99").await;
        let file = to.path().join("backup.tar");
        backup(from.path(), &file, &options()).await.unwrap();
        let refused = restore(&file, &to.path().join("data")).unwrap_err();
        assert!(matches!(refused, StoreError::NewerSchema { found: 99, .. }), "{refused}");
    });
}

#[test]
fn a_restore_that_did_not_finish_keeps_the_gateway_from_starting() {
    run(async {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join(".restoring")).unwrap();
        let refused = store::sqlite::open(dir.path()).await.unwrap_err();
        assert!(matches!(refused, StoreError::Unfinished { .. }), "{refused}");
        assert!(refused.to_string().contains("restore again"), "{refused}");
    });
}

#[test]
fn what_is_copied_of_an_open_segment_ends_with_its_last_record() {
    run(async {
        let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        store::sqlite::open(from.path()).await.unwrap().close().await.unwrap();
        let journal = store::sqlite::open_journal(from.path()).unwrap();
        let mut writer = journal.writer(0);
        writer.append(&usage(NOON_ISH_MS, 1)).unwrap();
        let file = to.path().join("backup.tar");
        let report = backup(from.path(), &file, &options()).await.unwrap();
        let data_dir = to.path().join("data");
        restore(&file, &data_dir).unwrap();
        let segments: Vec<PathBuf> =
            fs::read_dir(data_dir.join("journal")).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert!(fs::metadata(&segments[0]).unwrap().len() < 1_000, "{report:?}");
        let stores = store::sqlite::open(&data_dir).await.unwrap();
        let restored = store::sqlite::open_journal(&data_dir).unwrap();
        drain(&*stores.ledger, &mut restored.reader(Vec::new())).await;
        assert_eq!(all(&*stores.ledger, HERE).await, [usage(NOON_ISH_MS, 1)]);
    });
}
