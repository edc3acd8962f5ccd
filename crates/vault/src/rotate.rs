//! Rotating the master key while the gateway serves: every stored secret is sealed again under the current key, in
//! batches between which others write.

use std::collections::BTreeSet;

use domain::{ObjectId, Scope};
use store::{Actor, ControlStore, Reseal, SealedRow};

use crate::{Vault, VaultError};

/// Sealed again in one transaction; another writer waits for no more.
const BATCH: usize = 250;
/// Rounds over what others stored under the old key meanwhile. The second finds next to nothing.
const ROUNDS: usize = 20;
/// Of the secrets that did not open; the rest is counted.
const NAMED: usize = 20;

/// What a rotation did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rotated {
    /// The key that everything is sealed under now.
    pub key_id: String,
    /// How many secrets were sealed again.
    pub resealed: u64,
    /// The keys that are not needed any more, and are gone from the file `vault-key`. A configured one can be taken out
    /// of `vault.previous`.
    pub retired: Vec<String>,
    /// Secrets that stay as they are because they do not open; the keys they need were kept.
    pub unopened: Vec<Unopened>,
    /// How many of them there are: not all are named.
    pub unopened_count: u64,
}

/// A secret that does not open, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unopened {
    pub object: ObjectId,
    pub field: String,
    pub problem: String,
}

/// Seals everything under a new key, if the gateway makes its own, or else under the configured one. May be called again
/// whenever it was interrupted: it is taken up where it was left.
pub async fn rotate(vault: &Vault, store: &dyn ControlStore, actor: &Actor) -> Result<Rotated, VaultError> {
    let _rotating = vault.rotating()?;
    let before = vault.key_ids();
    let mut rotated = Rotated { key_id: vault.begin_rotation()?, ..Rotated::default() };
    for round in 1.. {
        let resealed = pass(vault, store, &mut rotated).await?;
        rotated.resealed += resealed;
        let left = left(store, &rotated.key_id).await?;
        if left <= rotated.unopened_count {
            break;
        }
        if round == ROUNDS {
            return Err(VaultError::Unsettled { left });
        }
    }
    give_up(vault, store, before, &mut rotated).await?;
    let detail = format!(
        "{} secrets under vault key {}; {} did not open",
        rotated.resealed, rotated.key_id, rotated.unopened_count
    );
    store.note(Scope::DEFAULT, actor, "vault.rotate", &detail).await?;
    Ok(rotated)
}

/// Fails if something is stored that no key at hand opens: for the start, where it can still be put right.
pub async fn check(vault: &Vault, store: &dyn ControlStore) -> Result<(), VaultError> {
    let known: BTreeSet<String> = vault.key_ids().into_iter().collect();
    let under = store.sealed_under().await?;
    let unknown = under.into_iter().filter(|(id, _)| !known.contains(id));
    let (key_ids, counts): (Vec<_>, Vec<_>) = unknown.unzip();
    if key_ids.is_empty() {
        return Ok(());
    }
    Err(VaultError::MissingKeys { key_ids, secrets: counts.iter().sum() })
}

/// Goes once over everything that is not under the current key. Returns how much was sealed again.
async fn pass(vault: &Vault, store: &dyn ControlStore, rotated: &mut Rotated) -> Result<u64, VaultError> {
    let mut resealed = 0;
    let mut last: Option<SealedRow> = None;
    rotated.unopened.clear();
    rotated.unopened_count = 0;
    loop {
        let rows = store.sealed_not_under(&rotated.key_id, last.as_ref(), BATCH).await?;
        let Some(end) = rows.last() else { return Ok(resealed) };
        last = Some(end.clone());
        let mut batch = Vec::with_capacity(rows.len());
        for was in rows {
            match vault.reseal(&was) {
                Ok((sealed, key_id)) => batch.push(Reseal { was, sealed, key_id }),
                Err(error) => rotated.note_unopened(was, &error),
            }
        }
        resealed += u64::try_from(store.reseal(&batch).await?).unwrap_or(u64::MAX);
    }
}

/// How much is not under this key.
async fn left(store: &dyn ControlStore, key_id: &str) -> Result<u64, VaultError> {
    let under = store.sealed_under().await?;
    Ok(under.iter().filter(|(id, _)| id != key_id).map(|(_, count)| count).sum())
}

/// Gives up the keys that nothing needs. The store decides: it refuses what a writer sealed under one of them before
/// and stores only now.
async fn give_up(
    vault: &Vault,
    store: &dyn ControlStore,
    before: Vec<String>,
    rotated: &mut Rotated,
) -> Result<(), VaultError> {
    if vault.is_configured() {
        let under = store.sealed_under().await?;
        let needed = |id: &String| *id == rotated.key_id || under.iter().any(|(key_id, _)| key_id == id);
        rotated.retired = before.into_iter().filter(|id| !needed(id)).collect();
        return Ok(());
    }
    let outdated = vault.outdated_ids();
    for id in &outdated {
        if !store.retire_vault_key(id).await? {
            return Ok(());
        }
    }
    vault.finish_rotation(&outdated)?;
    rotated.retired = outdated;
    Ok(())
}

impl Rotated {
    fn note_unopened(&mut self, row: SealedRow, error: &VaultError) {
        self.unopened_count += 1;
        if self.unopened.len() < NAMED {
            self.unopened.push(Unopened { object: row.object, field: row.field, problem: error.to_string() });
        }
    }
}
