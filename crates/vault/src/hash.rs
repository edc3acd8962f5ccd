//! Looking a key up without keeping it: the keyed hash of the whole presented string.

use std::fmt;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hmac;

/// Hashes what callers present. With the pepper in another file than the hashes, a stolen table of hashes cannot be
/// searched for weak keys.
#[derive(Clone)]
pub struct KeyHasher {
    key: hmac::Key,
}

impl KeyHasher {
    pub fn new(pepper: &[u8; 32]) -> Self {
        Self { key: hmac::Key::new(hmac::HMAC_SHA256, pepper) }
    }

    pub fn hash(&self, presented: &[u8]) -> [u8; 32] {
        let mut hash = [0; 32];
        let tag = hmac::sign(&self.key, presented);
        for (to, from) in hash.iter_mut().zip(tag.as_ref()) {
            *to = *from;
        }
        hash
    }
}

impl fmt::Debug for KeyHasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyHasher")
    }
}

/// What every key minted by a gateway begins with: `gw_<id>_<43 base62>_<crc>`.
const MINTED_PREFIX: &str = "gw_";

/// Whether a presented token claims to be a minted key. Such a token is never ignored as an SDK's dummy, even where
/// anonymous callers are let in: who shows a key that does not match must hear so.
pub fn looks_minted(presented: &str) -> bool {
    presented.starts_with(MINTED_PREFIX)
}

/// Compares a presented secret with the expected one in a time that tells nothing about either, their lengths included.
pub fn same_secret(presented: &[u8], expected: &[u8]) -> bool {
    let (presented, expected) = (digest(&SHA256, presented), digest(&SHA256, expected));
    verify_slices_are_equal(presented.as_ref(), expected.as_ref()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The published vector for an HMAC-SHA256 key of fewer than 64 bytes (RFC 4231, case 2), padded to our key size:
    /// HMAC pads keys with zeros, so `Jefe` and `Jefe` with 28 zero bytes are the same key.
    #[test]
    fn the_hash_is_hmac_sha256() {
        let mut pepper = [0; 32];
        pepper[..4].copy_from_slice(b"Jefe");
        let hash = KeyHasher::new(&pepper).hash(b"what do ya want for nothing?");
        assert_eq!(hex(&hash), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }

    #[test]
    fn another_pepper_is_another_hash() {
        assert_ne!(KeyHasher::new(&[1; 32]).hash(b"key"), KeyHasher::new(&[2; 32]).hash(b"key"));
    }

    #[test]
    fn secrets_compare_by_value() {
        assert!(same_secret(b"token", b"token"));
        assert!(!same_secret(b"token", b"tokem"));
        assert!(!same_secret(b"token", b"token "));
        assert!(!same_secret(b"", b"token"));
    }

    #[test]
    fn only_the_prefix_claims_to_be_a_key() {
        assert!(looks_minted("gw_1_2_3"));
        assert!(!looks_minted("sk-gw_"));
        assert!(!looks_minted("gwx"));
    }
}
