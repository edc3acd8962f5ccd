//! The chunked coding, read as it comes. <https://www.rfc-editor.org/rfc/rfc9112#name-chunked-transfer-coding>

use bytes::{Buf, Bytes, BytesMut};
use memchr::memchr;

use super::BadReply;

/// The line of a chunk's size, extensions included: they carry nothing for us.
const MAX_SIZE_LINE: usize = 4 * 1024;

/// All trailers together.
const MAX_TRAILERS: usize = 16 * 1024;

/// Where in the coding the next byte is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Chunked {
    Size,
    Data {
        left: u64,
    },
    /// The line break behind a chunk's data.
    DataEnd,
    Trailers {
        read: usize,
    },
    Done,
}

impl Chunked {
    /// The data at the front of `buffer`: of one chunk at most, and without a copy. `None` where more bytes are needed,
    /// or the body has ended.
    pub(crate) fn take(&mut self, buffer: &mut BytesMut) -> Result<Option<Bytes>, BadReply> {
        loop {
            *self = match *self {
                Self::Size => {
                    let Some(size) = line(buffer, MAX_SIZE_LINE, size)? else { return Ok(None) };
                    if size == 0 { Self::Trailers { read: 0 } } else { Self::Data { left: size } }
                }
                Self::Data { left } => {
                    if buffer.is_empty() {
                        return Ok(None);
                    }
                    let length = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
                    let left = left - length as u64;
                    *self = if left == 0 { Self::DataEnd } else { Self::Data { left } };
                    return Ok(Some(buffer.split_to(length).freeze()));
                }
                Self::DataEnd => {
                    let Some(end) = buffer.get(..2) else { return Ok(None) };
                    if end != b"\r\n" {
                        return Err(BadReply::Chunk);
                    }
                    buffer.advance(2);
                    Self::Size
                }
                Self::Trailers { read } => {
                    let room = MAX_TRAILERS.checked_sub(read).ok_or(BadReply::Chunk)?;
                    let Some(length) = line(buffer, room, |line| Ok(line.len()))? else { return Ok(None) };
                    if length == 0 { Self::Done } else { Self::Trailers { read: read + length + 2 } }
                }
                Self::Done => return Ok(None),
            }
        }
    }
}

/// Reads one line of at most `longest` bytes and takes it off the buffer; `None` where its end has not come.
fn line<T>(
    buffer: &mut BytesMut,
    longest: usize,
    read: impl Fn(&[u8]) -> Result<T, BadReply>,
) -> Result<Option<T>, BadReply> {
    let Some(end) = memchr(b'\n', buffer) else {
        return if buffer.len() > longest { Err(BadReply::Chunk) } else { Ok(None) };
    };
    // A lone line feed is an end to some readers and none to others, so it is refused.
    let line = buffer[..end].strip_suffix(b"\r").ok_or(BadReply::Chunk)?;
    if line.len() > longest || memchr(b'\r', line).is_some() {
        return Err(BadReply::Chunk);
    }
    let value = read(line)?;
    buffer.advance(end + 1);
    Ok(Some(value))
}

fn size(line: &[u8]) -> Result<u64, BadReply> {
    let digits = memchr(b';', line).map_or(line, |at| &line[..at]).trim_ascii_end();
    // `from_str_radix` would take a sign.
    let text = std::str::from_utf8(digits).ok().filter(|text| text.bytes().all(|b| b.is_ascii_hexdigit()));
    text.and_then(|text| u64::from_str_radix(text, 16).ok()).ok_or(BadReply::Chunk)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Everything that `bytes` says when it comes in pieces of `step`, and what is left of it.
    fn read(bytes: &[u8], step: usize) -> Result<(Vec<u8>, bool, usize), BadReply> {
        let (mut chunked, mut buffer, mut data) = (Chunked::Size, BytesMut::new(), Vec::new());
        for piece in bytes.chunks(step) {
            buffer.extend_from_slice(piece);
            while let Some(bytes) = chunked.take(&mut buffer)? {
                data.extend_from_slice(&bytes);
            }
        }
        Ok((data, chunked == Chunked::Done, buffer.len()))
    }

    #[track_caller]
    fn check(bytes: &[u8], data: &[u8], done: bool, left: usize) {
        for step in 1..=bytes.len() {
            assert_eq!(read(bytes, step), Ok((data.to_vec(), done, left)), "in pieces of {step}");
        }
    }

    #[test]
    fn chunks_are_joined_whatever_the_reads_are() {
        check(b"5\r\nhello\r\n0\r\n\r\n", b"hello", true, 0);
        check(b"5;a=b;c=\"d\"\r\nhello\r\n00A \r\n0123456789\r\n000\r\n\r\n", b"hello0123456789", true, 0);
        check(b"3\r\nabc\r\n0\r\nx-trailer: 1\r\ny: 2\r\n\r\n", b"abc", true, 0);
        check(b"3\r\nab", b"ab", false, 0);
        check(b"3\r\nabc\r\n", b"abc", false, 0);
    }

    #[test]
    fn what_follows_the_end_is_left() {
        let (data, done, left) = read(b"1\r\na\r\n0\r\n\r\nHTTP/1.1", 64).unwrap();
        assert_eq!((data.as_slice(), done, left), (&b"a"[..], true, 8));
    }

    #[test]
    fn malformed_chunks_are_refused() {
        for bytes in [
            &b"x\r\n"[..],
            b"\r\n",
            b"-1\r\na\r\n",
            b"+1\r\na\r\n",
            b"0x1\r\na\r\n",
            b"1\na\r\n",
            b"1\r\nab\r\n",
            b"1\r\na\n0\r\n",
            b" 1\r\na\r\n",
            b"1\rx\r\n",
            b"fffffffffffffffff\r\n",
            b"1_0\r\n",
            b"\xff\r\n",
        ] {
            for step in [1, bytes.len()] {
                assert_eq!(read(bytes, step), Err(BadReply::Chunk), "{}", bytes.escape_ascii());
            }
        }
    }

    #[test]
    fn endless_lines_are_refused() {
        let extension = [b"1;".as_slice(), &b"a".repeat(MAX_SIZE_LINE)].concat();
        assert_eq!(read(&extension, 512), Err(BadReply::Chunk));
        let trailers = [b"0\r\n".as_slice(), &b"a: b\r\n".repeat(MAX_TRAILERS)].concat();
        assert_eq!(read(&trailers, 512), Err(BadReply::Chunk));
        let trailer = [b"0\r\na: ".as_slice(), &b"b".repeat(MAX_TRAILERS)].concat();
        assert_eq!(read(&trailer, 512), Err(BadReply::Chunk));
    }

    #[test]
    fn a_huge_chunk_is_announced_without_being_believed() {
        check(b"ffffffffffffffff\r\nabc", b"abc", false, 0);
    }
}
