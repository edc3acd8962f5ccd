//! Objects as rows: the columns that make one, and the secrets and references that lie in tables of their own.

use std::collections::HashMap;
use std::fmt::Write;

use domain::{ObjectId, ObjectKind, OrganizationId, ProjectId, Scope, TeamId};
use sqlx::Row;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use crate::{KeyRow, SealedField, StoredObject, Within};

/// A query whose rows [`object`] reads: of `objects AS o`, with a condition.
macro_rules! select_objects {
    (within $($rest:literal)+) => {
        select_objects!(
            "o.organization = ?1 AND (?2 IS NULL OR o.team = ?2) AND (?3 IS NULL OR o.project = ?3)"
            $($rest)+
        )
    };
    ($($rest:literal)+) => {
        concat!(
            "SELECT o.kind, CAST(o.id || o.organization || o.team || o.project AS BLOB), o.name, o.revision,
                    o.created_at_ms, o.updated_at_ms, o.body, CAST(k.prefix || k.hash AS BLOB), k.length,
                    k.revoked_at_ms
             FROM objects AS o
             LEFT JOIN key_hashes AS k ON k.key = o.id AND k.retired_at_ms IS NULL
             WHERE ",
            $($rest),+
        )
    };
}
pub(super) use select_objects;

/// The part of the tenant tree that a query sees: what `?1`, `?2` and `?3` are bound to.
pub(super) struct Tenant {
    pub(super) organization: Vec<u8>,
    pub(super) team: Option<Vec<u8>>,
    pub(super) project: Option<Vec<u8>>,
}

impl From<Within> for Tenant {
    fn from(within: Within) -> Self {
        Self {
            organization: within.organization.to_bytes().to_vec(),
            team: within.team.map(|team| team.to_bytes().to_vec()),
            project: within.project.map(|project| project.to_bytes().to_vec()),
        }
    }
}

/// An object without its secrets and references; [`complete`] adds them.
pub(super) fn object(row: &SqliteRow) -> Result<StoredObject, sqlx::Error> {
    // Ids lie side by side in one column: a start reads very many rows, and each column costs.
    let ids: [u8; 64] = array(row.try_get(1)?, "id")?;
    let [id, organization, team, project] = parts(&ids);
    let key = match row.try_get::<Option<&[u8]>, _>(7)? {
        None => None,
        Some(found) => {
            let (prefix, hash) = found.split_first_chunk().ok_or_else(|| unreadable("hash"))?;
            Some(KeyRow {
                prefix: *prefix,
                hash: array(hash, "hash")?,
                length: row.try_get(8)?,
                revoked_at_ms: row.try_get(9)?,
            })
        }
    };
    Ok(StoredObject {
        kind: kind(row, 0)?,
        id: ObjectId::from_bytes(id),
        name: row.try_get(2)?,
        scope: Scope {
            organization: OrganizationId::from_bytes(organization),
            team: TeamId::from_bytes(team),
            project: ProjectId::from_bytes(project),
        },
        revision: row.try_get(3)?,
        created_at_ms: row.try_get(4)?,
        updated_at_ms: row.try_get(5)?,
        body: row.try_get(6)?,
        secrets: Vec::new(),
        references: Vec::new(),
        key,
    })
}

fn parts(ids: &[u8; 64]) -> [[u8; 16]; 4] {
    let mut parts = [[0; 16]; 4];
    for (part, bytes) in parts.iter_mut().zip(ids.as_chunks().0) {
        *part = *bytes;
    }
    parts
}

/// Adds secrets and references. The caller reads the objects in the same transaction.
pub(super) async fn complete(
    connection: &mut SqliteConnection,
    objects: &mut [StoredObject],
) -> Result<(), sqlx::Error> {
    let places: HashMap<ObjectId, usize> =
        objects.iter().enumerate().map(|(place, object)| (object.id, place)).collect();
    let ids = id_list(objects.iter().map(|object| object.id));
    let rows = sqlx::query(
        "SELECT object, field, sealed, key_id, tail FROM secrets
         WHERE object IN (SELECT unhex(value) FROM json_each(?)) ORDER BY object, field",
    )
    .bind(&ids)
    .fetch_all(&mut *connection)
    .await?;
    for row in &rows {
        if let Some(place) = places.get(&id(row, 0)?) {
            objects[*place].secrets.push(SealedField {
                field: row.try_get(1)?,
                sealed: row.try_get(2)?,
                key_id: row.try_get(3)?,
                tail: row.try_get(4)?,
            });
        }
    }
    let rows = sqlx::query(
        "SELECT object, refers_to FROM object_references
         WHERE object IN (SELECT unhex(value) FROM json_each(?)) ORDER BY object, refers_to",
    )
    .bind(&ids)
    .fetch_all(connection)
    .await?;
    for row in &rows {
        if let Some(place) = places.get(&id(row, 0)?) {
            objects[*place].references.push(id(row, 1)?);
        }
    }
    Ok(())
}

/// A list of ids as one parameter: `unhex(value)` of each element of it as a JSON array.
pub(super) fn id_list(ids: impl IntoIterator<Item = ObjectId>) -> String {
    let mut list = "[".to_owned();
    for id in ids {
        let comma = if list.len() > 1 { "," } else { "" };
        // Writing to a string cannot fail.
        let _ = write!(list, "{comma}\"{:032x}\"", id.0);
    }
    list.push(']');
    list
}

pub(super) fn kind(row: &SqliteRow, column: usize) -> Result<ObjectKind, sqlx::Error> {
    let name: &str = row.try_get(column)?;
    name.parse().map_err(|_| unreadable("kind"))
}

pub(super) fn id(row: &SqliteRow, column: usize) -> Result<ObjectId, sqlx::Error> {
    array(row.try_get(column)?, "id").map(ObjectId::from_bytes)
}

/// Organization, team and project stand side by side.
pub(super) fn scope(row: &SqliteRow, column: usize) -> Result<Scope, sqlx::Error> {
    Ok(Scope {
        organization: OrganizationId::from_bytes(array(row.try_get(column)?, "organization")?),
        team: TeamId::from_bytes(array(row.try_get(column + 1)?, "team")?),
        project: ProjectId::from_bytes(array(row.try_get(column + 2)?, "project")?),
    })
}

pub(super) fn array<const N: usize>(bytes: &[u8], column: &str) -> Result<[u8; N], sqlx::Error> {
    bytes.try_into().map_err(|_| unreadable(column))
}

pub(super) fn unreadable(column: &str) -> sqlx::Error {
    sqlx::Error::ColumnDecode { index: column.to_owned(), source: "not a value of this version".into() }
}

/// How an error names an object.
pub(super) fn called(kind: ObjectKind, name: &str) -> String {
    format!("{kind} `{name}`")
}

/// The same of one whose name is not known.
pub(super) fn printed(kind: ObjectKind, id: ObjectId) -> String {
    format!("{kind} `{}`", kind.print(id))
}

/// `limit` as SQL wants it, between one and `most`.
pub(super) fn at_most(limit: usize, most: usize) -> i64 {
    i64::try_from(limit.clamp(1, most)).unwrap_or(i64::MAX)
}
