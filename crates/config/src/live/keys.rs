//! Stored keys, which change beside the snapshot: a hundred thousand of them are not compiled again because one was
//! revoked.

use domain::ObjectId;
use store::StoredObject;

use super::{Live, State, load};
use crate::compile::{Quarantined, stored_key};
use crate::diagnostic::Findings;
use crate::objects::problems;
use crate::snapshot::{Anonymous, KeyChange, KeyEntry, KeyShape};

impl Live {
    /// Takes in keys as they are now; `None` for one that is gone. Behind this nobody gets in with what was taken away.
    pub(super) fn take_keys<'o>(
        &self,
        state: &mut State,
        keys: impl Iterator<Item = (ObjectId, Option<&'o StoredObject>)>,
    ) {
        let changes: Vec<KeyChange> = keys.map(|(id, object)| self.change(state, id, object)).collect();
        if changes.is_empty() {
            return;
        }
        let snapshot = self.snapshot.load();
        let none_before = snapshot.keys.is_empty();
        self.keys.update(changes);
        let open_until_now = snapshot.server.anonymous == Anonymous::LoopbackUntilFirstKey;
        if none_before && !snapshot.keys.is_empty() && open_until_now {
            tracing::warn!(
                "the first virtual key ends calls without a key; `server.anonymous: loopback` keeps them for this machine"
            );
        }
        let quarantined = state.quarantined_keys.values().cloned();
        let status = self.status.load();
        let others = status.quarantined.iter().filter(|one| one.kind != domain::ObjectKind::Key).cloned();
        let all: Vec<Quarantined> = others.chain(quarantined).collect();
        if all != status.quarantined {
            self.note(state, |status| status.quarantined = all);
        }
    }

    fn change(&self, state: &mut State, id: ObjectId, object: Option<&StoredObject>) -> KeyChange {
        state.quarantined_keys.remove(&id);
        let Some(object) = object else { return KeyChange { id, now: None } };
        let Some(row_key) = object.key else { return KeyChange { id, now: None } };
        let row = load::row(&self.origins, object);
        let mut findings = Findings::new("");
        let key = stored_key(&row, &self.basis.load().world, &mut findings);
        let revoked = row_key.revoked_at_ms.is_some();
        if key.is_none() && !revoked {
            let mut found = row.problems;
            found.extend(problems(findings));
            let quarantined = Quarantined {
                kind: object.kind,
                id,
                name: object.name.clone(),
                scope: object.scope,
                problems: found,
            };
            state.quarantined_keys.insert(id, quarantined);
        }
        let shape = KeyShape::new(row_key.prefix, row_key.length);
        let key = key.filter(|_| !revoked);
        KeyChange { id, now: Some(KeyEntry { hash: row_key.hash, shape, key }) }
    }

    /// Compiles all of them anew: what they are in has moved.
    pub(super) async fn reload_keys(&self, state: &mut State) -> Result<(), store::StoreError> {
        let keys = load::keys(&self.origins).await?;
        self.take_keys(state, keys.iter().map(|object| (object.id, Some(object))));
        Ok(())
    }
}
