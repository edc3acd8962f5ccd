//! The vault: seals secrets for the store and opens them again, under master keys from the configuration or, where none
//! is given, from a file of its own.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use domain::{ObjectId, Secret};
use store::{SealedField, SealedRow};
use zeroize::Zeroize;

use crate::files::vault_key::FileKeys;
use crate::keyring::{Keyring, MasterKey};
use crate::random::fresh_bytes;
use crate::{DataDir, Place, VaultError, VaultKeys, seal, tail};

/// Of the keys that were given up while this process lives.
const MOST_RETIRED: usize = 16;

/// Seals and opens. Shared by everybody who does; rotation and reload swap the keys under them.
pub struct Vault {
    ring: ArcSwap<Keyring>,
    sources: Mutex<Sources>,
    rotating: AtomicBool,
}

/// While it is there, nobody else rotates.
#[derive(Debug)]
pub(crate) struct Rotating<'a>(&'a AtomicBool);

/// Where the keys of the ring come from.
struct Sources {
    data_dir: DataDir,
    configured: Option<VaultKeys>,
    /// Absent where keys are configured and no file was ever made.
    file: Option<FileKeys>,
    retired: Vec<MasterKey>,
}

impl Vault {
    /// With the keys that are configured, and those of the file `vault-key`. Where there are neither, a key is made.
    pub fn open(data_dir: &mut DataDir, configured: Option<VaultKeys>) -> Result<Self, VaultError> {
        let file = match configured {
            Some(_) => data_dir.vault_keys()?,
            None => Some(data_dir.vault_keys_or_new()?),
        };
        let sources = Sources { data_dir: data_dir.clone(), configured, file, retired: Vec::new() };
        let ring = sources.ring()?;
        Ok(Self {
            ring: ArcSwap::from_pointee(ring),
            sources: Mutex::new(sources),
            rotating: AtomicBool::new(false),
        })
    }

    /// Encrypts `value` for exactly this place.
    pub fn seal(&self, place: Place<'_>, value: &[u8]) -> Result<Vec<u8>, VaultError> {
        seal::seal(&self.ring.load().current, place, value)
    }

    /// Opens what was sealed for this place.
    pub fn open_sealed(&self, place: Place<'_>, sealed: &[u8]) -> Result<Secret<String>, VaultError> {
        let ring = self.ring.load();
        let value = seal::open(place, sealed, |id| ring.find(id))?;
        let text = String::from_utf8(value.expose().clone()).map_err(|error| {
            error.into_bytes().zeroize();
            VaultError::NotText { place: place.to_string() }
        })?;
        Ok(Secret::new(text))
    }

    /// A secret field of an object as the store keeps it.
    pub fn seal_field(
        &self,
        object: ObjectId,
        field: &str,
        secret: &Secret<String>,
    ) -> Result<SealedField, VaultError> {
        let ring = self.ring.load();
        let place = Place::of_object(object, field);
        Ok(SealedField {
            field: field.to_owned(),
            sealed: seal::seal(&ring.current, place, secret.expose().as_bytes())?,
            key_id: ring.current.id.clone(),
            tail: tail(secret.expose()),
        })
    }

    /// The secret behind a field of an object.
    pub fn open_field(&self, object: ObjectId, field: &SealedField) -> Result<Secret<String>, VaultError> {
        self.open_sealed(Place::of_object(object, &field.field), &field.sealed)
    }

    /// The same secret under the current key; `None` if it is under that one already.
    pub fn rewrap(&self, place: Place<'_>, sealed: &[u8]) -> Result<Option<Vec<u8>>, VaultError> {
        let ring = self.ring.load();
        seal::rewrap(&ring.current, place, sealed, |id| ring.find(id))
    }

    /// The name of the key that seals.
    pub fn current_id(&self) -> String {
        self.ring.load().current.id.clone()
    }

    /// The names of all keys at hand, the current one first.
    pub fn key_ids(&self) -> Vec<String> {
        let ring = self.ring.load();
        std::iter::once(&ring.current).chain(&ring.previous).map(|key| key.id.clone()).collect()
    }

    /// Whether the current key is from the configuration; else the gateway made it.
    pub fn is_configured(&self) -> bool {
        self.sources().configured.is_some()
    }

    /// Other keys from the configuration. Takes effect whole or not at all.
    pub fn set_configured(&self, configured: Option<VaultKeys>) -> Result<(), VaultError> {
        let mut sources = self.sources();
        if sources.configured == configured {
            return Ok(());
        }
        if configured.is_none() && sources.file.is_none() {
            sources.file = Some(sources.data_dir.vault_keys_or_new()?);
        }
        let before = std::mem::replace(&mut sources.configured, configured);
        sources
            .retire(before.into_iter().flat_map(|keys| std::iter::once(keys.current).chain(keys.previous)));
        self.ring.store(Arc::new(sources.ring()?));
        Ok(())
    }

    /// A sealed row of the store under the current key, and the name of that. The row may be under it already: then
    /// only what it says about its key is put right.
    pub(crate) fn reseal(&self, was: &SealedRow) -> Result<(Vec<u8>, String), VaultError> {
        let ring = self.ring.load();
        let place = Place::of_object(was.object, &was.field);
        let resealed = seal::rewrap(&ring.current, place, &was.sealed, |id| ring.find(id))?;
        Ok((resealed.unwrap_or_else(|| was.sealed.clone()), ring.current.id.clone()))
    }

    pub(crate) fn rotating(&self) -> Result<Rotating<'_>, VaultError> {
        match self.rotating.swap(true, Ordering::Acquire) {
            false => Ok(Rotating(&self.rotating)),
            true => Err(VaultError::Rotating),
        }
    }

    /// Makes a new key that seals from now on, where the gateway makes its keys; the old ones stay in the file. A
    /// rotation that was interrupted is taken up again under the key that it began with. Returns the name of the key
    /// that seals.
    pub(crate) fn begin_rotation(&self) -> Result<String, VaultError> {
        let mut sources = self.sources();
        if sources.configured.is_none()
            && let Some(file) = &sources.file
            && file.len() == 1
        {
            let mut keys = vec![fresh_bytes::<32>()?];
            keys.extend(file.iter().cloned());
            sources.data_dir.replace_vault_keys(&keys)?;
            sources.file = Some(keys);
            self.ring.store(Arc::new(sources.ring()?));
        }
        Ok(self.current_id())
    }

    /// The names of the keys in the file that a rotation leaves behind.
    pub(crate) fn outdated_ids(&self) -> Vec<String> {
        let sources = self.sources();
        let file = sources.file.as_deref().unwrap_or_default();
        file.iter().skip(1).map(|key| MasterKey::new(key.clone()).id).collect()
    }

    /// Takes these keys out of the file. Nothing may be sealed under them any more; what somebody has read already can
    /// still be opened for as long as this process lives.
    pub(crate) fn finish_rotation(&self, outdated: &[String]) -> Result<(), VaultError> {
        let mut sources = self.sources();
        let Some((current, previous)) = sources.file.as_ref().and_then(|keys| keys.split_first()) else {
            return Ok(());
        };
        let (gone, needed): (FileKeys, FileKeys) =
            previous.iter().cloned().partition(|key| outdated.contains(&MasterKey::new(key.clone()).id));
        let keys: FileKeys = std::iter::once(current.clone()).chain(needed).collect();
        sources.data_dir.replace_vault_keys(&keys)?;
        sources.file = Some(keys);
        sources.retire(gone);
        self.ring.store(Arc::new(sources.ring()?));
        Ok(())
    }

    fn sources(&self) -> MutexGuard<'_, Sources> {
        // Nothing is left half-done by a panic: the ring is swapped whole.
        self.sources.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sources {
    fn ring(&self) -> Result<Keyring, VaultError> {
        let configured = self.configured.iter();
        let configured =
            configured.flat_map(|keys| std::iter::once(&keys.current).chain(&keys.previous).cloned());
        let file = self.file.iter().flatten().cloned();
        let mut keys = configured.chain(file).map(MasterKey::new);
        let current = keys.next().ok_or(VaultError::Encryption)?;
        Ok(Keyring { current, previous: keys.collect(), retired: self.retired.clone() })
    }

    fn retire(&mut self, keys: impl IntoIterator<Item = Secret<[u8; 32]>>) {
        self.retired.extend(keys.into_iter().map(MasterKey::new));
        let excess = self.retired.len().saturating_sub(MOST_RETIRED);
        self.retired.drain(..excess);
    }
}

impl Drop for Rotating<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault").field("keys", &self.key_ids()).finish_non_exhaustive()
    }
}
