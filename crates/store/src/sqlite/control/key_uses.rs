//! When keys were last used. Written now and then, for many keys at once.

use std::fmt::Write;

use domain::ObjectId;
use sqlx::Row;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use super::Refused;
use super::rows::{id, id_list};
use crate::StoreError;
use crate::sqlite::database::Database;

pub(super) async fn touch(
    connection: &mut SqliteConnection,
    uses: &[(ObjectId, i64)],
) -> Result<(), Refused> {
    if uses.is_empty() {
        return Ok(());
    }
    let mut list = String::with_capacity(uses.len() * 56);
    for (key, at_ms) in uses {
        let comma = if list.is_empty() { '[' } else { ',' };
        // Writing to a string cannot fail.
        let _ = write!(list, "{comma}[\"{:032x}\",{at_ms}]", key.0);
    }
    list.push(']');
    sqlx::query(
        "INSERT INTO key_uses (key, last_used_ms)
         SELECT unhex(value ->> 0), value ->> 1 FROM json_each(?) WHERE true
         ON CONFLICT DO UPDATE SET last_used_ms = max(last_used_ms, excluded.last_used_ms)",
    )
    .bind(list)
    .execute(connection)
    .await
    .map(drop)
    .map_err(Refused::from)
}

pub(super) async fn last_used(
    database: &Database,
    keys: &[ObjectId],
) -> Result<Vec<(ObjectId, i64)>, StoreError> {
    let because = |error| database.because(error);
    let rows = sqlx::query(
        "SELECT key, last_used_ms FROM key_uses WHERE key IN (SELECT unhex(value) FROM json_each(?))",
    )
    .bind(id_list(keys.iter().copied()))
    .fetch_all(database.readers())
    .await
    .map_err(because)?;
    let used = |row: &SqliteRow| Ok((id(row, 0)?, row.try_get(1)?));
    rows.iter().map(used).collect::<Result<_, _>>().map_err(because)
}
