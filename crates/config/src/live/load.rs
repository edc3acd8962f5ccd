//! Stored objects as they come out of the store.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use domain::{ObjectId, ObjectKind};
use store::{Change, SealedField, StoreError, StoredObject};

use super::Origins;
use crate::row::Row;
use crate::snapshot::KeyShape;

/// How many objects or changes are asked for at once.
pub(super) const PAGE: usize = 1_000;

type Rows = BTreeMap<(ObjectKind, ObjectId), Arc<Row>>;

/// Stored keys, and what those that ended looked like.
pub(super) struct Keys {
    pub(super) objects: Vec<StoredObject>,
    pub(super) ended: Vec<KeyShape>,
}

/// Everything that is stored.
pub(super) async fn everything(origins: &Origins) -> Result<(Rows, Keys), StoreError> {
    let mut rows = Rows::new();
    let mut keys = Vec::new();
    let mut after = None;
    loop {
        let page = origins.control.all(after, PAGE).await?;
        let full = page.len() == PAGE;
        after = page.last().map(|object| (object.kind, object.id));
        for object in page {
            if object.kind == ObjectKind::Key {
                keys.push(object);
            } else {
                rows.insert((object.kind, object.id), Arc::new(row(origins, &object)));
            }
        }
        if !full {
            break;
        }
    }
    Ok((rows, Keys { objects: keys, ended: ended(origins).await? }))
}

async fn ended(origins: &Origins) -> Result<Vec<KeyShape>, StoreError> {
    let mut ended = Vec::new();
    let mut after = None;
    loop {
        let page = origins.control.tombstones(after, PAGE).await?;
        let full = page.len() == PAGE;
        after = page.last().map(|tombstone| tombstone.hash);
        ended.extend(page.iter().map(|tombstone| KeyShape::new(tombstone.prefix, tombstone.length)));
        if !full {
            return Ok(ended);
        }
    }
}

/// All stored keys.
pub(super) async fn keys(origins: &Origins) -> Result<Vec<StoredObject>, StoreError> {
    let mut keys = Vec::new();
    let mut after = Some((ObjectKind::Key, ObjectId(0)));
    loop {
        let page = origins.control.all(after, PAGE).await?;
        let full = page.len() == PAGE;
        after = page.last().map(|object| (object.kind, object.id));
        keys.extend(page.into_iter().filter(|object| object.kind == ObjectKind::Key));
        if !full {
            return Ok(keys);
        }
    }
}

/// What changed, as it is now.
pub(super) struct Changed {
    pub(super) rows: Vec<((ObjectKind, ObjectId), Option<Row>)>,
    pub(super) keys: Vec<(ObjectId, Option<StoredObject>)>,
}

pub(super) async fn changed(origins: &Origins, changes: &[Change]) -> Result<Changed, StoreError> {
    let mut kinds: BTreeMap<ObjectId, ObjectKind> = BTreeMap::new();
    kinds.extend(changes.iter().map(|change| (change.id, change.kind)));
    let ids: Vec<ObjectId> = kinds.keys().copied().collect();
    let loaded = origins.control.load(&ids).await?;
    let mut loaded: HashMap<ObjectId, StoredObject> =
        loaded.into_iter().map(|object| (object.id, object)).collect();
    let mut changed = Changed { rows: Vec::new(), keys: Vec::new() };
    for (id, kind) in kinds {
        // A newer state than that of the change is as good: its own change comes next and finds nothing to do.
        let object = loaded.remove(&id);
        if kind == ObjectKind::Key {
            changed.keys.push((id, object));
        } else {
            changed.rows.push(((kind, id), object.map(|object| row(origins, &object))));
        }
    }
    Ok(changed)
}

pub(super) fn row(origins: &Origins, object: &StoredObject) -> Row {
    let open = |id: ObjectId, sealed: &SealedField| {
        origins.vault.open_field(id, sealed).map_err(|error| error.to_string())
    };
    Row::read(object, &open)
}
