//! The inside of JSON strings: finding its end, reading it, writing it.

use std::borrow::Cow;
use std::ops::Range;

/// Where a string is, with its quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Text {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) escaped: bool,
}

impl Text {
    /// The range between the quotes.
    pub(crate) const fn inner(self) -> Range<usize> {
        self.start + 1..self.end - 1
    }

    pub(crate) const fn outer(self) -> Range<usize> {
        self.start..self.end
    }

    pub(crate) const fn is_empty(self) -> bool {
        self.end - self.start <= 2
    }

    /// The characters that the string stands for; `None` where an escape stands for none (half of a surrogate pair).
    pub(crate) fn decode(self, document: &[u8]) -> Option<Cow<'_, str>> {
        if self.escaped {
            serde_json::from_slice(document.get(self.outer())?).ok().map(Cow::Owned)
        } else {
            std::str::from_utf8(document.get(self.inner())?).ok().map(Cow::Borrowed)
        }
    }

    /// Whether the string stands for `text`, which needs no escapes of its own.
    pub(crate) fn is(self, document: &[u8], text: &str) -> bool {
        if self.escaped {
            self.decode(document).is_some_and(|decoded| decoded == text)
        } else {
            document.get(self.inner()) == Some(text.as_bytes())
        }
    }
}

/// Appends `text` as the inside of a JSON string.
pub(crate) fn escape_into(out: &mut Vec<u8>, text: &str) {
    let mut rest = text.as_bytes();
    let mut not_ascii = false;
    loop {
        let plain = skip_plain(rest, 0, &mut not_ascii);
        out.extend_from_slice(&rest[..plain]);
        let Some(&special) = rest.get(plain) else { return };
        match special {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            control => {
                out.extend_from_slice(b"\\u00");
                out.extend([control >> 4, control & 15].map(|digit| b"0123456789abcdef"[usize::from(digit)]));
            }
        }
        rest = &rest[plain + 1..];
    }
}

/// Appends `text` as a JSON string.
pub(crate) fn string_into(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    escape_into(out, text);
    out.push(b'"');
}

/// The first place at or after `at` that holds a quote, a backslash or a control character, or the end. `not_ascii`
/// is set when a byte on the way was not ASCII.
///
/// Strings are nearly all of a request, so this loop is the cost of peeking.
pub(super) fn skip_plain(bytes: &[u8], mut at: usize, not_ascii: &mut bool) -> usize {
    while let Some(block) = bytes.get(at..at + BLOCK).and_then(|block| block.try_into().ok()) {
        let (special, high) = masks(block);
        if special != 0 {
            let plain = special.trailing_zeros();
            *not_ascii |= high & ((1 << plain) - 1) != 0;
            return at + plain as usize;
        }
        *not_ascii |= high != 0;
        at += BLOCK;
    }
    while let Some(&byte) = bytes.get(at) {
        if is_special(byte) {
            break;
        }
        *not_ascii |= byte >= 0x80;
        at += 1;
    }
    at
}

const BLOCK: usize = 16;

/// One bit per byte of a block, lowest first: the bytes that are special, and those that are not ASCII.
#[cfg(target_arch = "x86_64")]
fn masks(block: &[u8; BLOCK]) -> (u32, u32) {
    #[expect(unsafe_code, reason = "every x86-64 processor has SSE2, and the function asks for nothing else")]
    unsafe {
        sse2_masks(block)
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "sse2")]
#[inline]
fn sse2_masks(block: &[u8; BLOCK]) -> (u32, u32) {
    use std::arch::x86_64::{
        __m128i, _mm_cmpeq_epi8, _mm_min_epu8, _mm_movemask_epi8, _mm_or_si128, _mm_set_epi64x, _mm_set1_epi8,
    };
    // Two halves, which become one load.
    let [a, b, c, d, e, f, g, h, upper @ ..] = *block;
    let lower = i64::from_le_bytes([a, b, c, d, e, f, g, h]);
    let block = _mm_set_epi64x(i64::from_le_bytes(upper), lower);
    let equal = |byte: i8| _mm_cmpeq_epi8(block, _mm_set1_epi8(byte));
    let control = _mm_cmpeq_epi8(_mm_min_epu8(block, _mm_set1_epi8(0x1f)), block);
    let special = _mm_or_si128(_mm_or_si128(equal(0x22), equal(0x5c)), control);
    let mask = |bytes: __m128i| _mm_movemask_epi8(bytes).cast_unsigned();
    (mask(special), mask(block))
}

/// The same in the form of a plain loop, which compilers for other processors turn into their own vectors.
#[cfg(not(target_arch = "x86_64"))]
fn masks(block: &[u8; BLOCK]) -> (u32, u32) {
    plain_masks(block)
}

#[cfg(any(test, not(target_arch = "x86_64")))]
fn plain_masks(block: &[u8; BLOCK]) -> (u32, u32) {
    block.iter().enumerate().fold((0, 0), |(special, high), (index, &byte)| {
        (special | u32::from(is_special(byte)) << index, high | u32::from(byte >= 0x80) << index)
    })
}

const fn is_special(byte: u8) -> bool {
    byte == b'"' || byte == b'\\' || byte < 0x20
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::json::Scanner;

    #[test]
    fn special_bytes_are_found_at_every_place() {
        for special in [b'"', b'\\', 0, 0x1f] {
            for length in 0..200 {
                let mut bytes = vec![b' '; length];
                bytes.push(special);
                bytes.extend_from_slice(b"\"\\  \xFF\xFF\xFF\xFF\xFF\xFF");
                let mut not_ascii = false;
                assert_eq!(skip_plain(&bytes, 0, &mut not_ascii), length);
                assert!(!not_ascii, "bytes after the place must not count");
            }
        }
    }

    proptest! {
        #[test]
        fn both_ways_to_test_a_block_agree(block in any::<[u8; BLOCK]>()) {
            prop_assert_eq!(masks(&block), plain_masks(&block));
        }

        #[test]
        fn escaped_text_reads_back(text in any::<String>()) {
            let mut out = Vec::new();
            string_into(&mut out, &text);
            prop_assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), text.clone());
            let read = Scanner::new(&out).string().unwrap();
            prop_assert_eq!(read.decode(&out).unwrap(), text);
        }
    }
}
