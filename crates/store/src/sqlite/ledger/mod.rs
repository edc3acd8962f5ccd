//! `ledger.db`: one row per attempt, the sums of every hour beside them, and how far the journal has been taken in.

mod apply;
mod dimensions;
mod labels;
mod records;
mod retries;
mod rollup;
mod rows;
mod sums;

use std::path::Path;

use domain::AttemptId;
use sqlx::Row;
use sqlx::sqlite::SqliteSynchronous;
use tokio::sync::Mutex;

use super::database::{Database, Profile};
use super::migrate::LEDGER;
use crate::journal::{JournalBatch, JournalPosition};
use crate::{Applied, Ledger, Reply, StoreError, UsagePage, UsageQuery, UsageReport, Within};

pub(super) struct SqliteLedger {
    database: Database,
    writer: Mutex<apply::Writer>,
}

impl SqliteLedger {
    pub(super) async fn open(data_dir: &Path) -> Result<Self, StoreError> {
        // FULL: a committed position means that a journal segment may be deleted.
        let profile = Profile { schema: LEDGER, synchronous: SqliteSynchronous::Full, page_size: 16_384 };
        let (database, connection) = Database::open(&data_dir.join("ledger.db"), profile).await?;
        Ok(Self { database, writer: Mutex::new(apply::Writer::new(connection)) })
    }

    async fn read_positions(&self) -> Result<Vec<JournalPosition>, StoreError> {
        let because = |error| self.database.because(error);
        let rows = sqlx::query("SELECT segment, position FROM journal_positions")
            .fetch_all(self.database.readers())
            .await
            .map_err(because)?;
        let position = |row: &sqlx::sqlite::SqliteRow| {
            let offset: i64 = row.try_get(1)?;
            Ok(JournalPosition { segment: row.try_get(0)?, offset: u64::try_from(offset).unwrap_or(0) })
        };
        rows.iter().map(position).collect::<Result<_, _>>().map_err(because)
    }
}

impl Ledger for SqliteLedger {
    fn positions(&self) -> Reply<'_, Vec<JournalPosition>> {
        Box::pin(self.read_positions())
    }

    fn apply<'a>(&'a self, batch: &'a JournalBatch) -> Reply<'a, Applied> {
        Box::pin(async { self.writer.lock().await.apply(&self.database, batch).await })
    }

    fn usage(&self, within: Within, query: UsageQuery) -> Reply<'_, UsageReport> {
        Box::pin(sums::report(&self.database, within, query))
    }

    fn records(&self, within: Within, after: Option<AttemptId>, limit: usize) -> Reply<'_, UsagePage> {
        Box::pin(records::page(&self.database, within, after, limit))
    }

    fn close(&self) -> Reply<'_, ()> {
        Box::pin(async { self.database.close(self.writer.lock().await.take()).await })
    }
}
