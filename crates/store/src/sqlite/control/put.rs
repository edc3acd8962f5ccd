//! Creating an object, or replacing the one with its id.

use domain::{DEFAULT_NAME, ObjectId, ObjectKind, ProjectId, Scope};

use super::apply::{Writer, changed, expect_revision, is_built_in};
use super::audit::{self, Done};
use super::rows::{called, id, printed};
use super::secrets::is_retired;
use super::{Refused, read};
use crate::{Expect, KeyRow, NewObject, SealedField, StoreError, StoredObject};

pub(super) async fn put(writer: &mut Writer<'_>, new: &NewObject, expect: Expect) -> Result<(), Refused> {
    let called = called(new.kind, &new.name);
    if !writer.within.contains(new.scope) {
        return Err(
            StoreError::NotFound { object: printed(ObjectKind::Project, project_of(new.scope)) }.into()
        );
    }
    let built_in = matches!(new.kind, ObjectKind::Team | ObjectKind::Project) && new.name == DEFAULT_NAME;
    if built_in || is_built_in(new.kind, new.id) {
        return Err(StoreError::Exists { object: called }.into());
    }
    let old = read::load_here(writer.connection, &[new.id]).await?.pop();
    match (&old, expect) {
        (Some(old), _) if old.kind != new.kind => return Err(StoreError::Exists { object: called }.into()),
        // What the writer may not see does not exist for it, but its id is taken.
        (Some(old), _) if !writer.within.contains(old.scope) => {
            return Err(StoreError::NotFound { object: printed(new.kind, new.id) }.into());
        }
        (Some(_), Expect::Absent) => return Err(StoreError::Exists { object: called }.into()),
        (Some(old), Expect::Revision(expected)) => expect_revision(called.clone(), expected, old.revision)?,
        (None, Expect::Revision(_)) => return Err(StoreError::NotFound { object: called }.into()),
        (_, Expect::Anything) | (None, Expect::Absent) => {}
    }
    check_name(writer, new, &called).await?;
    writer.put.push((new.id, called.clone()));
    match old {
        Some(old) => replace(writer, new, &old, called).await,
        None => create(writer, new, called).await,
    }
}

async fn create(writer: &mut Writer<'_>, new: &NewObject, called: String) -> Result<(), Refused> {
    if let Some(field) = new.keep_secrets.iter().find(|field| !sends(new, field)) {
        return Err(StoreError::MissingSecret { object: called, field: field.clone() }.into());
    }
    let key = match (new.kind, new.key) {
        (ObjectKind::Key, None) => {
            return Err(StoreError::MissingSecret { object: called, field: "secret".to_owned() }.into());
        }
        (_, key) => key,
    };
    let revision = changed(writer.connection, new.kind, new.id, false).await?;
    sqlx::query(
        "INSERT INTO objects (revision, name, organization, team, project, namespace, updated_at_ms, body,
                              id, kind, created_at_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?7)",
    )
    .bind(revision)
    .bind(new.name.clone())
    .bind(new.scope.organization.to_bytes().to_vec())
    .bind(new.scope.team.to_bytes().to_vec())
    .bind(new.scope.project.to_bytes().to_vec())
    .bind(namespace(new.kind, new.scope).to_bytes().to_vec())
    .bind(writer.now_ms)
    .bind(new.body.clone())
    .bind(new.id.to_bytes().to_vec())
    .bind(new.kind.name())
    .execute(&mut *writer.connection)
    .await?;
    write_secrets(writer, new).await?;
    write_references(writer, new).await?;
    if let Some(key) = key {
        add_hash(writer, new.id, &key, called).await?;
    }
    let done = Done { action: "create", kind: new.kind, id: new.id, name: &new.name, scope: new.scope };
    audit::record(writer, done, revision, "").await.map_err(Refused::from)
}

async fn replace(
    writer: &mut Writer<'_>,
    new: &NewObject,
    old: &StoredObject,
    called: String,
) -> Result<(), Refused> {
    if let Some(field) = new.keep_secrets.iter().find(|field| !sends(new, field) && !has(old, field)) {
        return Err(StoreError::MissingSecret { object: called, field: field.clone() }.into());
    }
    let fields = audit::changed_fields(old, new);
    if fields.is_empty() {
        return Ok(());
    }
    let revision = changed(writer.connection, new.kind, new.id, false).await?;
    sqlx::query(
        "UPDATE objects SET revision = ?1, name = ?2, organization = ?3, team = ?4, project = ?5, namespace = ?6,
                            updated_at_ms = max(?7, created_at_ms), body = ?8
         WHERE id = ?9",
    )
    .bind(revision)
    .bind(new.name.clone())
    .bind(new.scope.organization.to_bytes().to_vec())
    .bind(new.scope.team.to_bytes().to_vec())
    .bind(new.scope.project.to_bytes().to_vec())
    .bind(namespace(new.kind, new.scope).to_bytes().to_vec())
    .bind(writer.now_ms)
    .bind(new.body.clone())
    .bind(new.id.to_bytes().to_vec())
    .execute(&mut *writer.connection)
    .await?;
    for gone in old.secrets.iter().filter(|old| !new.keep_secrets.contains(&old.field)) {
        sqlx::query("DELETE FROM secrets WHERE object = ? AND field = ?")
            .bind(new.id.to_bytes().to_vec())
            .bind(gone.field.clone())
            .execute(&mut *writer.connection)
            .await?;
    }
    write_secrets(writer, new).await?;
    sqlx::query("DELETE FROM object_references WHERE object = ?")
        .bind(new.id.to_bytes().to_vec())
        .execute(&mut *writer.connection)
        .await?;
    write_references(writer, new).await?;
    let revoked = write_key(writer, new, old, called).await?;
    let action = if revoked { "revoke" } else { "update" };
    let done = Done { action, kind: new.kind, id: new.id, name: &new.name, scope: new.scope };
    audit::record(writer, done, revision, &fields.join(", ")).await.map_err(Refused::from)
}

/// Whether somebody else has the name already.
async fn check_name(writer: &mut Writer<'_>, new: &NewObject, called: &str) -> Result<(), Refused> {
    let row = sqlx::query(
        "SELECT id FROM objects WHERE organization = ? AND kind = ? AND namespace = ? AND name = ?",
    )
    .bind(new.scope.organization.to_bytes().to_vec())
    .bind(new.kind.name())
    .bind(namespace(new.kind, new.scope).to_bytes().to_vec())
    .bind(new.name.clone())
    .fetch_optional(&mut *writer.connection)
    .await?;
    match row {
        Some(row) if id(&row, 0)? != new.id => Err(StoreError::Exists { object: called.to_owned() }.into()),
        _ => Ok(()),
    }
}

async fn write_secrets(writer: &mut Writer<'_>, new: &NewObject) -> Result<(), Refused> {
    for SealedField { field, sealed, key_id, tail } in &new.secrets {
        if is_retired(writer.connection, key_id).await? {
            return Err(StoreError::RetiredVaultKey { object: called(new.kind, &new.name) }.into());
        }
        sqlx::query(
            "INSERT OR REPLACE INTO secrets (object, field, sealed, key_id, tail) VALUES (?, ?, ?, ?, ?)",
        )
        .bind(new.id.to_bytes().to_vec())
        .bind(field.clone())
        .bind(sealed.clone())
        .bind(key_id.clone())
        .bind(tail.clone())
        .execute(&mut *writer.connection)
        .await?;
    }
    Ok(())
}

async fn write_references(writer: &mut Writer<'_>, new: &NewObject) -> Result<(), sqlx::Error> {
    for id in referred(new) {
        sqlx::query("INSERT OR IGNORE INTO object_references (object, refers_to) VALUES (?, ?)")
            .bind(new.id.to_bytes().to_vec())
            .bind(id.to_bytes().to_vec())
            .execute(&mut *writer.connection)
            .await?;
    }
    Ok(())
}

/// The references that are kept: the default team and project are always there.
pub(super) fn referred(new: &NewObject) -> impl Iterator<Item = ObjectId> {
    new.references.iter().copied().filter(|id| !is_built_in(ObjectKind::Project, *id) && *id != new.id)
}

/// Returns whether the key was revoked by this write.
async fn write_key(
    writer: &mut Writer<'_>,
    new: &NewObject,
    old: &StoredObject,
    called: String,
) -> Result<bool, Refused> {
    let Some(key) = new.key else { return Ok(false) };
    if old.key.is_some_and(|old| old.hash == key.hash) {
        sqlx::query("UPDATE key_hashes SET revoked_at_ms = COALESCE(revoked_at_ms, ?) WHERE hash = ?")
            .bind(key.revoked_at_ms)
            .bind(key.hash.to_vec())
            .execute(&mut *writer.connection)
            .await?;
        return Ok(key.revoked_at_ms.is_some());
    }
    retire_hash(writer, new.id).await?;
    add_hash(writer, new.id, &key, called).await?;
    Ok(false)
}

async fn add_hash(
    writer: &mut Writer<'_>,
    id: ObjectId,
    key: &KeyRow,
    object: String,
) -> Result<(), Refused> {
    let added = sqlx::query(
        "INSERT OR IGNORE INTO key_hashes (hash, key, prefix, length, revoked_at_ms) VALUES (?, ?, ?, ?, ?)",
    )
    .bind(key.hash.to_vec())
    .bind(id.to_bytes().to_vec())
    .bind(key.prefix.to_vec())
    .bind(key.length)
    .bind(key.revoked_at_ms)
    .execute(&mut *writer.connection)
    .await?;
    if added.rows_affected() == 0 { Err(StoreError::SecretReused { object }.into()) } else { Ok(()) }
}

/// The secret of a key that goes away, or gets another, stays as a tombstone.
pub(super) async fn retire_hash(writer: &mut Writer<'_>, id: ObjectId) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE key_hashes SET retired_at_ms = ? WHERE key = ? AND retired_at_ms IS NULL")
        .bind(writer.now_ms)
        .bind(id.to_bytes().to_vec())
        .execute(&mut *writer.connection)
        .await
        .map(drop)
}

/// Where a name is unique: the project, or for teams and projects the organization.
pub(super) fn namespace(kind: ObjectKind, scope: Scope) -> ProjectId {
    match kind {
        ObjectKind::Team | ObjectKind::Project => ProjectId(0),
        _ => scope.project,
    }
}

fn project_of(scope: Scope) -> ObjectId {
    ObjectId(scope.project.0)
}

fn sends(new: &NewObject, field: &str) -> bool {
    new.secrets.iter().any(|secret| secret.field == field)
}

fn has(old: &StoredObject, field: &str) -> bool {
    old.secrets.iter().any(|secret| secret.field == field)
}
