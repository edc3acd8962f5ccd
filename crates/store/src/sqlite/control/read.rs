//! Reading objects and what changed. One read sees one state: objects, secrets and references of the same moment.

use std::collections::HashMap;

use domain::{ObjectId, ObjectKind, Scope};
use sqlx::Row;
use sqlx::query::Query;
use sqlx::sqlite::{Sqlite, SqliteArguments, SqliteConnection, SqliteRow};

use super::put::namespace;
use super::rows::{Tenant, array, at_most, id, id_list, kind, objects, select_objects};
use crate::sqlite::database::Database;
use crate::{Change, KeyTombstone, ListQuery, ObjectCursor, ObjectPage, StoreError, StoredObject, Within};

/// Of a list for people.
const PAGE: usize = 500;
/// Of a list for whoever compiles all of it.
const LARGE_PAGE: usize = 5_000;

pub(super) async fn revision(database: &Database) -> Result<i64, StoreError> {
    let because = |error| database.because(error);
    let mut reader = database.readers().acquire().await.map_err(because)?;
    last_change(&mut reader).await.map_err(because)
}

pub(super) async fn last_change(connection: &mut SqliteConnection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("SELECT COALESCE(MAX(seq), 0) FROM changes").fetch_one(connection).await
}

pub(super) async fn get(
    database: &Database,
    within: Within,
    kind: ObjectKind,
    id: ObjectId,
) -> Result<Option<StoredObject>, StoreError> {
    let tenant = Tenant::from(within);
    let query = sqlx::query(GET)
        .bind(tenant.organization)
        .bind(tenant.team)
        .bind(tenant.project)
        .bind(kind.name())
        .bind(id.to_bytes().to_vec());
    read(database, query).await.map(|found| found.into_iter().next())
}

pub(super) async fn find(
    database: &Database,
    within: Within,
    kind: ObjectKind,
    scope: Scope,
    name: &str,
) -> Result<Option<StoredObject>, StoreError> {
    if within.organization != scope.organization {
        return Ok(None);
    }
    let tenant = Tenant::from(within);
    let query = sqlx::query(FIND)
        .bind(tenant.organization)
        .bind(tenant.team)
        .bind(tenant.project)
        .bind(kind.name())
        .bind(namespace(kind, scope).to_bytes().to_vec())
        .bind(name.to_owned());
    read(database, query).await.map(|found| found.into_iter().next())
}

pub(super) async fn list(
    database: &Database,
    within: Within,
    kind: ObjectKind,
    wanted: &ListQuery,
) -> Result<ObjectPage, StoreError> {
    let tenant = Tenant::from(within);
    let limit = at_most(wanted.limit, PAGE);
    // No name comes before the empty one with an empty id.
    let (after_name, after_id) = match &wanted.after {
        Some(cursor) => (cursor.name.clone(), cursor.id.to_bytes().to_vec()),
        None => Default::default(),
    };
    let query = sqlx::query(LIST)
        .bind(tenant.organization)
        .bind(tenant.team)
        .bind(tenant.project)
        .bind(kind.name())
        .bind(wanted.project.map(|project| project.to_bytes().to_vec()))
        .bind(wanted.name_contains.clone())
        .bind(after_name)
        .bind(after_id)
        // One more than wanted tells whether there is another page.
        .bind(limit + 1);
    let mut objects = read(database, query).await?;
    objects.sort_by(|one, other| (&one.name, one.id).cmp(&(&other.name, other.id)));
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = objects.len() > limit;
    objects.truncate(limit);
    let next = objects.last().filter(|_| more).map(ObjectCursor::behind);
    Ok(ObjectPage { objects, next })
}

pub(super) async fn all(
    database: &Database,
    after: Option<(ObjectKind, ObjectId)>,
    limit: usize,
) -> Result<Vec<StoredObject>, StoreError> {
    let (after_kind, after_id) = match after {
        Some((kind, id)) => (kind.name(), id.to_bytes().to_vec()),
        None => ("", Vec::new()),
    };
    let query = sqlx::query(select_objects!("(o.kind, o.id) > (?, ?) ORDER BY o.kind, o.id LIMIT ?"))
        .bind(after_kind)
        .bind(after_id)
        .bind(at_most(limit, LARGE_PAGE));
    let mut objects = read(database, query).await?;
    objects.sort_by_key(|object| (object.kind.name(), object.id));
    Ok(objects)
}

pub(super) async fn load(database: &Database, ids: &[ObjectId]) -> Result<Vec<StoredObject>, StoreError> {
    let mut objects = Vec::with_capacity(ids.len());
    for some in ids.chunks(LARGE_PAGE) {
        let ids = id_list(some.iter().copied());
        objects.append(&mut read(database, sqlx::query(BY_IDS).bind(ids)).await?);
    }
    Ok(objects)
}

/// The same on the connection that writes, within its transaction, in the order of `ids`.
pub(super) async fn load_here(
    connection: &mut SqliteConnection,
    ids: &[ObjectId],
) -> Result<Vec<StoredObject>, sqlx::Error> {
    let found: Option<String> =
        sqlx::query_scalar(BY_IDS).bind(id_list(ids.iter().copied())).fetch_one(connection).await?;
    let mut objects = objects(found.as_deref())?;
    let places: HashMap<ObjectId, usize> = ids.iter().enumerate().map(|(place, id)| (*id, place)).collect();
    objects.sort_by_key(|object| places.get(&object.id));
    Ok(objects)
}

pub(super) async fn changes_since(
    database: &Database,
    revision: i64,
    limit: usize,
) -> Result<Vec<Change>, StoreError> {
    let because = |error| database.because(error);
    let rows = sqlx::query("SELECT seq, kind, id, deleted FROM changes WHERE seq > ? ORDER BY seq LIMIT ?")
        .bind(revision)
        .bind(at_most(limit, LARGE_PAGE))
        .fetch_all(database.readers())
        .await
        .map_err(because)?;
    let change = |row: &SqliteRow| {
        Ok(Change {
            revision: row.try_get(0)?,
            kind: kind(row, 1)?,
            id: id(row, 2)?,
            deleted: row.try_get(3)?,
        })
    };
    rows.iter().map(change).collect::<Result<_, _>>().map_err(because)
}

pub(super) async fn tombstones(
    database: &Database,
    after: Option<[u8; 32]>,
    limit: usize,
) -> Result<Vec<KeyTombstone>, StoreError> {
    let because = |error| database.because(error);
    let rows = sqlx::query(
        "SELECT hash, prefix, length, key FROM key_hashes
         WHERE retired_at_ms IS NOT NULL AND hash > ? ORDER BY hash LIMIT ?",
    )
    .bind(after.map(|hash| hash.to_vec()).unwrap_or_default())
    .bind(at_most(limit, LARGE_PAGE))
    .fetch_all(database.readers())
    .await
    .map_err(because)?;
    let tombstone = |row: &SqliteRow| {
        Ok(KeyTombstone {
            hash: array(row.try_get(0)?, "hash")?,
            prefix: array(row.try_get(1)?, "prefix")?,
            length: row.try_get(2)?,
            key: id(row, 3)?,
        })
    };
    rows.iter().map(tombstone).collect::<Result<_, _>>().map_err(because)
}

async fn read(
    database: &Database,
    query: Query<'_, Sqlite, SqliteArguments>,
) -> Result<Vec<StoredObject>, StoreError> {
    let because = |error| database.because(error);
    let row = query.fetch_one(database.readers()).await.map_err(because)?;
    let found: Option<&str> = row.try_get(0).map_err(because)?;
    objects(found).map_err(because)
}

const GET: &str = select_objects!(within " AND o.kind = ?4 AND o.id = ?5");
const FIND: &str = select_objects!(within " AND o.kind = ?4 AND o.namespace = ?5 AND o.name = ?6");
const LIST: &str = select_objects!(
    within
    " AND o.kind = ?4 AND (?5 IS NULL OR o.project = ?5)
      AND (?6 IS NULL OR instr(lower(o.name), lower(?6)) > 0)
      AND (o.name, o.id) > (?7, ?8)
      ORDER BY o.name, o.id LIMIT ?9"
);
const BY_IDS: &str = select_objects!("o.id IN (SELECT unhex(value) FROM json_each(?))");
