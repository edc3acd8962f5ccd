//! Requests under an idempotency key: begun in the transaction that does what they ask for, answered later.

use domain::ObjectId;
use sqlx::Row;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use super::{Refused, now_ms};
use crate::sqlite::database::Database;
use crate::{Idempotency, StoreError, StoredResponse};

const KEPT_MS: i64 = 24 * 60 * 60 * 1_000;

/// What the request wrote when it was sent before.
pub(super) async fn begun(
    connection: &mut SqliteConnection,
    request: Idempotency<'_>,
    now_ms: i64,
) -> Result<Option<Vec<ObjectId>>, Refused> {
    sqlx::query("DELETE FROM idempotency WHERE at_ms <= ?")
        .bind(now_ms - KEPT_MS)
        .execute(&mut *connection)
        .await?;
    let row = sqlx::query("SELECT request_hash, objects FROM idempotency WHERE caller = ? AND key = ?")
        .bind(request.caller.to_owned())
        .bind(request.key.to_owned())
        .fetch_optional(connection)
        .await?;
    let Some(row) = row else { return Ok(None) };
    same_request(&row, request)?;
    let ids: &[u8] = row.try_get(1)?;
    Ok(Some(ids.as_chunks().0.iter().map(|id| ObjectId::from_bytes(*id)).collect()))
}

pub(super) async fn begin(
    connection: &mut SqliteConnection,
    request: Idempotency<'_>,
    objects: &[ObjectId],
    now_ms: i64,
) -> Result<(), sqlx::Error> {
    let objects: Vec<u8> = objects.iter().flat_map(|id| id.to_bytes()).collect();
    sqlx::query("INSERT INTO idempotency (caller, key, request_hash, at_ms, objects) VALUES (?, ?, ?, ?, ?)")
        .bind(request.caller.to_owned())
        .bind(request.key.to_owned())
        .bind(request.request_hash.to_vec())
        .bind(now_ms)
        .bind(objects)
        .execute(connection)
        .await
        .map(drop)
}

pub(super) async fn replay(
    database: &Database,
    request: Idempotency<'_>,
) -> Result<Option<StoredResponse>, StoreError> {
    let because = |error| database.because(error);
    let row = sqlx::query(
        "SELECT request_hash, status, body FROM idempotency WHERE caller = ? AND key = ? AND at_ms > ?",
    )
    .bind(request.caller.to_owned())
    .bind(request.key.to_owned())
    .bind(now_ms() - KEPT_MS)
    .fetch_optional(database.readers())
    .await
    .map_err(because)?;
    let Some(row) = row else { return Ok(None) };
    same_request(&row, request).map_err(|refused| match refused {
        Refused::Store(error) => error,
        Refused::Database(error) => because(error),
    })?;
    let answer = |row: &SqliteRow| {
        let (Some(status), Some(body)) = (row.try_get(1)?, row.try_get(2)?) else { return Ok(None) };
        Ok(Some(StoredResponse { status, body }))
    };
    answer(&row).map_err(because)
}

pub(super) async fn remember(
    connection: &mut SqliteConnection,
    request: Idempotency<'_>,
    response: &StoredResponse,
) -> Result<(), Refused> {
    // The first answer stands: a second one can only come from a request that was sent twice at once.
    sqlx::query(
        "INSERT INTO idempotency (caller, key, request_hash, at_ms, objects, status, body)
         VALUES (?, ?, ?, ?, x'', ?, ?)
         ON CONFLICT DO UPDATE SET status = excluded.status, body = excluded.body
         WHERE request_hash = excluded.request_hash AND status IS NULL",
    )
    .bind(request.caller.to_owned())
    .bind(request.key.to_owned())
    .bind(request.request_hash.to_vec())
    .bind(now_ms())
    .bind(response.status)
    .bind(response.body.clone())
    .execute(connection)
    .await
    .map(drop)
    .map_err(Refused::from)
}

/// `request_hash` is the first column.
fn same_request(row: &SqliteRow, request: Idempotency<'_>) -> Result<(), Refused> {
    let hash: &[u8] = row.try_get(0)?;
    if hash == request.request_hash {
        Ok(())
    } else {
        Err(StoreError::IdempotencyReuse { key: request.key.to_owned() }.into())
    }
}
