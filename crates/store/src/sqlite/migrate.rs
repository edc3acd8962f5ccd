//! Schemas and how they move on: forward only, one transaction per step, the number of steps in `user_version`.

use sqlx::sqlite::SqliteConnection;
use sqlx::{Connection, Executor};

use super::database::Failed;
use crate::StoreError;

/// The steps that lead to a file's schema. A step that was released is never edited.
#[derive(Debug, Clone, Copy)]
pub(super) struct Schema {
    pub(super) steps: &'static [&'static str],
    /// How long a statement waits for another process's lock, in milliseconds.
    pub(super) patience_ms: u64,
}

/// A person waits for the answer, and would have to try again.
const PATIENT_MS: u64 = 5_000;

/// The recorder tries again by itself; meanwhile the journal is synced and the other lane is written.
const IMPATIENT_MS: u64 = 500;

impl Schema {
    /// What this version calls up to date.
    pub(super) fn version(self) -> i64 {
        i64::try_from(self.steps.len()).unwrap_or(i64::MAX)
    }
}

pub(super) const CONTROL: Schema = Schema {
    steps: &[include_str!("schema/control-1.sql"), include_str!("schema/control-2.sql")],
    patience_ms: PATIENT_MS,
};
pub(super) const LEDGER: Schema = Schema {
    steps: &[include_str!("schema/ledger-1.sql"), include_str!("schema/ledger-2.sql")],
    patience_ms: IMPATIENT_MS,
};
pub(super) const TRACE_INDEX: Schema =
    Schema { steps: &[include_str!("schema/trace-index-1.sql")], patience_ms: IMPATIENT_MS };
pub(super) const TRACE_DAY: Schema =
    Schema { steps: &[include_str!("schema/trace-day-1.sql")], patience_ms: IMPATIENT_MS };

/// Brings a file up to date, or refuses one from a newer version: what it cannot read it must not write.
pub(super) async fn migrate(
    connection: &mut SqliteConnection,
    schema: Schema,
    failed: &Failed,
) -> Result<(), StoreError> {
    let known = schema.version();
    let found = version(connection).await.map_err(|error| failed.because(error))?;
    if found > known {
        return Err(StoreError::NewerSchema { file: failed.file().into_owned(), found, known });
    }
    if found < known {
        step_up(connection, schema).await.map_err(|error| failed.because(error))?;
    }
    Ok(())
}

async fn version(connection: &mut SqliteConnection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("PRAGMA user_version").fetch_one(connection).await
}

async fn step_up(connection: &mut SqliteConnection, schema: Schema) -> Result<(), sqlx::Error> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    // Another process may have been here since the first look.
    let done = usize::try_from(version(&mut transaction).await?).unwrap_or(usize::MAX);
    for (index, step) in schema.steps.iter().enumerate().skip(done) {
        transaction.execute(*step).await?;
        let version = sqlx::AssertSqlSafe(format!("PRAGMA user_version = {}", index + 1));
        transaction.execute(version).await?;
    }
    transaction.commit().await
}
