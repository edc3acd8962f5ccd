//! Finds where the events of a byte stream end without copying or reading them, and reads the fields of one event in
//! place. The rules are those of [`SseDecoder`](crate::SseDecoder); this is the form for bytes that pass through.

use std::borrow::Cow;

use memchr::memchr2;

use crate::sse::{BOM, split_field};

/// Remembers between chunks what the end of an event depends on.
#[derive(Debug)]
pub(crate) struct EventEnds {
    line_empty: bool,
    /// The last chunk ended with CR; an LF at the start of the next one belongs to it.
    after_cr: bool,
}

impl EventEnds {
    pub(crate) const fn new() -> Self {
        Self { line_empty: true, after_cr: false }
    }

    /// Whether `chunk` begins with an LF that belongs to the line that ended with the last chunk.
    pub(crate) fn owes_line_feed(&self, chunk: &[u8]) -> bool {
        self.after_cr && chunk.first() == Some(&b'\n')
    }

    /// Whatever comes next is not read any more.
    pub(crate) const fn forget(&mut self) {
        self.after_cr = false;
    }

    /// The place just past the blank line that ends the current event, if `chunk` has it at or after `at`. The lines
    /// on the way are added to `fields`.
    pub(crate) fn next<'a>(
        &mut self,
        chunk: &'a [u8],
        mut at: usize,
        fields: &mut EventFields<'a>,
    ) -> Option<usize> {
        if self.after_cr && at < chunk.len() {
            self.after_cr = false;
            at += usize::from(chunk[at] == b'\n');
        }
        loop {
            let Some(length) = line_length(&chunk[at..]) else {
                self.line_empty &= at == chunk.len();
                return None;
            };
            let blank = self.line_empty && length == 0;
            self.line_empty = true;
            let end = at + length;
            fields.add_line(&chunk[at..end]);
            at = end + 1;
            if chunk[end] == b'\r' {
                match chunk.get(at) {
                    Some(b'\n') => at += 1,
                    Some(_) => {}
                    None => self.after_cr = true,
                }
            }
            if blank {
                return Some(at);
            }
        }
    }
}

/// How far the next CR or LF is. Every second line of a stream is blank, which needs no search.
fn line_length(rest: &[u8]) -> Option<usize> {
    match rest.first()? {
        b'\r' | b'\n' => Some(0),
        _ => memchr2(b'\r', b'\n', rest),
    }
}

/// The fields of one event, borrowed from its bytes where they can be.
#[derive(Debug)]
pub(crate) struct EventFields<'a> {
    /// The `event:` field; empty where there is none.
    pub(crate) name: &'a [u8],
    /// `None` where there is no `data:` line, and so no event.
    pub(crate) data: Option<Cow<'a, [u8]>>,
    /// The next line is the first of its stream, which may begin with a BOM.
    first_line: bool,
}

impl<'a> EventFields<'a> {
    /// No fields yet; `first` for the first event of a stream.
    pub(crate) const fn new(first: bool) -> Self {
        Self { name: &[], data: None, first_line: first }
    }

    /// Reads the fields of one event.
    pub(crate) fn read(event: &'a [u8], first: bool) -> Self {
        let mut fields = Self::new(first);
        let mut rest = event;
        while !rest.is_empty() {
            let length = line_length(rest).unwrap_or(rest.len());
            fields.add_line(&rest[..length]);
            rest = rest.get(length + 1..).unwrap_or_default();
        }
        fields
    }

    fn add_line(&mut self, line: &'a [u8]) {
        let line = if self.first_line { line.strip_prefix(BOM).unwrap_or(line) } else { line };
        self.first_line = false;
        match split_field(line) {
            (b"data", value) => self.add_data(value),
            (b"event", value) => self.name = value,
            _ => {}
        }
    }

    fn add_data(&mut self, value: &'a [u8]) {
        match &mut self.data {
            None => self.data = Some(Cow::Borrowed(value)),
            Some(data) => {
                data.to_mut().push(b'\n');
                data.to_mut().extend_from_slice(value);
            }
        }
    }
}
