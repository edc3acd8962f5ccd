//! `ledger.db`: one row per attempt, the sums of every hour beside them, and how far the journal has been taken in.

mod apply;
mod dimensions;
mod labels;
mod records;
mod retries;
mod rollup;
mod rows;
mod sums;

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use domain::AttemptId;
use sqlx::Row;
use sqlx::sqlite::SqliteSynchronous;
use tokio::sync::Mutex;

use super::aside::put_aside;
use super::database::{Database, Profile};
use super::migrate::LEDGER;
use crate::journal::{JournalBatch, JournalPosition};
use crate::{Applied, Ledger, Reply, StoreError, UsagePage, UsageQuery, UsageReport, Within};

pub(super) struct SqliteLedger {
    path: PathBuf,
    /// Another one after the file was put aside.
    database: RwLock<Arc<Database>>,
    writer: Mutex<apply::Writer>,
}

impl SqliteLedger {
    pub(super) async fn open(data_dir: &Path) -> Result<Self, StoreError> {
        let path = data_dir.join("ledger.db");
        let (database, connection) = Database::open(&path, PROFILE).await?;
        let (database, writer) =
            (RwLock::new(database.into()), Mutex::new(apply::Writer::new(Some(connection))));
        Ok(Self { path, database, writer })
    }

    fn database(&self) -> Arc<Database> {
        Arc::clone(&self.database.read().unwrap_or_else(PoisonError::into_inner))
    }

    async fn read_positions(&self) -> Result<Vec<JournalPosition>, StoreError> {
        let database = self.database();
        let because = |error| database.because(error);
        let rows = sqlx::query("SELECT segment, position FROM journal_positions")
            .fetch_all(database.readers())
            .await
            .map_err(because)?;
        let position = |row: &sqlx::sqlite::SqliteRow| {
            let offset: i64 = row.try_get(1)?;
            Ok(JournalPosition { segment: row.try_get(0)?, offset: u64::try_from(offset).unwrap_or(0) })
        };
        rows.iter().map(position).collect::<Result<_, _>>().map_err(because)
    }

    async fn begin_anew(&self) -> Result<PathBuf, StoreError> {
        let mut writer = self.writer.lock().await;
        // SQLite removes the log of a file by its name when the last connection closes, so all of them close first.
        if let Err(error) = self.database().close(writer.take()).await {
            tracing::warn!(%error, "a damaged ledger could not be closed in order");
        }
        // Whether or not the file can be moved: the closed one serves nobody any more.
        let database = Database::new(&self.path, PROFILE).into();
        *self.database.write().unwrap_or_else(PoisonError::into_inner) = database;
        *writer = apply::Writer::new(None);
        put_aside(&self.path)
    }
}

/// FULL: a committed position means that a journal segment may be deleted.
const PROFILE: Profile = Profile { schema: LEDGER, synchronous: SqliteSynchronous::Full, page_size: 16_384 };

impl Ledger for SqliteLedger {
    fn positions(&self) -> Reply<'_, Vec<JournalPosition>> {
        Box::pin(self.read_positions())
    }

    fn apply<'a>(&'a self, batch: &'a JournalBatch) -> Reply<'a, Applied> {
        Box::pin(async {
            let mut writer = self.writer.lock().await;
            writer.apply(&self.database(), batch).await
        })
    }

    fn usage(&self, within: Within, query: UsageQuery) -> Reply<'_, UsageReport> {
        Box::pin(async move { sums::report(&self.database(), within, query).await })
    }

    fn records(&self, within: Within, after: Option<AttemptId>, limit: usize) -> Reply<'_, UsagePage> {
        Box::pin(async move { records::page(&self.database(), within, after, limit).await })
    }

    fn begin_anew(&self) -> Reply<'_, PathBuf> {
        Box::pin(self.begin_anew())
    }

    fn close(&self) -> Reply<'_, ()> {
        Box::pin(async { self.database().close(self.writer.lock().await.take()).await })
    }
}
