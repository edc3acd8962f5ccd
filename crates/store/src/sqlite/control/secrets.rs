//! Sealed secrets, as whoever rotates the master key works on them.

use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{Connection, Row};

use super::Refused;
use super::rows::{at_most, id};
use crate::sqlite::database::Database;
use crate::{Reseal, SealedRow, StoreError};

const PAGE: usize = 1_000;

pub(super) async fn not_under(
    database: &Database,
    key_id: &str,
    after: Option<&SealedRow>,
    limit: usize,
) -> Result<Vec<SealedRow>, StoreError> {
    let because = |error| database.because(error);
    let (object, field) = match after {
        Some(row) => (row.object.to_bytes().to_vec(), row.field.clone()),
        None => Default::default(),
    };
    let rows = sqlx::query(
        "SELECT object, field, sealed, key_id FROM secrets
         WHERE (object, field) > (?, ?) AND key_id <> ? ORDER BY object, field LIMIT ?",
    )
    .bind(object)
    .bind(field)
    .bind(key_id.to_owned())
    .bind(at_most(limit, PAGE))
    .fetch_all(database.readers())
    .await
    .map_err(because)?;
    let sealed = |row: &SqliteRow| {
        Ok(SealedRow {
            object: id(row, 0)?,
            field: row.try_get(1)?,
            sealed: row.try_get(2)?,
            key_id: row.try_get(3)?,
        })
    };
    rows.iter().map(sealed).collect::<Result<_, _>>().map_err(because)
}

pub(super) async fn reseal(connection: &mut SqliteConnection, rows: &[Reseal]) -> Result<usize, Refused> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    let mut replaced = 0;
    for Reseal { was, sealed, key_id } in rows {
        let updated = sqlx::query(
            "UPDATE secrets SET sealed = ?, key_id = ? WHERE object = ? AND field = ? AND sealed = ?",
        )
        .bind(sealed.clone())
        .bind(key_id.clone())
        .bind(was.object.to_bytes().to_vec())
        .bind(was.field.clone())
        .bind(was.sealed.clone())
        .execute(&mut *transaction)
        .await?;
        replaced += usize::try_from(updated.rows_affected()).unwrap_or(usize::MAX);
    }
    transaction.commit().await?;
    Ok(replaced)
}

pub(super) async fn retire(connection: &mut SqliteConnection, key_id: &str) -> Result<bool, Refused> {
    let retired = sqlx::query(
        "INSERT OR IGNORE INTO retired_vault_keys (key_id)
         SELECT ?1 WHERE NOT EXISTS (SELECT 1 FROM secrets WHERE key_id = ?1)
         RETURNING key_id",
    )
    .bind(key_id.to_owned())
    .fetch_optional(&mut *connection)
    .await?;
    Ok(retired.is_some() || is_retired(connection, key_id).await?)
}

/// Whoever writes a secret asks this in the transaction that writes it.
pub(super) async fn is_retired(connection: &mut SqliteConnection, key_id: &str) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM retired_vault_keys WHERE key_id = ?)")
        .bind(key_id.to_owned())
        .fetch_one(connection)
        .await
}

pub(super) async fn under(database: &Database) -> Result<Vec<(String, u64)>, StoreError> {
    let because = |error| database.because(error);
    let rows = sqlx::query("SELECT key_id, count(*) FROM secrets GROUP BY key_id ORDER BY key_id")
        .fetch_all(database.readers())
        .await
        .map_err(because)?;
    let count =
        |row: &SqliteRow| Ok((row.try_get(0)?, u64::try_from(row.try_get::<i64, _>(1)?).unwrap_or_default()));
    rows.iter().map(count).collect::<Result<_, _>>().map_err(because)
}
