//! Tries the migrations of this version on a copy, so that a person knows before the upgrade.

use std::fs;
use std::path::{Path, PathBuf};

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};

use super::backup::snapshot;
use super::database::Failed;
use super::migrate::{CONTROL, LEDGER, Schema, TRACE_DAY, TRACE_INDEX, migrate};
use crate::StoreError;
use crate::files::create_private_dir;

/// What this version would do to a database.
#[derive(Debug)]
pub struct MigrationCheck {
    /// Below the data directory.
    pub file: String,
    pub found: i64,
    pub known: i64,
    /// Why it cannot be done.
    pub problem: Option<StoreError>,
}

impl MigrationCheck {
    pub const fn is_due(&self) -> bool {
        self.found < self.known
    }
}

/// Copies each database that is of an older schema, migrates the copy and looks whether it is sound. The databases
/// themselves are only read; a gateway may go on using them.
pub async fn check_migrations(data_dir: &Path) -> Result<Vec<MigrationCheck>, StoreError> {
    let scratch = data_dir.join(".migration-check");
    create_private_dir(&scratch)?;
    let checked = check_all(data_dir, &scratch.join("copy.db")).await;
    let removed = fs::remove_dir_all(&scratch).map_err(|source| StoreError::io(&scratch, source));
    let checked = checked?;
    removed?;
    Ok(checked)
}

async fn check_all(data_dir: &Path, copy: &Path) -> Result<Vec<MigrationCheck>, StoreError> {
    let mut checks = Vec::new();
    for (file, schema) in databases(data_dir)? {
        let path = data_dir.join(&file);
        if !path.exists() {
            continue;
        }
        let known = schema.version();
        let found = version(&path).await;
        let (found, problem) = match found {
            Ok(found) if found > known => {
                (found, Some(StoreError::NewerSchema { file: path.display().to_string(), found, known }))
            }
            Ok(found) if found == known => (found, None),
            Ok(found) => (found, migrate_copy(&path, copy, schema).await.err()),
            Err(error) => (0, Some(error)),
        };
        checks.push(MigrationCheck { file, found, known, problem });
    }
    Ok(checks)
}

fn databases(data_dir: &Path) -> Result<Vec<(String, Schema)>, StoreError> {
    let mut databases = vec![
        ("control.db".to_owned(), CONTROL),
        ("ledger.db".to_owned(), LEDGER),
        ("traces/index.db".to_owned(), TRACE_INDEX),
    ];
    let dir = data_dir.join("traces");
    let mut days = Vec::new();
    if dir.exists() {
        for entry in fs::read_dir(&dir).map_err(|source| StoreError::io(&dir, source))? {
            let name = entry.map_err(|source| StoreError::io(&dir, source))?.file_name();
            days.extend(
                name.to_str().filter(|name| name.ends_with(".db") && *name != "index.db").map(str::to_owned),
            );
        }
    }
    days.sort_unstable();
    databases.extend(days.into_iter().map(|day| (format!("traces/{day}"), TRACE_DAY)));
    Ok(databases)
}

async fn version(path: &Path) -> Result<i64, StoreError> {
    let failed = Failed::new(path);
    let because = |error| failed.because(error);
    let mut connection = SqliteConnectOptions::new().filename(path).connect().await.map_err(because)?;
    let version = sqlx::query_scalar("PRAGMA user_version").fetch_one(&mut connection).await.map_err(because);
    connection.close().await.map_err(because)?;
    version
}

async fn migrate_copy(path: &Path, copy: &Path, schema: Schema) -> Result<(), StoreError> {
    snapshot(path, copy).await?;
    let failed = Failed::new(path);
    let because = |error| failed.because(error);
    let mut connection = SqliteConnectOptions::new().filename(copy).connect().await.map_err(because)?;
    let migrated = migrate(&mut connection, schema, &failed).await;
    let sound: Result<String, _> =
        sqlx::query_scalar("PRAGMA quick_check(1)").fetch_one(&mut connection).await.map_err(because);
    connection.close().await.map_err(because)?;
    migrated?;
    match sound?.as_str() {
        "ok" => Ok(()),
        problem => Err(StoreError::damaged(PathBuf::from(path).display().to_string(), problem)),
    }
}
