//! The contract of [`store::ControlStore`].

mod expectations;
mod history;
mod kills;
mod lists;
mod logins;
mod names;
mod objects;
mod references;
mod requests;
mod sealed;
mod secrets_of_keys;
mod tenants;
mod writers;

use domain::{ObjectId, ObjectKind, Scope};
use store::{
    Actor, Apply, Committed, ControlStore, ControlWrite, Expect, KeyRow, NewObject, SealedField, StoreError,
    Within,
};

/// Sees everything of the default organization.
pub(crate) const ALL: Within = Within::organization(Scope::DEFAULT.organization);

pub(crate) fn actor() -> Actor {
    Actor { name: "admin".to_owned(), address: Some([127, 0, 0, 1].into()) }
}

/// An object of the default project with an id of its own.
pub(crate) fn object(kind: ObjectKind, name: &str) -> NewObject {
    let id = name.bytes().fold(kind as u128 + 7, |id: u128, byte| id.rotate_left(8) ^ u128::from(byte));
    NewObject {
        kind,
        id: ObjectId(id),
        name: name.to_owned(),
        scope: Scope::DEFAULT,
        body: r#"{"provider":"openai"}"#.to_owned(),
        secrets: Vec::new(),
        keep_secrets: Vec::new(),
        references: Vec::new(),
        key: (kind == ObjectKind::Key).then(|| key_row(id)),
    }
}

pub(crate) fn credential(name: &str) -> NewObject {
    object(ObjectKind::Credential, name)
}

pub(crate) fn key_row(seed: u128) -> KeyRow {
    let mut hash = [0; 32];
    hash[..16].copy_from_slice(&seed.to_be_bytes());
    KeyRow { hash, prefix: *b"gw_1", length: 60, revoked_at_ms: None }
}

pub(crate) fn sealed(field: &str, bytes: &[u8], key_id: &str) -> SealedField {
    SealedField {
        field: field.to_owned(),
        sealed: bytes.to_vec(),
        key_id: key_id.to_owned(),
        tail: "…wxyz".to_owned(),
    }
}

pub(crate) fn put(object: &NewObject) -> ControlWrite {
    put_if(object, Expect::Anything)
}

pub(crate) fn put_if(object: &NewObject, expect: Expect) -> ControlWrite {
    ControlWrite::Put { object: object.clone(), expect }
}

pub(crate) fn delete(object: &NewObject) -> ControlWrite {
    ControlWrite::Delete { kind: object.kind, id: object.id, expect: Expect::Anything }
}

pub(crate) async fn apply(
    store: &dyn ControlStore,
    writes: &[ControlWrite],
) -> Result<Committed, StoreError> {
    apply_within(store, ALL, writes).await
}

pub(crate) async fn apply_within(
    store: &dyn ControlStore,
    within: Within,
    writes: &[ControlWrite],
) -> Result<Committed, StoreError> {
    store.apply(Apply { within, actor: &actor(), writes, idempotency: None }).await
}
