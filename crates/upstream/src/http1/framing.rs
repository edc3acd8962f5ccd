//! Where a reply's body ends.

use bytes::{Bytes, BytesMut};

use super::BadReply;
use super::chunked::Chunked;

/// What is still to come of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    Length {
        left: u64,
    },
    Chunked(Chunked),
    /// The end of the connection is the end of the body.
    UntilClose,
}

impl Framing {
    pub(crate) const NONE: Self = Self::Length { left: 0 };

    /// What has come of the body, as one piece; `None` where more bytes are needed or it has ended.
    pub(crate) fn take(&mut self, buffer: &mut BytesMut) -> Result<Option<Bytes>, BadReply> {
        match self {
            Self::Length { left: 0 } => Ok(None),
            _ if buffer.is_empty() => Ok(None),
            Self::Length { left } => {
                let length = usize::try_from(*left).unwrap_or(usize::MAX).min(buffer.len());
                *left -= length as u64;
                Ok(Some(buffer.split_to(length).freeze()))
            }
            Self::Chunked(chunked) => joined(chunked, buffer),
            Self::UntilClose => Ok(Some(buffer.split().freeze())),
        }
    }

    pub(crate) const fn is_done(&self) -> bool {
        matches!(self, Self::Length { left: 0 } | Self::Chunked(Chunked::Done))
    }
}

/// All chunks that came in one read, joined: what a provider sends as a burst reaches the client as one write.
fn joined(chunked: &mut Chunked, buffer: &mut BytesMut) -> Result<Option<Bytes>, BadReply> {
    let Some(first) = chunked.take(buffer)? else { return Ok(None) };
    let Some(second) = chunked.take(buffer)? else { return Ok(Some(first)) };
    let mut all = BytesMut::with_capacity(first.len() + second.len() + buffer.len());
    all.extend_from_slice(&first);
    all.extend_from_slice(&second);
    while let Some(more) = chunked.take(buffer)? {
        all.extend_from_slice(&more);
    }
    Ok(Some(all.freeze()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_ends_a_body_and_leaves_the_rest() {
        let mut framing = Framing::Length { left: 5 };
        let mut buffer = BytesMut::from("abc");
        assert_eq!(framing.take(&mut buffer).unwrap().unwrap(), "abc");
        assert_eq!(framing.take(&mut buffer).unwrap(), None);
        assert!(!framing.is_done());
        buffer.extend_from_slice(b"dexyz");
        assert_eq!(framing.take(&mut buffer).unwrap().unwrap(), "de");
        assert!(framing.is_done());
        assert_eq!(framing.take(&mut buffer).unwrap(), None);
        assert_eq!(buffer, "xyz");
    }

    #[test]
    fn the_chunks_of_one_read_come_as_one_piece() {
        let mut framing = Framing::Chunked(Chunked::Size);
        let mut buffer = BytesMut::from("1\r\na\r\n2\r\nbc\r\n1\r\nd\r\n0\r\n\r\n");
        assert_eq!(framing.take(&mut buffer).unwrap().unwrap(), "abcd");
        assert!(framing.is_done() && buffer.is_empty());
    }

    #[test]
    fn good_chunks_before_a_bad_one_do_not_hide_it() {
        let mut framing = Framing::Chunked(Chunked::Size);
        assert_eq!(framing.take(&mut BytesMut::from("1\r\na\r\nx\r\n")), Err(BadReply::Chunk));
    }
}
