//! The envelope: each secret is encrypted with a data key of its own, and that one with a master key, both by
//! AES-256-GCM. Both layers authenticate the place of the secret; the outer one also the name of the master key.
//!
//! ```text
//! version 1 | length of name | name of master key | nonce 12 | data key 32 + tag 16 | nonce 12 | secret + tag 16
//! ```

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use domain::Secret;

use crate::keyring::MasterKey;
use crate::random::fresh_bytes;
use crate::{Place, VaultError};

const VERSION: u8 = 1;
const TAG_LEN: usize = 16;
const KEY_LEN: usize = 32;
const WRAPPED_LEN: usize = NONCE_LEN + KEY_LEN + TAG_LEN;

/// A sealed value, taken apart.
struct Envelope<'a> {
    key_id: &'a str,
    wrapped_key: &'a [u8],
    value: &'a [u8],
}

/// Seals `value` for `place` under `master`.
pub(crate) fn seal(master: &MasterKey, place: Place<'_>, value: &[u8]) -> Result<Vec<u8>, VaultError> {
    let data_key = fresh_bytes::<KEY_LEN>()?;
    let mut sealed =
        Vec::with_capacity(2 + master.id.len() + WRAPPED_LEN + NONCE_LEN + value.len() + TAG_LEN);
    wrap(master, place, &data_key, &mut sealed)?;
    encrypt(&data_key, &place.to_bytes(VALUE), value, &mut sealed)?;
    Ok(sealed)
}

/// Opens what was sealed for `place`, with the master key that `find` has for its name.
pub(crate) fn open<'k>(
    place: Place<'_>,
    sealed: &[u8],
    find: impl Fn(&str) -> Option<&'k MasterKey>,
) -> Result<Secret<Vec<u8>>, VaultError> {
    let envelope = Envelope::parse(place, sealed)?;
    let data_key = unwrap(&envelope, place, find)?;
    decrypt(&data_key, &place.to_bytes(VALUE), envelope.value).ok_or_else(|| changed(place))
}

/// The same secret under the master key `to`. `None`: it is under that one already.
pub(crate) fn rewrap<'k>(
    to: &MasterKey,
    place: Place<'_>,
    sealed: &[u8],
    find: impl Fn(&str) -> Option<&'k MasterKey>,
) -> Result<Option<Vec<u8>>, VaultError> {
    let envelope = Envelope::parse(place, sealed)?;
    if envelope.key_id == to.id {
        return Ok(None);
    }
    let data_key = unwrap(&envelope, place, find)?;
    // What does not open must not be passed on as if it were fine.
    decrypt(&data_key, &place.to_bytes(VALUE), envelope.value).ok_or_else(|| changed(place))?;
    let mut resealed = Vec::with_capacity(2 + to.id.len() + WRAPPED_LEN + envelope.value.len());
    wrap(to, place, &data_key, &mut resealed)?;
    resealed.extend_from_slice(envelope.value);
    Ok(Some(resealed))
}

impl<'a> Envelope<'a> {
    fn parse(place: Place<'_>, sealed: &'a [u8]) -> Result<Self, VaultError> {
        let changed = || changed(place);
        let [version, length, rest @ ..] = sealed else { return Err(changed()) };
        if *version != VERSION {
            return Err(VaultError::NewerFormat { place: place.to_string() });
        }
        let (key_id, rest) = rest.split_at_checked(usize::from(*length)).ok_or_else(changed)?;
        let (wrapped_key, value) = rest.split_at_checked(WRAPPED_LEN).ok_or_else(changed)?;
        let key_id = std::str::from_utf8(key_id).map_err(|_| changed())?;
        Ok(Self { key_id, wrapped_key, value })
    }
}

fn wrap(
    master: &MasterKey,
    place: Place<'_>,
    data_key: &Secret<[u8; KEY_LEN]>,
    into: &mut Vec<u8>,
) -> Result<(), VaultError> {
    let length = u8::try_from(master.id.len()).map_err(|_| VaultError::Encryption)?;
    into.extend_from_slice(&[VERSION, length]);
    into.extend_from_slice(master.id.as_bytes());
    encrypt(&master.bytes, &wrapping(&master.id, place), data_key.expose(), into)
}

fn unwrap<'k>(
    envelope: &Envelope<'_>,
    place: Place<'_>,
    find: impl Fn(&str) -> Option<&'k MasterKey>,
) -> Result<Secret<[u8; KEY_LEN]>, VaultError> {
    let master = find(envelope.key_id).ok_or_else(|| VaultError::MissingKey {
        place: place.to_string(),
        key_id: envelope.key_id.escape_debug().to_string(),
    })?;
    let key = decrypt(&master.bytes, &wrapping(envelope.key_id, place), envelope.wrapped_key);
    let key = key.ok_or_else(|| changed(place))?;
    <[u8; KEY_LEN]>::try_from(key.expose().as_slice()).map(Secret::new).map_err(|_| changed(place))
}

/// Authenticated with a wrapped data key.
fn wrapping(key_id: &str, place: Place<'_>) -> Vec<u8> {
    let mut bytes = place.to_bytes(DATA_KEY);
    bytes.extend_from_slice(key_id.as_bytes());
    bytes
}

/// Appends a fresh nonce, the encrypted value and its tag.
fn encrypt(
    key: &Secret<[u8; KEY_LEN]>,
    authenticated: &[u8],
    value: &[u8],
    into: &mut Vec<u8>,
) -> Result<(), VaultError> {
    let nonce = fresh_bytes::<NONCE_LEN>()?;
    into.extend_from_slice(nonce.expose());
    let start = into.len();
    into.extend_from_slice(value);
    let nonce = Nonce::assume_unique_for_key(*nonce.expose());
    let tag = cipher(key)
        .and_then(|cipher| {
            cipher.seal_in_place_separate_tag(nonce, Aad::from(authenticated), &mut into[start..]).ok()
        })
        .ok_or(VaultError::Encryption)?;
    into.extend_from_slice(tag.as_ref());
    Ok(())
}

/// `None` for anything that was not encrypted with this key and these authenticated bytes.
fn decrypt(key: &Secret<[u8; KEY_LEN]>, authenticated: &[u8], encrypted: &[u8]) -> Option<Secret<Vec<u8>>> {
    let (nonce, value) = encrypted.split_first_chunk::<NONCE_LEN>()?;
    let (value, tag) = value.split_at_checked(value.len().checked_sub(TAG_LEN)?)?;
    let mut opened = vec![0; value.len()];
    let nonce = Nonce::assume_unique_for_key(*nonce);
    let done = cipher(key)?.open_separate_gather(nonce, Aad::from(authenticated), value, tag, &mut opened);
    let opened = Secret::new(opened);
    done.ok().map(|()| opened)
}

fn cipher(key: &Secret<[u8; KEY_LEN]>) -> Option<LessSafeKey> {
    UnboundKey::new(&AES_256_GCM, key.expose()).ok().map(LessSafeKey::new)
}

fn changed(place: Place<'_>) -> VaultError {
    VaultError::Changed { place: place.to_string() }
}

const DATA_KEY: &[u8] = b"gatewright data key 1";
const VALUE: &[u8] = b"gatewright value 1";

#[cfg(test)]
mod tests;
