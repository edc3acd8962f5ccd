//! Sessions and the single-use codes that begin them. What is over is deleted whenever another one begins.

use sqlx::sqlite::SqliteConnection;
use sqlx::{Connection, Row};

use super::Refused;
use super::rows::array;
use crate::sqlite::database::Database;
use crate::{Session, StoreError};

pub(super) async fn put(connection: &mut SqliteConnection, session: &Session) -> Result<(), Refused> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    sqlx::query("DELETE FROM sessions WHERE expires_at_ms <= ?")
        .bind(session.created_at_ms)
        .execute(&mut *transaction)
        .await?;
    sqlx::query(
        "INSERT OR REPLACE INTO sessions (hash, actor, created_at_ms, expires_at_ms) VALUES (?, ?, ?, ?)",
    )
    .bind(session.hash.to_vec())
    .bind(session.actor.clone())
    .bind(session.created_at_ms)
    .bind(session.expires_at_ms)
    .execute(&mut *transaction)
    .await?;
    sqlx::query(
        "DELETE FROM sessions WHERE hash IN
             (SELECT hash FROM sessions ORDER BY created_at_ms DESC, hash LIMIT -1 OFFSET 10000)",
    )
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await.map_err(Refused::from)
}

pub(super) async fn get(
    database: &Database,
    hash: [u8; 32],
    now_ms: i64,
) -> Result<Option<Session>, StoreError> {
    let because = |error| database.because(error);
    let row = sqlx::query(
        "SELECT hash, actor, created_at_ms, expires_at_ms FROM sessions WHERE hash = ? AND expires_at_ms > ?",
    )
    .bind(hash.to_vec())
    .bind(now_ms)
    .fetch_optional(database.readers())
    .await
    .map_err(because)?;
    let session = |row: sqlx::sqlite::SqliteRow| {
        Ok(Session {
            hash: array(row.try_get(0)?, "hash")?,
            actor: row.try_get(1)?,
            created_at_ms: row.try_get(2)?,
            expires_at_ms: row.try_get(3)?,
        })
    };
    row.map(session).transpose().map_err(because)
}

pub(super) async fn delete(connection: &mut SqliteConnection, hash: [u8; 32]) -> Result<bool, Refused> {
    let deleted =
        sqlx::query("DELETE FROM sessions WHERE hash = ?").bind(hash.to_vec()).execute(connection).await?;
    Ok(deleted.rows_affected() > 0)
}

pub(super) async fn put_code(
    connection: &mut SqliteConnection,
    hash: [u8; 32],
    now_ms: i64,
    expires_at_ms: i64,
) -> Result<(), Refused> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    sqlx::query("DELETE FROM codes WHERE expires_at_ms <= ?").bind(now_ms).execute(&mut *transaction).await?;
    sqlx::query("INSERT OR REPLACE INTO codes (hash, expires_at_ms) VALUES (?, ?)")
        .bind(hash.to_vec())
        .bind(expires_at_ms)
        .execute(&mut *transaction)
        .await?;
    sqlx::query(
        "DELETE FROM codes WHERE hash IN
             (SELECT hash FROM codes ORDER BY expires_at_ms DESC, hash LIMIT -1 OFFSET 1000)",
    )
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await.map_err(Refused::from)
}

pub(super) async fn take_code(
    connection: &mut SqliteConnection,
    hash: [u8; 32],
    now_ms: i64,
) -> Result<bool, Refused> {
    // A code that is over goes too, but nobody gets in by it.
    let taken: Option<i64> = sqlx::query_scalar("DELETE FROM codes WHERE hash = ? RETURNING expires_at_ms")
        .bind(hash.to_vec())
        .fetch_optional(connection)
        .await?;
    Ok(taken.is_some_and(|expires_at_ms| expires_at_ms > now_ms))
}
