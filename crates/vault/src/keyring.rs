//! Master keys: where they come from, what they are called, and which one seals.

use std::fmt;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use domain::Secret;
use zeroize::Zeroize;

/// The keys that somebody gave in the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VaultKeys {
    /// Seals.
    pub current: Secret<[u8; 32]>,
    /// Only open.
    pub previous: Vec<Secret<[u8; 32]>>,
}

/// A text that is no master key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAVaultKey;

impl fmt::Display for NotAVaultKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "a vault key is 32 bytes, written as base64 or as 64 hex digits; `openssl rand -base64 32` makes one",
        )
    }
}

impl std::error::Error for NotAVaultKey {}

/// Reads a master key as people write it: base64 in either alphabet, padded or not, or hex.
pub fn parse_vault_key(text: &str) -> Result<Secret<[u8; 32]>, NotAVaultKey> {
    let mut key = [0; 32];
    let read = match text.len() {
        64 => read_hex(text.as_bytes(), &mut key),
        43 | 44 => read_base64(text, &mut key),
        _ => None,
    };
    let parsed = read.map(|()| Secret::new(key)).ok_or(NotAVaultKey);
    key.zeroize();
    parsed
}

fn read_hex(text: &[u8], key: &mut [u8; 32]) -> Option<()> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    };
    for (pair, byte) in text.as_chunks::<2>().0.iter().zip(key) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(())
}

fn read_base64(text: &str, key: &mut [u8; 32]) -> Option<()> {
    let padding = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let alphabet = if text.contains(['-', '_']) { &URL_SAFE } else { &STANDARD };
    let mut decoded = [0; 33];
    let length = GeneralPurpose::new(alphabet, padding).decode_slice(text, &mut decoded).ok();
    let read = length.filter(|length| *length == key.len()).map(|_| key.copy_from_slice(&decoded[..32]));
    decoded.zeroize();
    read
}

/// A master key with its name.
#[derive(Clone)]
pub(crate) struct MasterKey {
    pub(crate) id: String,
    pub(crate) bytes: Secret<[u8; 32]>,
}

impl MasterKey {
    /// The name is derived from the key, so that the same key is called the same on every machine; it tells nothing
    /// about the key.
    pub(crate) fn new(bytes: Secret<[u8; 32]>) -> Self {
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, bytes.expose()), b"gatewright vault key id");
        let id = tag.as_ref().iter().take(6).map(|byte| format!("{byte:02x}")).collect();
        Self { id, bytes }
    }
}

/// All master keys at hand.
pub(crate) struct Keyring {
    pub(crate) current: MasterKey,
    /// Needed by what is stored, or may be.
    pub(crate) previous: Vec<MasterKey>,
    /// Given up, but perhaps needed by what was read before that.
    pub(crate) retired: Vec<MasterKey>,
}

impl Keyring {
    pub(crate) fn find(&self, id: &str) -> Option<&MasterKey> {
        std::iter::once(&self.current).chain(&self.previous).chain(&self.retired).find(|key| key.id == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1dfeff";

    fn bytes() -> [u8; 32] {
        let mut bytes: [u8; 32] = std::array::from_fn(|index| u8::try_from(index).unwrap());
        bytes[30..].copy_from_slice(&[0xfe, 0xff]);
        bytes
    }

    #[test]
    fn a_key_is_hex_or_base64_of_32_bytes() {
        for text in [
            HEX,
            &HEX.to_uppercase(),
            "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd/v8=",
            "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd/v8",
            "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd_v8",
        ] {
            assert_eq!(parse_vault_key(text).unwrap().expose(), &bytes(), "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused_without_being_shown() {
        for text in [
            "",
            "correct horse battery staple",
            &HEX[..62],
            &format!("{HEX}00"),
            &format!("{}zz", &HEX[..62]),
            "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd/v==",
            "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd/v8A",
            "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd/*8=",
            &"ä".repeat(32),
            &"ä".repeat(22),
        ] {
            let Err(error) = parse_vault_key(text) else { panic!("{text} is a key") };
            assert!(error.to_string().starts_with("a vault key is 32 bytes"), "{error}");
        }
    }

    #[test]
    fn a_key_is_called_the_same_everywhere() {
        let key = MasterKey::new(Secret::new(bytes()));
        assert_eq!(key.id, MasterKey::new(Secret::new(bytes())).id);
        assert_eq!(key.id.len(), 12);
        assert_ne!(key.id, MasterKey::new(Secret::new([7; 32])).id);
    }
}
