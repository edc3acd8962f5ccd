//! New virtual keys: `gw_<id>_<43 base62>_<crc>`. The id tells which key a leaked text was, the checksum lets a
//! scanner, or the gateway, tell a key from a text that only looks like one.

use domain::{ObjectId, Secret};

use crate::random::{NoRandomness, fresh_base62, fresh_id};

const PREFIX: &str = "gw_";
/// Hex digits of the id that are part of the key.
const ID: usize = 12;
/// Base62 digits that hold 256 bits.
const RANDOM: usize = 43;
/// Hex digits of the checksum.
const CHECKSUM: usize = 8;

/// A key that exists nowhere but here.
#[derive(Debug, Clone)]
pub struct Minted {
    /// Of the key object; the secret begins with `gw_` and the first 12 digits of it.
    pub id: ObjectId,
    /// To be shown once.
    pub secret: Secret<String>,
}

/// Makes a key.
pub fn mint() -> Result<Minted, NoRandomness> {
    let id = ObjectId(fresh_id()?);
    let random = fresh_base62(RANDOM)?;
    let mut secret = String::with_capacity(PREFIX.len() + ID + 1 + RANDOM + 1 + CHECKSUM);
    secret.push_str(PREFIX);
    secret.push_str(&format!("{:032x}", id.0)[..ID]);
    secret.push('_');
    secret.push_str(random.expose());
    let checksum = crc32fast::hash(secret.as_bytes());
    secret.push_str(&format!("_{checksum:08x}"));
    Ok(Minted { id, secret: Secret::new(secret) })
}

/// Whether a text is a key that a gateway may have minted: its form and its checksum are right.
pub fn plausible(presented: &str) -> bool {
    let Some((body, checksum)) = presented.rsplit_once('_') else { return false };
    let Some((id, random)) = body.strip_prefix(PREFIX).and_then(|body| body.split_once('_')) else {
        return false;
    };
    let hex = |text: &str, digits| {
        text.len() == digits && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    hex(id, ID)
        && random.len() == RANDOM
        && random.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && hex(checksum, CHECKSUM)
        && u32::from_str_radix(checksum, 16) == Ok(crc32fast::hash(body.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minted_key_has_its_form_and_its_id() {
        let Minted { id, secret } = mint().unwrap();
        let secret = secret.expose();
        assert!(plausible(secret), "{secret}");
        assert_eq!(secret.len(), 68);
        assert_eq!(secret[3..15], format!("{:032x}", id.0)[..12]);
        assert_ne!(mint().unwrap().secret.expose(), secret);
    }

    #[test]
    fn every_other_letter_makes_it_implausible() {
        let secret = mint().unwrap().secret;
        for at in 0..secret.expose().len() {
            let mut other = secret.expose().clone().into_bytes();
            other[at] = if other[at] == b'1' { b'2' } else { b'1' };
            assert!(!plausible(std::str::from_utf8(&other).unwrap()), "{at}");
            assert!(!plausible(&secret.expose()[..at]), "cut at {at}");
        }
        for text in ["gw_", "gw___", "sk-abc", "gw_ü_ü_ü", "gw_000000000000_00000000"] {
            assert!(!plausible(text), "{text}");
        }
    }

    /// Keys that are in use must stay plausible.
    #[test]
    fn the_form_never_changes() {
        let body = "gw_0123456789ab_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg";
        assert!(plausible(&format!("{body}_{:08x}", crc32fast::hash(body.as_bytes()))));
        assert!(
            plausible("gw_0123456789ab_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg_00000000")
                == (crc32fast::hash(body.as_bytes()) == 0)
        );
    }
}
