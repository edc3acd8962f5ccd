//! Fresh secrets from the system's random source.

use aws_lc_rs::rand;
use domain::Secret;
use zeroize::Zeroize;

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The system has no randomness to give, which no secret may be made without.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the system has no random bytes to make a secret from")]
pub struct NoRandomness;

/// An id that nobody can foresee.
pub fn fresh_id() -> Result<u128, NoRandomness> {
    fresh_bytes::<16>().map(|bytes| u128::from_be_bytes(*bytes.expose()))
}

/// A token that nobody guesses: 256 bits as 43 characters that need no escaping anywhere.
pub fn fresh_token() -> Result<Secret<String>, NoRandomness> {
    fresh_base62(43)
}

pub(crate) fn fresh_bytes<const N: usize>() -> Result<Secret<[u8; N]>, NoRandomness>
where
    [u8; N]: Zeroize,
{
    let mut bytes = [0; N];
    rand::fill(&mut bytes).map_err(|_| NoRandomness)?;
    let secret = Secret::new(bytes);
    bytes.zeroize();
    Ok(secret)
}

/// `length` characters of base62, each equally likely: 43 of them hold 256 bits.
pub(crate) fn fresh_base62(length: usize) -> Result<Secret<String>, NoRandomness> {
    let mut text = String::with_capacity(length);
    while text.len() < length {
        let bytes = fresh_bytes::<64>()?;
        // 248 is the largest multiple of 62 in a byte; what is above would favour the first letters.
        let fair = bytes.expose().iter().filter(|byte| **byte < 248);
        text.extend(fair.take(length - text.len()).map(|byte| char::from(BASE62[usize::from(byte % 62)])));
    }
    Ok(Secret::new(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_have_their_length_and_differ() {
        let (first, second) = (fresh_base62(43).unwrap(), fresh_base62(43).unwrap());
        assert_eq!(first.expose().len(), 43);
        assert!(first.expose().bytes().all(|byte| byte.is_ascii_alphanumeric()));
        assert_ne!(first, second);
    }
}
