//! The audit log. An entry is written in the transaction of what it tells about.

use std::collections::BTreeSet;

use domain::{ObjectId, ObjectKind, Scope};
use serde_json::{Map, Value};
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{Connection, Row};

use super::apply::Writer;
use super::put::referred;
use super::rows::{Tenant, at_most, id, kind, scope};
use super::{Refused, now_ms};
use crate::sqlite::database::Database;
use crate::{Actor, AuditEntry, AuditPage, AuditQuery, NewObject, StoreError, StoredObject, Within};

const PAGE: usize = 500;

/// What was done to an object.
pub(super) struct Done<'a> {
    pub(super) action: &'a str,
    pub(super) kind: ObjectKind,
    pub(super) id: ObjectId,
    pub(super) name: &'a str,
    pub(super) scope: Scope,
}

pub(super) async fn record(
    writer: &mut Writer<'_>,
    done: Done<'_>,
    revision: i64,
    detail: &str,
) -> Result<(), sqlx::Error> {
    insert(
        writer.connection,
        writer.actor,
        writer.now_ms,
        done.scope,
        done.action,
        detail,
        Some((&done, revision)),
    )
    .await
}

pub(super) async fn note(
    connection: &mut SqliteConnection,
    scope: Scope,
    actor: &Actor,
    action: &str,
    detail: &str,
) -> Result<(), Refused> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    insert(&mut transaction, actor, now_ms(), scope, action, detail, None).await?;
    transaction.commit().await.map_err(Refused::from)
}

async fn insert(
    connection: &mut SqliteConnection,
    actor: &Actor,
    at_ms: i64,
    scope: Scope,
    action: &str,
    detail: &str,
    change: Option<(&Done<'_>, i64)>,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO audit (at_ms, actor, address, action, organization, team, project, detail, kind, id, name, revision)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(at_ms)
    .bind(actor.name.clone())
    .bind(actor.address.map(|address| address.to_string()))
    .bind(action.to_owned())
    .bind(scope.organization.to_bytes().to_vec())
    .bind(scope.team.to_bytes().to_vec())
    .bind(scope.project.to_bytes().to_vec())
    .bind(detail.to_owned())
    .bind(change.map(|(done, _)| done.kind.name()))
    .bind(change.map(|(done, _)| done.id.to_bytes().to_vec()))
    .bind(change.map(|(done, _)| done.name.to_owned()).unwrap_or_default())
    .bind(change.map(|(_, revision)| revision))
    .execute(connection)
    .await
    .map(drop)
}

/// What is different between an object and what replaces it, by the names of fields. Empty: nothing is.
pub(super) fn changed_fields(old: &StoredObject, new: &NewObject) -> Vec<String> {
    let mut fields = Vec::new();
    let mut note = |changed: bool, field: &str| {
        if changed {
            fields.push(field.to_owned());
        }
    };
    note(old.name != new.name, "name");
    note(old.scope != new.scope, "project");
    for secret in &new.secrets {
        note(true, &secret.field);
    }
    for old in &old.secrets {
        let sent = new.secrets.iter().any(|secret| secret.field == old.field);
        note(!sent && !new.keep_secrets.contains(&old.field), &old.field);
    }
    if let Some(key) = new.key {
        note(old.key.is_none_or(|old| old.hash != key.hash), "secret");
        let was_revoked = old.key.is_some_and(|old| old.revoked_at_ms.is_some());
        note(key.revoked_at_ms.is_some() && !was_revoked, "revoked");
    }
    let references: BTreeSet<ObjectId> = referred(new).collect();
    let bodies = changed_in_bodies(&old.body, &new.body);
    // Names resolve to other objects although the body is the same.
    note(bodies.is_empty() && !references.iter().eq(&old.references), "references");
    fields.extend(bodies);
    fields
}

fn changed_in_bodies(old: &str, new: &str) -> Vec<String> {
    if old == new {
        return Vec::new();
    }
    let parsed = |text| serde_json::from_str::<Map<String, Value>>(text);
    let (Ok(old), Ok(new)) = (parsed(old), parsed(new)) else { return vec!["body".to_owned()] };
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    names.into_iter().filter(|name| old.get(*name) != new.get(*name)).cloned().collect()
}

pub(super) async fn page(
    database: &Database,
    within: Within,
    wanted: &AuditQuery,
) -> Result<AuditPage, StoreError> {
    let because = |error| database.because(error);
    let tenant = Tenant::from(within);
    let limit = at_most(wanted.limit, PAGE);
    let rows = sqlx::query(LIST)
        .bind(tenant.organization)
        .bind(tenant.team)
        .bind(tenant.project)
        .bind(wanted.actor.clone())
        .bind(wanted.action.clone())
        .bind(wanted.kind.map(ObjectKind::name))
        .bind(wanted.object.map(|id| id.to_bytes().to_vec()))
        .bind(wanted.since_ms)
        .bind(wanted.until_ms)
        .bind(wanted.before.unwrap_or(i64::MAX))
        .bind(limit + 1)
        .fetch_all(database.readers())
        .await
        .map_err(because)?;
    let mut entries = rows.iter().map(entry).collect::<Result<Vec<_>, _>>().map_err(because)?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = entries.len() > limit;
    entries.truncate(limit);
    let next = entries.last().filter(|_| more).map(|entry| entry.seq);
    Ok(AuditPage { entries, next })
}

fn entry(row: &SqliteRow) -> Result<AuditEntry, sqlx::Error> {
    let address: Option<&str> = row.try_get(3)?;
    let object = match row.try_get::<Option<&str>, _>(5)? {
        Some(_) => Some((kind(row, 5)?, id(row, 6)?)),
        None => None,
    };
    Ok(AuditEntry {
        seq: row.try_get(0)?,
        at_ms: row.try_get(1)?,
        actor: row.try_get(2)?,
        address: address.and_then(|address| address.parse().ok()),
        action: row.try_get(4)?,
        object,
        name: row.try_get(7)?,
        scope: scope(row, 8)?,
        revision: row.try_get(11)?,
        detail: row.try_get(12)?,
    })
}

const LIST: &str =
    "SELECT seq, at_ms, actor, address, action, kind, id, name, organization, team, project, revision,
        detail
    FROM audit
    WHERE organization = ?1 AND (?2 IS NULL OR team = ?2) AND (?3 IS NULL OR project = ?3)
      AND (?4 IS NULL OR actor = ?4) AND (?5 IS NULL OR action = ?5) AND (?6 IS NULL OR kind = ?6)
      AND (?7 IS NULL OR id = ?7) AND (?8 IS NULL OR at_ms >= ?8) AND (?9 IS NULL OR at_ms < ?9)
      AND seq < ?10
    ORDER BY seq DESC LIMIT ?11";
