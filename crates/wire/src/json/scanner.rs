//! A JSON reader that builds nothing: it walks a document, checks its grammar, and says where things are.
//!
//! It accepts what RFC 8259 accepts and no more: strings are checked for control characters, escapes and UTF-8, and
//! numbers for their grammar; nesting ends at [`MAX_DEPTH`]. What a skipped number or escape *means* (a number too
//! large for a float, half of a surrogate pair) is the business of whoever parses it.

use std::ops::Range;

use super::text::{Text, skip_plain};

/// How deep arrays and objects may nest.
pub(crate) const MAX_DEPTH: u32 = 128;

/// Why and where a document is not JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotJson {
    pub(crate) reason: &'static str,
    pub(crate) at: usize,
}

type Result<T> = std::result::Result<T, NotJson>;

/// What the next value is, told from its first byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Object,
    Array,
    String,
    Number,
    True,
    False,
    Null,
}

/// Reads a document from front to back.
#[derive(Debug, Clone)]
pub(crate) struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
    depth: u32,
    /// One bit per open container, the innermost lowest: set for an object.
    objects: u128,
}

impl<'a> Scanner<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self::starting_at(bytes, 0)
    }

    /// Starts at a value inside of a larger document; every range is one of the larger document.
    pub(crate) const fn starting_at(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at, depth: 0, objects: 0 }
    }

    pub(crate) const fn at(&self) -> usize {
        self.at
    }

    /// What comes next, past white space.
    pub(crate) fn kind(&mut self) -> Result<Kind> {
        self.skip_space();
        match self.bytes.get(self.at) {
            Some(b'{') => Ok(Kind::Object),
            Some(b'[') => Ok(Kind::Array),
            Some(b'"') => Ok(Kind::String),
            Some(b'-' | b'0'..=b'9') => Ok(Kind::Number),
            Some(b't') => Ok(Kind::True),
            Some(b'f') => Ok(Kind::False),
            Some(b'n') => Ok(Kind::Null),
            Some(_) => Err(self.fault("expected a value")),
            None => Err(self.fault(ENDS_EARLY)),
        }
    }

    /// Steps into the object that comes next and hands every member to `member`, which reads the value or leaves it.
    pub(crate) fn object<E: From<NotJson>>(
        &mut self,
        mut member: impl FnMut(&mut Self, Text) -> std::result::Result<(), E>,
    ) -> std::result::Result<(), E> {
        self.skip_space();
        self.open(b'{')?;
        if self.take_after_space(b'}') {
            self.close();
            return Ok(());
        }
        loop {
            let key = self.key()?;
            let value_at = self.at;
            member(self, key)?;
            if self.at == value_at {
                self.skip()?;
            }
            match self.byte_after_space()? {
                b',' => self.at += 1,
                b'}' => break,
                _ => return Err(self.fault("expected `,` or `}`").into()),
            }
        }
        self.at += 1;
        self.close();
        Ok(())
    }

    /// Steps into the array that comes next and hands every place of an item to `item`, which reads it or leaves it.
    pub(crate) fn array<E: From<NotJson>>(
        &mut self,
        mut item: impl FnMut(&mut Self, usize) -> std::result::Result<(), E>,
    ) -> std::result::Result<(), E> {
        self.skip_space();
        self.open(b'[')?;
        if self.take_after_space(b']') {
            self.close();
            return Ok(());
        }
        for index in 0.. {
            let item_at = self.at;
            item(self, index)?;
            if self.at == item_at {
                self.skip()?;
            }
            match self.byte_after_space()? {
                b',' => self.at += 1,
                b']' => break,
                _ => return Err(self.fault("expected `,` or `]`").into()),
            }
            self.skip_space();
        }
        self.at += 1;
        self.close();
        Ok(())
    }

    /// Reads a string.
    pub(crate) fn string(&mut self) -> Result<Text> {
        self.skip_space();
        if self.bytes.get(self.at) != Some(&b'"') {
            return Err(self.fault("expected a string"));
        }
        let start = self.at;
        let mut at = start + 1;
        let mut escaped = false;
        let mut not_ascii = false;
        loop {
            at = skip_plain(self.bytes, at, &mut not_ascii);
            match self.bytes.get(at) {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    at += self.escape_len(at)?;
                }
                Some(_) => {
                    return Err(NotJson { reason: "a control character in a string must be escaped", at });
                }
                None => {
                    return Err(NotJson { reason: ENDS_EARLY, at });
                }
            }
        }
        if not_ascii && let Err(error) = std::str::from_utf8(&self.bytes[start + 1..at]) {
            return Err(NotJson { reason: "not valid UTF-8", at: start + 1 + error.valid_up_to() });
        }
        self.at = at + 1;
        Ok(Text { start, end: self.at, escaped })
    }

    /// Skips the value that comes next, whatever it is, and says where it was. Does not recurse.
    pub(crate) fn skip(&mut self) -> Result<Range<usize>> {
        self.skip_space();
        let start = self.at;
        let floor = self.depth;
        loop {
            // Here a value begins.
            match self.byte_after_space()? {
                b'"' => {
                    self.string()?;
                }
                b'{' => {
                    self.open(b'{')?;
                    if self.take_after_space(b'}') {
                        self.close();
                    } else {
                        self.key()?;
                        continue;
                    }
                }
                b'[' => {
                    self.open(b'[')?;
                    if self.take_after_space(b']') {
                        self.close();
                    } else {
                        continue;
                    }
                }
                b'-' | b'0'..=b'9' => self.number()?,
                b't' => self.word(b"true")?,
                b'f' => self.word(b"false")?,
                b'n' => self.word(b"null")?,
                _ => return Err(self.fault("expected a value")),
            }
            if self.end_containers(floor)? {
                return Ok(start..self.at);
            }
        }
    }

    /// Skips the value that comes next; true if it holds anything: a text, a list or an object that is not empty.
    pub(crate) fn has_substance(&mut self) -> Result<bool> {
        match self.kind()? {
            Kind::String => Ok(!self.string()?.is_empty()),
            Kind::Array | Kind::Object => {
                let range = self.skip()?;
                Ok(!self.bytes[range.start + 1..range.end - 1].trim_ascii().is_empty())
            }
            Kind::Number | Kind::True | Kind::False | Kind::Null => {
                self.skip()?;
                Ok(false)
            }
        }
    }

    /// Past a member of an object whose beginning is not at hand: hands the members that follow to `member`, and reads
    /// the brace that closes the object.
    pub(crate) fn rest_of_object(
        &mut self,
        mut member: impl FnMut(&mut Self, Text) -> Result<()>,
    ) -> Result<()> {
        while self.take_after_space(b',') {
            let key = self.key()?;
            let value_at = self.at;
            member(self, key)?;
            if self.at == value_at {
                self.skip()?;
            }
        }
        if self.take_after_space(b'}') { Ok(()) } else { Err(self.fault("expected `,` or `}`")) }
    }

    /// Past an item of an array whose beginning is not at hand: reads the bracket, which must come next.
    pub(crate) fn rest_of_array_is_empty(&mut self) -> Result<()> {
        if self.take_after_space(b']') { Ok(()) } else { Err(self.fault("expected `]`")) }
    }

    /// Checks that nothing but white space is left.
    pub(crate) fn end(&mut self) -> Result<()> {
        self.skip_space();
        if self.at < self.bytes.len() {
            return Err(self.fault("something follows the JSON document"));
        }
        Ok(())
    }

    /// A value has ended: closes what ends with it and steps to the next value. True when `floor` is reached.
    fn end_containers(&mut self, floor: u32) -> Result<bool> {
        while self.depth > floor {
            let in_object = self.objects & 1 == 1;
            match self.byte_after_space()? {
                b',' => {
                    self.at += 1;
                    if in_object {
                        self.key()?;
                    }
                    return Ok(false);
                }
                b'}' if in_object => {}
                b']' if !in_object => {}
                _ if in_object => return Err(self.fault("expected `,` or `}`")),
                _ => return Err(self.fault("expected `,` or `]`")),
            }
            self.at += 1;
            self.close();
        }
        Ok(true)
    }

    /// Reads the name of a member and steps to its value.
    pub(crate) fn key(&mut self) -> Result<Text> {
        let key = self.string()?;
        if !self.take_after_space(b':') {
            return Err(self.fault("expected `:`"));
        }
        self.skip_space();
        Ok(key)
    }

    fn open(&mut self, bracket: u8) -> Result<()> {
        if self.bytes.get(self.at) != Some(&bracket) {
            return Err(self.fault(if bracket == b'{' { "expected an object" } else { "expected an array" }));
        }
        if self.depth == MAX_DEPTH {
            return Err(self.fault("nested deeper than 128 levels"));
        }
        self.depth += 1;
        self.objects = self.objects << 1 | u128::from(bracket == b'{');
        self.at += 1;
        self.skip_space();
        Ok(())
    }

    const fn close(&mut self) {
        self.depth -= 1;
        self.objects >>= 1;
    }

    fn number(&mut self) -> Result<()> {
        self.at += usize::from(self.bytes.get(self.at) == Some(&b'-'));
        match self.bytes.get(self.at) {
            Some(b'0') => self.at += 1,
            _ => self.digits()?,
        }
        if self.bytes.get(self.at) == Some(&b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.bytes.get(self.at), Some(b'e' | b'E')) {
            self.at += 1;
            self.at += usize::from(matches!(self.bytes.get(self.at), Some(b'+' | b'-')));
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<()> {
        let count = self.bytes[self.at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += count;
        if count == 0 { Err(self.fault("expected a digit")) } else { Ok(()) }
    }

    fn word(&mut self, word: &'static [u8]) -> Result<()> {
        if !self.bytes[self.at..].starts_with(word) {
            return Err(self.fault("expected a value"));
        }
        self.at += word.len();
        Ok(())
    }

    fn escape_len(&self, at: usize) -> Result<usize> {
        match self.bytes.get(at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(2),
            Some(b'u')
                if self
                    .bytes
                    .get(at + 2..at + 6)
                    .is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit)) =>
            {
                Ok(6)
            }
            _ => Err(NotJson { reason: "not an escape", at }),
        }
    }

    fn byte_after_space(&mut self) -> Result<u8> {
        self.skip_space();
        self.bytes.get(self.at).copied().ok_or_else(|| self.fault(ENDS_EARLY))
    }

    fn take_after_space(&mut self, byte: u8) -> bool {
        self.skip_space();
        let found = self.bytes.get(self.at) == Some(&byte);
        self.at += usize::from(found);
        found
    }

    fn skip_space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.bytes.get(self.at) {
            self.at += 1;
        }
    }

    pub(crate) const fn fault(&self, reason: &'static str) -> NotJson {
        NotJson { reason, at: self.at }
    }
}

const ENDS_EARLY: &str = "the document ends too early";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::value::RawValue;

    use super::*;

    fn scan(document: &[u8]) -> Result<Range<usize>> {
        let mut scanner = Scanner::new(document);
        let range = scanner.skip()?;
        scanner.end()?;
        Ok(range)
    }

    #[track_caller]
    fn agrees_with_serde(document: &[u8]) {
        let theirs = std::str::from_utf8(document).ok().map(serde_json::from_str::<&RawValue>);
        let theirs = theirs.and_then(std::result::Result::ok);
        let ours = scan(document).ok();
        let shown = String::from_utf8_lossy(document);
        assert_eq!(ours.map(|range| &document[range]), theirs.map(|raw| raw.get().as_bytes()), "{shown}");
    }

    #[test]
    fn odd_documents_are_judged_as_serde_judges_them() {
        let documents = r#"~ ~null~ true ~nul~truex~0~-0~01~-~1.~1.5e~1e+5~1E-05~.5~+1~NaN~1e999~""~"~"\"~"\u00e9\n"~"\u00g0"~"\x"
            ~"\ud800"~[]~[1,]~[,]~[1 2]~[[],{}]~["a":1]~[}~{}~{]~{"a":1,}~{"a" : [ 1 , 2 ] }~{a:1}~{"a"}~{"a":}~{"a","b"}
            ~{} {}~{"a":{"b":[{}]}}"#;
        for document in documents.split('~').chain(["\"\t\"", "\"\u{7f}é\"", "\u{feff}{}"]) {
            agrees_with_serde(document.as_bytes());
        }
        agrees_with_serde(b"\"\xC3\"");
        agrees_with_serde(b"[\"abcdefghijk\xF0\x9F\x98\"]");
    }

    #[test]
    fn nesting_ends_at_the_limit() {
        let nested = |depth: usize| ["[".repeat(depth), "]".repeat(depth)].concat();
        assert!(scan(nested(128).as_bytes()).is_ok());
        assert_eq!(scan(nested(129).as_bytes()).unwrap_err().at, 128);
        assert!(scan("{\"a\":".repeat(1_000_000).as_bytes()).is_err());
    }

    proptest! {
        #[test]
        fn documents_are_judged_as_serde_judges_them(
            parts in prop::collection::vec(
                prop::sample::select(vec![
                    "{", "}", "[", "]", ":", ",", "\"a\"", "\"\\n\"", "\"", "\\", "1", "-2.5e3", "true", "null", " ", "é",
                    "\"a\":", "\"a\":1,", "a long plain text with no end, longer than a block of sixty-four bytes!",
                ]),
                0..12,
            ),
        ) {
            agrees_with_serde(parts.concat().as_bytes());
        }

        #[test]
        fn broken_documents_are_judged_as_serde_judges_them(
            place in any::<prop::sample::Index>(),
            byte in any::<u8>(),
        ) {
            let mut document =
                br#"{"model":"gpt-5","n":1,"messages":[{"role":"user","content":"h\u00e9llo \"w\u00f6rld\" and more \xc3\xa9 text"}],"x":[1.5e-7,-0,true,false,null,{}],"y":{"z":[[]]}}"#
                    .to_vec();
            let place = place.index(document.len());
            document[place] = byte;
            agrees_with_serde(&document);
        }

    }
}
