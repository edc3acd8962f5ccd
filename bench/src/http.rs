//! Finds where HTTP/1.1 messages begin and end in the bytes of a connection, for both directions, and nothing more.
//! It believes its peer: this is for a mock and a load generator on loopback.

use anyhow::{Context, bail};
use memchr::{memchr, memmem};

/// Who wants to know what a [`Reader`] finds.
pub(crate) trait Sink {
    /// The head of a message, up to and with its empty line.
    fn head(&mut self, head: &[u8]);
    /// A piece of the body, without chunk framing.
    fn body(&mut self, piece: &[u8]);
    /// The message is complete.
    fn end(&mut self);
}

/// Reads one message after the other.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    state: State,
    /// The beginning of a head or of a chunk's size line that has not arrived completely.
    partial: Vec<u8>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum State {
    #[default]
    Head,
    Body(usize),
    ChunkSize,
    Chunk(usize),
    /// The line break after a chunk.
    ChunkEnd,
    Trailer,
}

impl Reader {
    pub(crate) fn push(&mut self, mut bytes: &[u8], sink: &mut impl Sink) -> anyhow::Result<()> {
        while !bytes.is_empty() {
            bytes = match self.state {
                State::Head => self.head(bytes, sink)?,
                State::Body(left) => {
                    let (piece, rest) = bytes.split_at(left.min(bytes.len()));
                    sink.body(piece);
                    self.state = State::Body(left - piece.len());
                    if piece.len() == left {
                        self.finish(sink);
                    }
                    rest
                }
                State::Chunk(left) => {
                    let (piece, rest) = bytes.split_at(left.min(bytes.len()));
                    sink.body(piece);
                    self.state =
                        if piece.len() == left { State::ChunkEnd } else { State::Chunk(left - piece.len()) };
                    rest
                }
                State::ChunkSize | State::ChunkEnd | State::Trailer => self.line(bytes, sink)?,
            };
        }
        Ok(())
    }

    fn head<'a>(&mut self, bytes: &'a [u8], sink: &mut impl Sink) -> anyhow::Result<&'a [u8]> {
        if self.partial.is_empty() {
            if let Some(at) = memmem::find(bytes, b"\r\n\r\n") {
                let (head, rest) = bytes.split_at(at + 4);
                self.begin(head, sink)?;
                return Ok(rest);
            }
            self.partial.extend_from_slice(bytes);
            return Ok(&[]);
        }
        let searched = self.partial.len().saturating_sub(3);
        let before = self.partial.len();
        self.partial.extend_from_slice(bytes);
        let Some(at) = memmem::find(&self.partial[searched..], b"\r\n\r\n") else {
            if self.partial.len() > LONGEST_HEAD {
                bail!("a head is longer than {LONGEST_HEAD} bytes");
            }
            return Ok(&[]);
        };
        let length = searched + at + 4;
        let head = std::mem::take(&mut self.partial);
        self.begin(&head[..length], sink)?;
        Ok(&bytes[length - before..])
    }

    fn begin(&mut self, head: &[u8], sink: &mut impl Sink) -> anyhow::Result<()> {
        sink.head(head);
        self.state = match framing(head)? {
            Some(length) => State::Body(length),
            None => State::ChunkSize,
        };
        if self.state == State::Body(0) {
            self.finish(sink);
        }
        Ok(())
    }

    fn line<'a>(&mut self, bytes: &'a [u8], sink: &mut impl Sink) -> anyhow::Result<&'a [u8]> {
        let Some(at) = memchr(b'\n', bytes) else {
            self.partial.extend_from_slice(bytes);
            return Ok(&[]);
        };
        let (line, rest) = bytes.split_at(at + 1);
        self.partial.extend_from_slice(line);
        let mut text = std::mem::take(&mut self.partial);
        let is_empty = text.iter().all(u8::is_ascii_whitespace);
        match self.state {
            State::ChunkSize => {
                let size = std::str::from_utf8(&text)
                    .ok()
                    .and_then(|text| usize::from_str_radix(text.trim(), 16).ok());
                let size =
                    size.with_context(|| format!("`{}` is no chunk size", String::from_utf8_lossy(&text)))?;
                self.state = if size == 0 { State::Trailer } else { State::Chunk(size) };
            }
            State::ChunkEnd => self.state = State::ChunkSize,
            _ if is_empty => self.finish(sink),
            _ => {}
        }
        // The allocation is kept for the next line.
        text.clear();
        self.partial = text;
        Ok(rest)
    }

    fn finish(&mut self, sink: &mut impl Sink) {
        self.state = State::Head;
        sink.end();
    }
}

/// The length of the body that follows a head; `None` where it is chunked.
fn framing(head: &[u8]) -> anyhow::Result<Option<usize>> {
    for line in head.split(|byte| *byte == b'\n').skip(1) {
        if let Some(value) = value_of(line, b"content-length:") {
            let text = String::from_utf8_lossy(value);
            return text.trim().parse().map(Some).with_context(|| format!("`{text}` is no length"));
        }
        if value_of(line, b"transfer-encoding:").is_some() {
            return Ok(None);
        }
    }
    Ok(Some(0))
}

fn value_of<'a>(line: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let (start, value) = line.split_at_checked(name.len())?;
    start.eq_ignore_ascii_case(name).then_some(value)
}

/// The status of a response's head; 0 where there is none.
pub(crate) fn status(head: &[u8]) -> u16 {
    let digits = head.get(9..12).and_then(|digits| std::str::from_utf8(digits).ok());
    digits.and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

const LONGEST_HEAD: usize = 64 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Seen(Vec<String>);

    impl Sink for Seen {
        fn head(&mut self, head: &[u8]) {
            self.0.push(format!("{}:", status(head)));
        }

        fn body(&mut self, piece: &[u8]) {
            if let Some(last) = self.0.last_mut() {
                last.push_str(std::str::from_utf8(piece).unwrap());
            }
        }

        fn end(&mut self) {
            if let Some(last) = self.0.last_mut() {
                last.push('.');
            }
        }
    }

    #[test]
    fn messages_are_the_same_at_every_chunking() {
        let text = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloHTTP/1.1 201 Created\r\n\
            Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\na\r\n0123456789\r\n0\r\n\r\nHTTP/1.1 204 No\r\n\r\n\
            HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
        for size in 1..=text.len() {
            let (mut reader, mut seen) = (Reader::default(), Seen::default());
            text.chunks(size).for_each(|piece| reader.push(piece, &mut seen).unwrap());
            assert_eq!(seen.0, ["200:hello.", "201:abc0123456789.", "204:.", "200:."], "pieces of {size}");
            assert!(reader.state == State::Head && reader.partial.is_empty());
        }
    }

    #[test]
    fn nonsense_is_refused() {
        let mut seen = Seen::default();
        let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
        assert!(Reader::default().push(format!("{head}xyz\r\n").as_bytes(), &mut seen).is_err());
        assert!(Reader::default().push(b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n", &mut seen).is_err());
    }
}
