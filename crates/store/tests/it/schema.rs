//! Files of other versions, and files that another process uses.

use sqlx::{ConnectOptions, Connection, Executor};
use store::{StoreError, Within};

use crate::backend::run;
use crate::ledger::{all, fill, write};
use crate::records::{NOON_ISH_MS, usage};

pub(crate) async fn execute(path: &std::path::Path, sql: &'static str) {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path);
    let mut connection = options.connect().await.unwrap();
    connection.execute(sql).await.unwrap();
    connection.close().await.unwrap();
}

#[test]
fn a_file_of_a_newer_version_is_refused_and_left_alone() {
    for file in ["control.db", "ledger.db", "traces/index.db"] {
        run(async {
            let dir = tempfile::tempdir().unwrap();
            store::sqlite::open(dir.path()).await.unwrap().close().await.unwrap();
            execute(&dir.path().join(file), "PRAGMA user_version = 99").await;
            let refused = store::sqlite::open(dir.path()).await.unwrap_err();
            assert!(matches!(refused, StoreError::NewerSchema { found: 99, .. }), "{refused}");
            assert!(refused.to_string().contains("start that version"), "{refused}");
        });
    }
}

#[test]
fn a_directory_that_exists_is_opened_again() {
    run(async {
        let dir = tempfile::tempdir().unwrap();
        for _ in 0..2 {
            store::sqlite::open(dir.path()).await.unwrap().close().await.unwrap();
        }
        for file in ["control.db", "ledger.db", "traces/index.db"] {
            assert!(dir.path().join(file).is_file());
            assert!(!dir.path().join(format!("{file}-wal")).exists(), "a closed file is complete in itself");
        }
    });
}

#[test]
fn a_file_of_the_first_version_is_brought_up_to_date() {
    run(async {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("control.db");
        let first = include_str!("../../src/sqlite/schema/control-1.sql");
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&path).create_if_missing(true);
        let mut connection = options.connect().await.unwrap();
        connection.execute(first).await.unwrap();
        connection.execute("PRAGMA user_version = 1").await.unwrap();
        connection.close().await.unwrap();
        let stores = store::sqlite::open(dir.path()).await.unwrap();
        assert_eq!(stores.control.revision().await.unwrap(), 0);
        assert!(stores.control.all(None, 10).await.unwrap().is_empty());
        stores.close().await.unwrap();
    });
}

#[test]
fn a_lock_held_by_another_process_delays_the_ledger_and_its_readers_not_at_all() {
    run(async {
        let dir = tempfile::tempdir().unwrap();
        let stores = store::sqlite::open(dir.path()).await.unwrap();
        fill(&*stores.ledger, dir.path(), &[usage(NOON_ISH_MS, 1)]).await;
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(dir.path().join("ledger.db"));
        let mut other = options.connect().await.unwrap();
        other.execute("BEGIN IMMEDIATE").await.unwrap();

        let journal = store::sqlite::open_journal(dir.path()).unwrap();
        write(&journal, &[usage(NOON_ISH_MS, 2)]);
        let mut reader = journal.reader(stores.ledger.positions().await.unwrap());
        let batch = reader.read().unwrap();
        let mut applying = stores.ledger.apply(&batch);
        let organization = Within::organization(domain::Scope::DEFAULT.organization);
        let seen = tokio::select! {
            biased;
            applied = &mut applying => panic!("the lock was not respected: {applied:?}"),
            seen = all(&*stores.ledger, organization) => seen,
        };
        assert_eq!(seen, [usage(NOON_ISH_MS, 1)]);
        other.execute("COMMIT").await.unwrap();
        assert_eq!(applying.await.unwrap().added, 1);
    });
}

#[test]
fn a_migration_is_tried_on_a_copy() {
    run(async {
        let dir = tempfile::tempdir().unwrap();
        store::sqlite::open(dir.path()).await.unwrap().close().await.unwrap();
        let fine = store::sqlite::check_migrations(dir.path()).await.unwrap();
        assert!(
            !fine.is_empty() && fine.iter().all(|check| !check.is_due() && check.problem.is_none()),
            "{fine:?}"
        );

        // A file of the first version.
        std::fs::remove_file(dir.path().join("ledger.db")).unwrap();
        let options = sqlx::sqlite::SqliteConnectOptions::new();
        let options = options.filename(dir.path().join("ledger.db")).create_if_missing(true);
        let mut old = options.connect().await.unwrap();
        old.execute(include_str!("../../src/sqlite/schema/ledger-1.sql")).await.unwrap();
        old.execute("PRAGMA user_version = 1").await.unwrap();
        old.close().await.unwrap();
        let before = std::fs::read(dir.path().join("ledger.db")).unwrap();
        let checks = store::sqlite::check_migrations(dir.path()).await.unwrap();
        let ledger = checks.iter().find(|check| check.file == "ledger.db").unwrap();
        assert!(ledger.is_due() && ledger.problem.is_none(), "{ledger:?}");
        assert_eq!(std::fs::read(dir.path().join("ledger.db")).unwrap(), before, "only a copy was touched");
        assert!(!dir.path().join(".migration-check").exists());

        // One that cannot be migrated, and one from the future.
        execute(&dir.path().join("ledger.db"), "DROP TABLE callers").await;
        execute(&dir.path().join("control.db"), "PRAGMA user_version = 99").await;
        let checks = store::sqlite::check_migrations(dir.path()).await.unwrap();
        let problem = |file: &str| checks.iter().find(|check| check.file == file).unwrap().problem.as_ref();
        assert!(problem("ledger.db").is_some(), "{checks:?}");
        assert!(matches!(problem("control.db"), Some(StoreError::NewerSchema { .. })), "{checks:?}");
    });
}
