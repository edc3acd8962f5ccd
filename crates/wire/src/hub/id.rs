//! Ids that a target accepts. The mapping depends on nothing but the id, so a call and its result agree within a
//! request and over a whole conversation, and nothing has to be remembered.

use std::borrow::Cow;

/// What a target takes as the id of a tool call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct IdRule {
    pub(crate) max_len: usize,
    /// Only `[a-zA-Z0-9_-]`.
    pub(crate) plain: bool,
    /// How the target's own ids begin.
    pub(crate) prefix: &'static str,
}

/// The id itself where it is legal, else one made from its hash.
pub(crate) fn legal<'a>(id: &'a str, rule: &IdRule) -> Cow<'a, str> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    let fits = !id.is_empty() && id.len() <= rule.max_len && (!rule.plain || id.bytes().all(plain));
    if fits { Cow::Borrowed(id) } else { Cow::Owned(format!("{}{:032x}", rule.prefix, fingerprint(id))) }
}

/// FNV-1a over 128 bits: stable over versions and machines, and far more than two ids of one conversation need to
/// stay apart. Not for secrets.
pub(crate) fn fingerprint(text: &str) -> u128 {
    const OFFSET: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    text.bytes().fold(OFFSET, |hash, byte| (hash ^ u128::from(byte)).wrapping_mul(PRIME))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: IdRule = IdRule { max_len: 40, plain: true, prefix: "call_" };

    #[test]
    fn legal_ids_are_kept_and_others_always_become_the_same_legal_one() {
        assert_eq!(legal("call_abc-1", &RULE), "call_abc-1");
        for odd in ["call:1", "", &"x".repeat(65), "ü"] {
            let once = legal(odd, &RULE);
            assert_eq!(once, legal(odd, &RULE));
            assert_eq!(legal(&once, &RULE), once);
            assert_eq!(once.len(), 37);
        }
        assert_ne!(legal("call:1", &RULE), legal("call:2", &RULE));
    }

    #[test]
    fn the_fingerprint_is_fnv_1a() {
        assert_eq!(fingerprint(""), 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d);
        assert_eq!(fingerprint("a"), 0xd228_cb69_6f1a_8caf_7891_2b70_4e4a_8964);
    }
}
