//! Who refers to whom, and that nobody refers to nothing.

use domain::{ObjectId, ObjectKind, Scope};
use sqlx::Row;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use super::Refused;
use super::apply::Writer;
use super::rows::{called, id, id_list, kind, scope};
use crate::sqlite::database::Database;
use crate::{ObjectUse, StoreError, Within};

/// No error and no answer names more.
const NAMED: i64 = 100;

pub(super) async fn users_of(
    database: &Database,
    within: Within,
    id: ObjectId,
) -> Result<Vec<ObjectUse>, StoreError> {
    let because = |error| database.because(error);
    let mut reader = database.readers().acquire().await.map_err(because)?;
    users(&mut reader, within, id).await.map(|(by, _)| by).map_err(because)
}

/// Those who refer to an object or are in it, and how many of them are outside of `within`.
async fn users(
    connection: &mut SqliteConnection,
    within: Within,
    id: ObjectId,
) -> Result<(Vec<ObjectUse>, u64), sqlx::Error> {
    let rows = sqlx::query(
        "SELECT o.kind, o.id, o.name, o.organization, o.team, o.project FROM objects AS o
         WHERE o.id <> ?1 AND (o.project = ?1 OR o.team = ?1
                               OR o.id IN (SELECT object FROM object_references WHERE refers_to = ?1))
         ORDER BY o.kind, o.name LIMIT ?2",
    )
    .bind(id.to_bytes().to_vec())
    .bind(NAMED)
    .fetch_all(connection)
    .await?;
    let mut by = Vec::new();
    let mut elsewhere = 0;
    for row in &rows {
        if within.contains(scope(row, 3)?) {
            by.push(user(row)?);
        } else {
            elsewhere += 1;
        }
    }
    Ok((by, elsewhere))
}

fn user(row: &SqliteRow) -> Result<ObjectUse, sqlx::Error> {
    Ok(ObjectUse { kind: kind(row, 0)?, id: id(row, 1)?, name: row.try_get(2)? })
}

/// Holds the state that the writes resulted in to its rules: what was deleted is not used, what is referred to is
/// there and may be referred to.
pub(super) async fn check(writer: &mut Writer<'_>) -> Result<(), Refused> {
    for (id, called) in std::mem::take(&mut writer.deleted) {
        let (by, elsewhere) = users(writer.connection, writer.within, id).await?;
        if !by.is_empty() || elsewhere > 0 {
            return Err(StoreError::InUse { object: called, by, elsewhere }.into());
        }
    }
    let put = id_list(writer.put.iter().map(|(id, _)| *id));
    check_places(writer, &put).await?;
    let rows = sqlx::query(BROKEN)
        .bind(put)
        .bind(Scope::DEFAULT.project.to_bytes().to_vec())
        .fetch_optional(&mut *writer.connection)
        .await?;
    let Some(row) = rows else { return Ok(()) };
    let (refers, target) = (id(&row, 0)?, id(&row, 1)?);
    let by_writer = writer.put.iter().find(|(id, _)| *id == refers);
    Err(match by_writer {
        Some((_, called)) => StoreError::MissingReference { object: called.clone(), id: target },
        None => {
            let (by, elsewhere) = users(writer.connection, writer.within, target).await?;
            let moved = writer.put.iter().find(|(id, _)| *id == target);
            let object = moved.map(|(_, called)| called.clone()).unwrap_or_default();
            StoreError::InUse { object, by, elsewhere }
        }
    }
    .into())
}

/// A project that moves to another team must be empty: what is in it says which team it belongs to.
async fn check_places(writer: &mut Writer<'_>, put: &str) -> Result<(), Refused> {
    let left_behind = sqlx::query(
        "SELECT p.kind, p.id, p.name FROM objects AS p
         WHERE p.kind = 'project' AND p.id IN (SELECT unhex(value) FROM json_each(?1))
           AND EXISTS (SELECT 1 FROM objects AS o WHERE o.project = p.id AND o.team <> p.team)",
    )
    .bind(put)
    .fetch_optional(&mut *writer.connection)
    .await?;
    let Some(row) = left_behind else { return Ok(()) };
    let object = called(ObjectKind::Project, row.try_get(2)?);
    let (by, elsewhere) = users(writer.connection, writer.within, id(&row, 1)?).await?;
    Err(StoreError::InUse { object, by, elsewhere }.into())
}

/// References of or to what was put that lead to nothing, or to an object of another project that is not everybody's.
const BROKEN: &str = "SELECT r.object, r.refers_to FROM object_references AS r
    JOIN objects AS u ON u.id = r.object
    LEFT JOIN objects AS t ON t.id = r.refers_to
    WHERE (r.object IN (SELECT unhex(value) FROM json_each(?1))
           OR r.refers_to IN (SELECT unhex(value) FROM json_each(?1)))
      AND (t.id IS NULL OR t.organization <> u.organization
           OR (t.project <> u.project AND t.project <> ?2 AND t.kind NOT IN ('team', 'project')))
    LIMIT 1";
