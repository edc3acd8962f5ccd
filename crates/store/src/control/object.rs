//! What is stored of an object.

use std::fmt;

use domain::{ObjectId, ObjectKind, Scope};

/// An object as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredObject {
    pub kind: ObjectKind,
    pub id: ObjectId,
    pub name: String,
    pub scope: Scope,
    /// The number of the last change to it.
    pub revision: i64,
    pub created_at_ms: i64,
    pub updated_at_ms: i64,
    /// A JSON object: the form of the file, without name and secrets.
    pub body: String,
    /// By field.
    pub secrets: Vec<SealedField>,
    /// The stored objects it refers to, by id.
    pub references: Vec<ObjectId>,
    /// What a key is found by; absent for any other kind.
    pub key: Option<KeyRow>,
}

/// An object as it is to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewObject {
    pub kind: ObjectKind,
    pub id: ObjectId,
    pub name: String,
    pub scope: Scope,
    pub body: String,
    /// New secrets. A stored one of another field goes away unless it is kept.
    pub secrets: Vec<SealedField>,
    /// The fields whose stored secret stays.
    pub keep_secrets: Vec<String>,
    pub references: Vec<ObjectId>,
    /// Of a key: what it is found by. Absent for a key that exists: it stays as it is.
    pub key: Option<KeyRow>,
}

/// A secret field of an object, encrypted.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedField {
    /// Its path in the object: `api_key`, `auth.secret_access_key`.
    pub field: String,
    pub sealed: Vec<u8>,
    /// The id of the master key that its data key is wrapped with.
    pub key_id: String,
    /// What may be shown of it.
    pub tail: String,
}

/// What a virtual key is found by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyRow {
    /// The keyed hash of the whole secret.
    pub hash: [u8; 32],
    /// The first bytes of the secret and its length: enough to tell that a presented text was meant as a key.
    pub prefix: [u8; 4],
    pub length: u32,
    /// Revoked is for ever.
    pub revoked_at_ms: Option<i64>,
}

/// A secret that once was a key's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyTombstone {
    pub hash: [u8; 32],
    pub prefix: [u8; 4],
    pub length: u32,
    /// The key it belonged to.
    pub key: ObjectId,
}

/// Somebody who refers to an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectUse {
    pub kind: ObjectKind,
    pub id: ObjectId,
    pub name: String,
}

impl fmt::Debug for SealedField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealedField")
            .field("field", &self.field)
            .field("key_id", &self.key_id)
            .finish_non_exhaustive()
    }
}
