//! Takes journal batches in: rows, sums and positions in one transaction, so that a crash repeats or loses nothing.

use std::collections::HashSet;

use sqlx::Connection;
use sqlx::sqlite::SqliteConnection;

use super::dimensions::{Cache, Unnumbered};
use super::retries::{CallBytes, FailedCalls};
use super::rollup::{InsertRollup, Rollup};
use super::rows::{InsertUsage, UsageRow, known_attempts};
use crate::journal::JournalBatch;
use crate::sqlite::database::Database;
use crate::sqlite::insert::Insert;
use crate::{Applied, StoreError};

/// The one writer of the ledger.
#[derive(Debug)]
pub(super) struct Writer {
    /// Absent after a failure: the next batch begins with a fresh one.
    connection: Option<SqliteConnection>,
    cache: Cache,
    /// Read from the file before the first batch.
    failed: Option<FailedCalls>,
    usage: InsertUsage,
    rollup: InsertRollup,
    positions: Insert,
}

/// How a try to write a batch ended.
enum Written {
    Committed(Applied, HashSet<CallBytes>),
    /// Some attempts are there already; nothing was written.
    Repeats,
}

impl Writer {
    pub(super) fn new(connection: Option<SqliteConnection>) -> Self {
        Self {
            connection,
            cache: Cache::default(),
            failed: None,
            usage: InsertUsage::new(),
            rollup: InsertRollup::new(),
            positions: Insert::new(
                "INSERT INTO journal_positions (segment, position)",
                "(?,?)",
                "ON CONFLICT DO UPDATE SET position = excluded.position",
            ),
        }
    }

    pub(super) fn take(&mut self) -> Option<SqliteConnection> {
        self.connection.take()
    }

    pub(super) async fn apply(
        &mut self,
        database: &Database,
        batch: &JournalBatch,
    ) -> Result<Applied, StoreError> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => database.connect().await?,
        };
        let written = self.write(&mut connection, batch).await;
        match written {
            Ok(applied) => {
                self.connection = Some(connection);
                Ok(applied)
            }
            Err(error) => {
                self.cache.clear();
                Err(database.because(error))
            }
        }
    }

    async fn write(
        &mut self,
        connection: &mut SqliteConnection,
        batch: &JournalBatch,
    ) -> Result<Applied, sqlx::Error> {
        if self.failed.is_none() {
            self.failed = Some(recently_failed(connection).await?);
        }
        let mut written = self.write_rows(connection, batch, None).await?;
        if matches!(written, Written::Repeats) {
            // Rare: positions were lost, a file was restored. Worth a look at every attempt, not worth one always.
            self.cache.clear();
            let attempts = batch.usage().flatten().map(|frame| frame.numbers.attempt);
            let known = known_attempts(connection, attempts).await?;
            written = self.write_rows(connection, batch, Some(known)).await?;
        }
        match written {
            Written::Committed(applied, failed) => {
                self.failed.get_or_insert_default().remember(failed);
                Ok(applied)
            }
            Written::Repeats => Err(sqlx::Error::Protocol("an attempt came and went".to_owned())),
        }
    }

    /// `known` are attempts that are there; without it, none is expected to be.
    async fn write_rows(
        &mut self,
        connection: &mut SqliteConnection,
        batch: &JournalBatch,
        known: Option<HashSet<[u8; 16]>>,
    ) -> Result<Written, sqlx::Error> {
        let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
        let mut applied = Applied::default();
        let (rows, failed) = self.rows(&mut transaction, batch, known, &mut applied).await?;
        let added = self.usage.run(&mut transaction, &rows).await?;
        if usize::try_from(added).ok() != Some(rows.len()) {
            transaction.rollback().await?;
            return Ok(Written::Repeats);
        }
        applied.added = rows.len();
        self.rollup.run(&mut transaction, &Rollup::of(&rows)).await?;
        self.positions
            .run(&mut transaction, batch.positions(), |position, into| {
                let offset = i64::try_from(position.offset).unwrap_or(i64::MAX);
                into.value(position.segment.as_str()).value(offset);
            })
            .await?;
        for segment in batch.forgotten() {
            sqlx::query("DELETE FROM journal_positions WHERE segment = ?")
                .bind(segment.clone())
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await?;
        Ok(Written::Committed(applied, failed))
    }

    /// The records of a batch as rows, and the calls among them whose attempt failed.
    async fn rows(
        &mut self,
        connection: &mut SqliteConnection,
        batch: &JournalBatch,
        known: Option<HashSet<[u8; 16]>>,
        applied: &mut Applied,
    ) -> Result<(Vec<UsageRow>, HashSet<CallBytes>), sqlx::Error> {
        let mut rows = Vec::with_capacity(batch.len());
        let mut failed_here = HashSet::new();
        let mut known = known;
        for frame in batch.usage() {
            let Some(frame) = frame else {
                applied.unreadable += 1;
                continue;
            };
            if let Some(known) = &mut known
                && !known.insert(frame.numbers.attempt)
            {
                applied.known += 1;
                continue;
            }
            let (dimensions, failed) = match self.cache.number(connection, &frame).await {
                Ok(numbers) => numbers,
                Err(Unnumbered::Unreadable) => {
                    applied.unreadable += 1;
                    continue;
                }
                Err(Unnumbered::Database(error)) => return Err(error),
            };
            let call = frame.numbers.call;
            let seen = self.failed.as_ref().is_some_and(|failed| failed.contains(&call));
            let first = !seen && (failed_here.is_empty() || !failed_here.contains(&call));
            rows.push(UsageRow::new(&frame, dimensions, first));
            if failed {
                failed_here.insert(call);
            }
        }
        Ok((rows, failed_here))
    }
}

/// The calls that may be tried again: those whose attempt failed within an hour before the last attempt.
async fn recently_failed(connection: &mut SqliteConnection) -> Result<FailedCalls, sqlx::Error> {
    let mut failed = FailedCalls::default();
    let last: Option<Vec<u8>> =
        sqlx::query_scalar("SELECT MAX(attempt) FROM usage_records").fetch_one(&mut *connection).await?;
    let Some(last) = last.and_then(|bytes| <[u8; 16]>::try_from(bytes).ok()) else {
        return Ok(failed);
    };
    // The first 48 bits of an attempt id are milliseconds.
    let since = u128::from_be_bytes(last).saturating_sub(3_600_000 << 80).to_be_bytes();
    let calls: Vec<Vec<u8>> = sqlx::query_scalar(
        "SELECT call FROM usage_records
         WHERE attempt >= ? AND label IN (SELECT id FROM usage_labels WHERE outcome >= 10)
         ORDER BY attempt DESC LIMIT 65536",
    )
    .bind(since.to_vec())
    .fetch_all(connection)
    .await?;
    failed.remember(calls.into_iter().rev().filter_map(|call| call.try_into().ok()));
    Ok(failed)
}
