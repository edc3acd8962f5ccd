//! One SQLite file: a single connection that writes, a few that read, and what their errors mean.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteSynchronous,
};
use sqlx::{ConnectOptions, Connection};

use super::migrate::{Schema, migrate};
use crate::StoreError;

const READERS: u32 = 2;
const READER_IDLE: Duration = Duration::from_secs(30);
/// Per connection, in KiB: rows are written once, at the end of the file, and seldom read again.
const CACHE_KIB: u32 = 1_024;
/// The write-ahead log is cut back to this after a burst.
const LOG_BYTES: u32 = 32 << 20;

/// What a file needs from the disk.
#[derive(Debug, Clone, Copy)]
pub(super) struct Profile {
    pub(super) schema: Schema,
    pub(super) synchronous: SqliteSynchronous,
    /// Large pages mean fewer, larger writes: right for files that grow at the end.
    pub(super) page_size: u32,
}

#[derive(Debug)]
pub(super) struct Database {
    options: SqliteConnectOptions,
    profile: Profile,
    readers: SqlitePool,
    failed: Failed,
}

impl Database {
    /// Creates the file if it is missing and brings its schema up to date. The connection is the one that writes.
    pub(super) async fn open(path: &Path, profile: Profile) -> Result<(Self, SqliteConnection), StoreError> {
        let database = Self::new(path, profile);
        let writer = database.connect().await?;
        Ok((database, writer))
    }

    /// The same without a look at the file: the first connection creates it.
    pub(super) fn new(path: &Path, profile: Profile) -> Self {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .page_size(profile.page_size)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(profile.synchronous)
            .busy_timeout(Duration::from_millis(profile.schema.patience_ms))
            .pragma("cache_size", format!("-{CACHE_KIB}"))
            .pragma("journal_size_limit", LOG_BYTES.to_string())
            // Rows point at each other only inside one file that one writer fills.
            .foreign_keys(false)
            // A connection is used by one task at a time.
            .serialized(false)
            .disable_statement_logging();
        let readers = SqlitePoolOptions::new()
            .min_connections(0)
            .max_connections(READERS)
            .idle_timeout(READER_IDLE)
            .max_lifetime(None)
            .test_before_acquire(false)
            .connect_lazy_with(options.clone().pragma("query_only", "ON"));
        Self { options, profile, readers, failed: Failed(path.to_owned()) }
    }

    /// A connection that writes. The owner keeps exactly one.
    pub(super) async fn connect(&self) -> Result<SqliteConnection, StoreError> {
        let mut connection = self.options.connect().await.map_err(|error| self.because(error))?;
        migrate(&mut connection, self.profile.schema, &self.failed).await?;
        Ok(connection)
    }

    pub(super) fn readers(&self) -> &SqlitePool {
        &self.readers
    }

    pub(super) fn because(&self, error: sqlx::Error) -> StoreError {
        self.failed.because(error)
    }

    pub(super) async fn close(&self, writer: Option<SqliteConnection>) -> Result<(), StoreError> {
        self.readers.close().await;
        match writer {
            Some(writer) => writer.close().await.map_err(|error| self.because(error)),
            None => Ok(()),
        }
    }
}

/// Says which file an error is about, and what kind of trouble it is.
#[derive(Debug)]
pub(super) struct Failed(PathBuf);

impl Failed {
    pub(super) fn new(path: &Path) -> Self {
        Self(path.to_owned())
    }

    pub(super) fn file(&self) -> std::borrow::Cow<'_, str> {
        self.0.to_string_lossy()
    }

    pub(super) fn because(&self, source: sqlx::Error) -> StoreError {
        let file = self.file().into_owned();
        // The primary result code is the low byte: https://www.sqlite.org/rescode.html
        let code = match &source {
            sqlx::Error::Database(error) => error.code().and_then(|code| code.parse::<i32>().ok()),
            _ => None,
        };
        match code.map(|code| code & 0xff) {
            Some(SQLITE_BUSY | SQLITE_LOCKED) => StoreError::Busy { file },
            Some(SQLITE_FULL) => StoreError::Full { file },
            Some(SQLITE_CORRUPT | SQLITE_NOTADB) => StoreError::Corrupt { file },
            _ => StoreError::Database { file, source },
        }
    }
}

const SQLITE_BUSY: i32 = 5;
const SQLITE_LOCKED: i32 = 6;
const SQLITE_CORRUPT: i32 = 11;
const SQLITE_FULL: i32 = 13;
const SQLITE_NOTADB: i32 = 26;
