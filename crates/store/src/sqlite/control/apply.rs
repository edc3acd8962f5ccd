//! One transaction of writes: every expectation, every name and every reference is checked in it, or nothing is
//! written.

use std::collections::HashSet;

use domain::{ObjectId, ObjectKind, ProjectId, Scope, TeamId};
use sqlx::Connection;
use sqlx::sqlite::SqliteConnection;

use super::{Refused, delete, idempotency, now_ms, put, read, references};
use crate::{Actor, Apply, Committed, ControlWrite, StoreError, Within};

/// What the writes of one transaction share.
pub(super) struct Writer<'a> {
    pub(super) connection: &'a mut SqliteConnection,
    pub(super) within: Within,
    pub(super) actor: &'a Actor,
    pub(super) now_ms: i64,
    /// What was written, and what it is called in an error.
    pub(super) put: Vec<(ObjectId, String)>,
    pub(super) deleted: Vec<(ObjectId, String)>,
}

pub(super) async fn run(connection: &mut SqliteConnection, apply: &Apply<'_>) -> Result<Committed, Refused> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    let now_ms = now_ms();
    if let Some(request) = apply.idempotency
        && let Some(ids) = idempotency::begun(&mut transaction, request, now_ms).await?
    {
        let revision = read::last_change(&mut transaction).await?;
        let objects = read::load_here(&mut transaction, &ids).await?;
        transaction.rollback().await?;
        return Ok(Committed { revision, objects, replayed: true });
    }
    let mut writer = Writer {
        connection: &mut transaction,
        within: apply.within,
        actor: apply.actor,
        now_ms,
        put: Vec::new(),
        deleted: Vec::new(),
    };
    for write in apply.writes {
        match write {
            ControlWrite::Put { object, expect } => put::put(&mut writer, object, *expect).await?,
            ControlWrite::Delete { kind, id, expect } => {
                delete::delete(&mut writer, *kind, *id, *expect).await?;
            }
        }
    }
    references::check(&mut writer).await?;
    let put = put_once(writer.put);
    if let Some(request) = apply.idempotency {
        idempotency::begin(&mut transaction, request, &put, now_ms).await?;
    }
    let objects = read::load_here(&mut transaction, &put).await?;
    let revision = read::last_change(&mut transaction).await?;
    transaction.commit().await?;
    Ok(Committed { revision, objects, replayed: false })
}

/// An object that was written twice counts at its first place.
fn put_once(put: Vec<(ObjectId, String)>) -> Vec<ObjectId> {
    let mut seen = HashSet::new();
    put.into_iter().map(|(id, _)| id).filter(|id| seen.insert(*id)).collect()
}

/// The default team and project are built in.
pub(super) fn is_built_in(kind: ObjectKind, id: ObjectId) -> bool {
    match kind {
        ObjectKind::Team => TeamId(id.0) == Scope::DEFAULT.team,
        ObjectKind::Project => ProjectId(id.0) == Scope::DEFAULT.project,
        _ => false,
    }
}

/// Appends to `changes` and returns the number of the change.
pub(super) async fn changed(
    connection: &mut SqliteConnection,
    kind: ObjectKind,
    id: ObjectId,
    deleted: bool,
) -> Result<i64, sqlx::Error> {
    let inserted = sqlx::query("INSERT INTO changes (kind, id, deleted) VALUES (?, ?, ?)")
        .bind(kind.name())
        .bind(id.to_bytes().to_vec())
        .bind(deleted)
        .execute(connection)
        .await?;
    Ok(inserted.last_insert_rowid())
}

/// What is there must be what the writer last saw.
pub(super) fn expect_revision(object: String, expected: i64, found: i64) -> Result<(), StoreError> {
    if expected == found { Ok(()) } else { Err(StoreError::Stale { object, found }) }
}
