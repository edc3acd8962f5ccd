//! What may be shown of a secret, so that a person can tell two apart.

/// Fewer characters than this are too few to give any away.
const LONG_ENOUGH: usize = 16;
const SHOWN: usize = 4;

/// The last four characters of a long secret, and nothing of a short one.
pub fn tail(secret: &str) -> String {
    let mut shown = String::from("…");
    if secret.chars().count() >= LONG_ENOUGH {
        let start = secret.char_indices().rev().nth(SHOWN - 1).map_or(0, |(at, _)| at);
        let end = &secret[start..];
        if end.chars().all(|letter| letter.is_ascii_graphic()) {
            shown.push_str(end);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_secret_shows_four_characters() {
        assert_eq!(tail("sk-proj-0123456789abcd"), "…abcd");
        assert_eq!(tail("0123456789abcdef"), "…cdef");
    }

    #[test]
    fn a_short_or_odd_one_shows_none() {
        for secret in ["", "abcd", "0123456789abcde", "-----END KEY-----\n", "0123456789abcdeä"] {
            assert_eq!(tail(secret), "…", "{secret:?}");
        }
    }
}
