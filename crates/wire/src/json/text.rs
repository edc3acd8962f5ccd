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
            serde_json::from_slice(document.get(self.outer())?)
                .ok()
                .map(Cow::Owned)
        } else {
            std::str::from_utf8(document.get(self.inner())?)
                .ok()
                .map(Cow::Borrowed)
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
    let mut high = 0;
    loop {
        let plain = skip_plain(rest, 0, &mut high);
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

/// The first place at or after `at` that holds a quote, a backslash or a control character, or the end. `high` gets
/// a bit set when a byte on the way was not ASCII.
///
/// Strings are nearly all of a request, so this loop is the cost of peeking: whole blocks are tested in a form that
/// compiles to vector instructions, and the place inside of a block is found eight bytes at a time.
pub(super) fn skip_plain(bytes: &[u8], mut at: usize, high: &mut u64) -> usize {
    const WORD: usize = 8;
    const BLOCK: usize = 64;
    while let Some(word) = bytes.get(at..at + WORD).and_then(|word| word.try_into().ok()) {
        let word = u64::from_le_bytes(word);
        let special = special_bytes(word);
        if special != 0 {
            let plain = special.trailing_zeros() / 8;
            let before = (1_u64 << (plain * 8)) - 1;
            *high |= word & before & HIGH_BITS;
            return at + plain as usize;
        }
        *high |= word & HIGH_BITS;
        at += WORD;
        while let Some(block) = bytes.get(at..at + BLOCK) {
            let mut any_special = false;
            let mut any_high = 0;
            for &byte in block {
                any_special |= (byte == b'"') | (byte == b'\\') | (byte < 0x20);
                any_high |= byte;
            }
            if any_special {
                break;
            }
            *high |= u64::from(any_high) & HIGH_BITS;
            at += BLOCK;
        }
    }
    while let Some(&byte) = bytes.get(at) {
        if byte == b'"' || byte == b'\\' || byte < 0x20 {
            break;
        }
        *high |= u64::from(byte) & HIGH_BITS;
        at += 1;
    }
    at
}

/// The high bit of every byte that is a quote, a backslash or a control character; bits above the first one may be
/// wrong, since a subtraction borrows from there.
const fn special_bytes(word: u64) -> u64 {
    const ONES: u64 = u64::MAX / 255;
    let quote = word ^ (ONES * b'"' as u64);
    let backslash = word ^ (ONES * b'\\' as u64);
    let control = word.wrapping_sub(ONES * 0x20);
    (quote.wrapping_sub(ONES) & !quote | backslash.wrapping_sub(ONES) & !backslash | control & !word)
        & HIGH_BITS
}

const HIGH_BITS: u64 = u64::MAX / 255 * 128;

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
                let mut high = 0;
                assert_eq!(skip_plain(&bytes, 0, &mut high), length);
                assert_eq!(high, 0, "bytes after the place must not count");
            }
        }
    }

    proptest! {
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
