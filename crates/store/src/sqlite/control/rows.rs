//! Objects as they come out of the database: one query gives all that it finds as one JSON text, secrets and references
//! included.
//!
//! Each row of a result is a trip between two threads and each column an allocation; a start that reads a hundred
//! thousand objects would mostly wait for them.

use std::borrow::Cow;
use std::fmt::Write;

use domain::{ObjectId, ObjectKind, OrganizationId, ProjectId, Scope, TeamId};
use serde::Deserialize;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::{KeyRow, SealedField, StoredObject, Within};

/// A query whose only value [`objects`] reads: of `objects AS o`, with a condition.
macro_rules! select_objects {
    (within $($rest:literal)+) => {
        select_objects!(
            "o.organization = ?1 AND (?2 IS NULL OR o.team = ?2) AND (?3 IS NULL OR o.project = ?3)"
            $($rest)+
        )
    };
    ($($rest:literal)+) => {
        concat!(
            "SELECT '[' || group_concat(object, ',') || ']' FROM (
                 SELECT json_array(
                     o.kind, hex(o.id || o.organization || o.team || o.project), o.name, o.revision,
                     o.created_at_ms, o.updated_at_ms, o.body,
                     hex(k.prefix || k.hash), k.length, k.revoked_at_ms,
                     json((SELECT json_group_array(json_array(field, hex(sealed), key_id, tail))
                           FROM secrets WHERE object = o.id)),
                     json((SELECT json_group_array(hex(refers_to)) FROM object_references WHERE object = o.id))
                 ) AS object
                 FROM objects AS o
                 LEFT JOIN key_hashes AS k ON k.key = o.id AND k.retired_at_ms IS NULL
                 WHERE ",
            $($rest,)+
            ")"
        )
    };
}
pub(super) use select_objects;

/// What [`select_objects`] makes of an object, in this order.
#[derive(Deserialize)]
struct Found<'a> {
    #[serde(borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    ids: Cow<'a, str>,
    name: String,
    revision: i64,
    created_at_ms: i64,
    updated_at_ms: i64,
    body: String,
    #[serde(borrow)]
    key: Cow<'a, str>,
    length: Option<u32>,
    revoked_at_ms: Option<i64>,
    secrets: Vec<(String, String, String, String)>,
    references: Vec<String>,
}

/// The objects of a query; in no order.
pub(super) fn objects(found: Option<&str>) -> Result<Vec<StoredObject>, sqlx::Error> {
    // Without a row there is nothing to join into one text.
    let Some(text) = found else { return Ok(Vec::new()) };
    let found: Vec<Found<'_>> =
        serde_json::from_str(text).map_err(|error| sqlx::Error::Decode(error.into()))?;
    found.into_iter().map(Found::object).collect()
}

impl Found<'_> {
    fn object(self) -> Result<StoredObject, sqlx::Error> {
        let ids: [u8; 64] = hex(&self.ids, "id")?;
        let [id, organization, team, project] = quarters(&ids);
        let mut secrets = Vec::with_capacity(self.secrets.len());
        for (field, sealed, key_id, tail) in self.secrets {
            secrets.push(SealedField { field, sealed: hex_bytes(&sealed, "sealed")?, key_id, tail });
        }
        secrets.sort_by(|one, other| one.field.cmp(&other.field));
        let references = self.references.iter().map(|id| hex(id, "refers_to").map(ObjectId::from_bytes));
        let mut references: Vec<ObjectId> = references.collect::<Result<_, _>>()?;
        references.sort_unstable();
        Ok(StoredObject {
            kind: self.kind.parse().map_err(|_| unreadable("kind"))?,
            id: ObjectId::from_bytes(id),
            name: self.name,
            scope: Scope {
                organization: OrganizationId::from_bytes(organization),
                team: TeamId::from_bytes(team),
                project: ProjectId::from_bytes(project),
            },
            revision: self.revision,
            created_at_ms: self.created_at_ms,
            updated_at_ms: self.updated_at_ms,
            body: self.body,
            secrets,
            references,
            key: match self.length {
                Some(length) => Some(key(&self.key, length, self.revoked_at_ms)?),
                None => None,
            },
        })
    }
}

fn key(prefix_and_hash: &str, length: u32, revoked_at_ms: Option<i64>) -> Result<KeyRow, sqlx::Error> {
    let bytes: [u8; 36] = hex(prefix_and_hash, "hash")?;
    let (prefix, hash) = bytes.split_first_chunk().ok_or_else(|| unreadable("hash"))?;
    Ok(KeyRow { prefix: *prefix, hash: array(hash, "hash")?, length, revoked_at_ms })
}

fn quarters(ids: &[u8; 64]) -> [[u8; 16]; 4] {
    let mut quarters = [[0; 16]; 4];
    for (quarter, bytes) in quarters.iter_mut().zip(ids.as_chunks().0) {
        *quarter = *bytes;
    }
    quarters
}

/// Bytes as `hex()` writes them.
fn hex<const N: usize>(text: &str, column: &str) -> Result<[u8; N], sqlx::Error> {
    let mut bytes = [0; N];
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if pairs.len() != N || !rest.is_empty() {
        return Err(unreadable(column));
    }
    for (byte, pair) in bytes.iter_mut().zip(pairs) {
        *byte = hex_byte(*pair).ok_or_else(|| unreadable(column))?;
    }
    Ok(bytes)
}

fn hex_bytes(text: &str, column: &str) -> Result<Vec<u8>, sqlx::Error> {
    let pairs = text.as_bytes().as_chunks::<2>().0.iter();
    pairs.map(|pair| hex_byte(*pair)).collect::<Option<_>>().ok_or_else(|| unreadable(column))
}

fn hex_byte([high, low]: [u8; 2]) -> Option<u8> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    };
    Some(digit(high)? << 4 | digit(low)?)
}

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
