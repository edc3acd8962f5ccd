//! The head of a reply: status, headers, and where the body will end.
//! <https://www.rfc-editor.org/rfc/rfc9112#name-message-body-length>

use std::mem::MaybeUninit;

use bytes::{Buf, Bytes, BytesMut};
use http::header::{CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use memchr::memchr_iter;

use super::chunked::Chunked;
use super::{BadReply, Framing};

const MAX_HEAD: usize = 64 * 1024;
const MAX_HEADERS: usize = 256;

/// A final head: what came before it (1xx) has been passed over.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) framing: Framing,
    /// The connection may carry another request after this one.
    pub(crate) keep_alive: bool,
}

/// Takes heads off the front of what has come. Remembers how far it has looked, so that a head that trickles in is
/// searched once.
#[derive(Debug, Default)]
pub(crate) struct HeadReader {
    searched: usize,
    /// Of the interim heads that were passed over.
    passed: usize,
}

impl HeadReader {
    /// `None` where more bytes are needed.
    pub(crate) fn take(&mut self, buffer: &mut BytesMut) -> Result<Option<Head>, BadReply> {
        loop {
            let Some(length) = self.find_end(buffer) else {
                self.searched = buffer.len().saturating_sub(3);
                let too_large = self.passed + buffer.len() > MAX_HEAD;
                return if too_large { Err(BadReply::HeadTooLarge) } else { Ok(None) };
            };
            self.searched = 0;
            self.passed += length;
            if self.passed > MAX_HEAD {
                return Err(BadReply::HeadTooLarge);
            }
            // A copy, so that a header that somebody keeps does not keep the buffer.
            let bytes = Bytes::copy_from_slice(&buffer[..length]);
            buffer.advance(length);
            let head = parse(&bytes)?;
            match head.status {
                StatusCode::SWITCHING_PROTOCOLS => return Err(BadReply::Upgrade),
                status if status.is_informational() => {}
                _ => return Ok(Some(head)),
            }
        }
    }

    /// Something came, though it was no final head.
    pub(crate) const fn has_passed_any(&self) -> bool {
        self.passed > 0
    }

    /// Behind the empty line.
    fn find_end(&self, buffer: &[u8]) -> Option<usize> {
        memchr_iter(b'\n', &buffer[self.searched..]).find_map(|at| {
            let rest = &buffer[self.searched + at + 1..];
            match rest {
                [b'\n', ..] => Some(self.searched + at + 2),
                [b'\r', b'\n', ..] => Some(self.searched + at + 3),
                _ => None,
            }
        })
    }
}

fn parse(bytes: &Bytes) -> Result<Head, BadReply> {
    let mut fields = [const { MaybeUninit::uninit() }; MAX_HEADERS];
    let mut response = httparse::Response::new(&mut []);
    let parsed = httparse::ParserConfig::default().parse_response_with_uninit_headers(
        &mut response,
        bytes,
        &mut fields,
    );
    match parsed {
        Ok(httparse::Status::Complete(length)) if length == bytes.len() => {}
        _ => return Err(BadReply::Head),
    }
    let status = response.code.and_then(|code| StatusCode::from_u16(code).ok()).ok_or(BadReply::Head)?;
    let mut headers = HeaderMap::with_capacity(response.headers.len());
    for field in response.headers.iter() {
        let name = HeaderName::from_bytes(field.name.as_bytes()).map_err(|_| BadReply::Head)?;
        let value =
            HeaderValue::from_maybe_shared(bytes.slice_ref(field.value)).map_err(|_| BadReply::Head)?;
        headers.append(name, value);
    }
    let (framing, certain) = framing(status, &headers)?;
    // Before 1.1, connections were kept on request only, and nobody requests that here.
    let keep_alive = certain && response.version == Some(1) && !closes(&headers);
    Ok(Head { status, headers, framing, keep_alive })
}

/// Where the body ends, and whether no other reader could think otherwise.
fn framing(status: StatusCode, headers: &HeaderMap) -> Result<(Framing, bool), BadReply> {
    if status.is_informational() || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED) {
        return Ok((Framing::NONE, true));
    }
    let length = length(headers)?;
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    match (codings.next(), codings.next()) {
        (None, _) => Ok(length.map_or((Framing::UntilClose, false), |left| (Framing::Length { left }, true))),
        (Some(coding), None) if coding.as_bytes().trim_ascii().eq_ignore_ascii_case(b"chunked") => {
            Ok((Framing::Chunked(Chunked::Size), length.is_none()))
        }
        _ => Err(BadReply::Coding),
    }
}

/// `content-length`, which may be repeated if it always says the same.
fn length(headers: &HeaderMap) -> Result<Option<u64>, BadReply> {
    let mut known = None;
    for value in headers.get_all(CONTENT_LENGTH) {
        for part in value.as_bytes().split(|byte| *byte == b',') {
            let length = number(part.trim_ascii()).ok_or(BadReply::Length)?;
            if known.is_some_and(|known| known != length) {
                return Err(BadReply::Length);
            }
            known = Some(length);
        }
    }
    Ok(known)
}

/// Digits only: `parse` alone would take a sign.
fn number(text: &[u8]) -> Option<u64> {
    let digits = text.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(text).ok().filter(|_| digits)?.parse().ok()
}

fn closes(headers: &HeaderMap) -> bool {
    headers.get_all(CONNECTION).iter().any(|value| {
        value
            .as_bytes()
            .split(|byte| *byte == b',')
            .any(|token| token.trim_ascii().eq_ignore_ascii_case(b"close"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The head of `bytes`, the same in pieces of every size, and how much is left behind it.
    fn read(bytes: &[u8]) -> Result<Option<(Head, usize)>, BadReply> {
        let mut whole = BytesMut::from(bytes);
        let result = HeadReader::default().take(&mut whole);
        let (mut reader, mut buffer, mut stepped) = (HeadReader::default(), BytesMut::new(), Ok(None));
        for (index, byte) in bytes.iter().enumerate() {
            buffer.extend_from_slice(&[*byte]);
            stepped = reader.take(&mut buffer);
            if !matches!(stepped, Ok(None)) {
                buffer.extend_from_slice(&bytes[index + 1..]);
                break;
            }
        }
        assert_eq!(format!("{stepped:?}"), format!("{result:?}"));
        assert!(result.is_err() || whole == buffer);
        Ok(result?.map(|head| (head, whole.len())))
    }

    #[track_caller]
    fn check(head: &str, status: u16, framing: Framing, keep_alive: bool) {
        let bytes = format!("{head}\r\n\r\nrest").replace('|', "\r\n");
        let (head, left) = read(bytes.as_bytes()).unwrap().unwrap();
        assert_eq!(
            (head.status.as_u16(), head.framing, head.keep_alive, left),
            (status, framing, keep_alive, 4)
        );
    }

    #[track_caller]
    fn refused(head: &str, reason: BadReply) {
        let bytes = format!("{head}\r\n\r\n").replace('|', "\r\n");
        assert_eq!(read(bytes.as_bytes()).map(|_| ()).unwrap_err(), reason);
    }

    #[test]
    fn the_end_of_a_body_is_told_by_its_head() {
        let chunked = Framing::Chunked(Chunked::Size);
        check("HTTP/1.1 200 OK|content-length: 5", 200, Framing::Length { left: 5 }, true);
        check("HTTP/1.1 200|Content-Length: 5, 5|content-length:5", 200, Framing::Length { left: 5 }, true);
        check("HTTP/1.1 200 OK|Transfer-Encoding: Chunked", 200, chunked, true);
        check("HTTP/1.1 200 OK", 200, Framing::UntilClose, false);
        check("HTTP/1.1 204 No Content", 204, Framing::NONE, true);
        check("HTTP/1.1 304 Not Modified|content-length: 7", 304, Framing::NONE, true);
        check("HTTP/1.1 200 OK|transfer-encoding: chunked|content-length: 5", 200, chunked, false);
    }

    #[test]
    fn a_connection_is_kept_where_both_sides_want_it() {
        let length = Framing::Length { left: 1 };
        check("HTTP/1.1 200 OK|content-length: 1|connection: x, Close", 200, length, false);
        check("HTTP/1.1 200 OK|content-length: 1|connection: keep-alive", 200, length, true);
        check("HTTP/1.0 200 OK|content-length: 1|connection: keep-alive", 200, length, false);
    }

    #[test]
    fn interim_heads_are_passed_over() {
        check(
            "HTTP/1.1 100 Continue||HTTP/1.1 103 Early Hints|link: x||HTTP/1.1 429 No|content-length: 0",
            429,
            Framing::NONE,
            true,
        );
        refused("HTTP/1.1 101 Switching Protocols|upgrade: x", BadReply::Upgrade);
    }

    #[test]
    fn bare_line_feeds_end_lines_of_a_head() {
        let (head, left) = read(b"HTTP/1.1 200 OK\ncontent-length: 2\n\nab").unwrap().unwrap();
        assert_eq!((head.framing, left), (Framing::Length { left: 2 }, 2));
    }

    #[test]
    fn a_reply_with_an_uncertain_end_is_refused() {
        for length in
            ["5, 6", "-1", "+5", "5x", "", "5,", "0x5", "99999999999999999999", "5 5", "5|content-length: 6"]
        {
            refused(&format!("HTTP/1.1 200 OK|content-length: {length}"), BadReply::Length);
        }
        for coding in [
            "gzip",
            "gzip, chunked",
            "chunked, chunked",
            "identity",
            "chunked|transfer-encoding: chunked",
            "",
        ] {
            refused(&format!("HTTP/1.1 200 OK|transfer-encoding: {coding}"), BadReply::Coding);
        }
    }

    #[test]
    fn what_is_no_http_is_refused() {
        for head in [
            "",
            "hello",
            "HTTP/2 200 OK",
            "HTTP/1.1 99 OK",
            "HTTP/1.1 2000 OK",
            "HTTP/1.1 abc OK",
            "HTTP/1.1 200 OK|no colon",
            "HTTP/1.1 200 OK|na me: x",
            "HTTP/1.1 200 OK|name : x",
            "HTTP/1.1 200 OK| folded: x",
            "HTTP/1.1 200 OK|a: b| folded",
            "HTTP/1.1 200 OK|a: \0",
            "SSH-2.0-OpenSSH_9.6",
        ] {
            refused(head, BadReply::Head);
        }
    }

    #[test]
    fn heads_have_limits() {
        let many = |count| format!("HTTP/1.1 200 OK|content-length: 0{}", "|a: b".repeat(count));
        check(&many(MAX_HEADERS - 1), 200, Framing::NONE, true);
        refused(&many(MAX_HEADERS), BadReply::Head);
        let large = format!("HTTP/1.1 200 OK\r\na: {}", "b".repeat(MAX_HEAD));
        let mut reader = HeadReader::default();
        assert_eq!(reader.take(&mut BytesMut::from(large.as_str())).unwrap_err(), BadReply::HeadTooLarge);
        let interim = "HTTP/1.1 100 Continue\r\n\r\n".repeat(MAX_HEAD / 16);
        let mut reader = HeadReader::default();
        assert_eq!(reader.take(&mut BytesMut::from(interim.as_str())).unwrap_err(), BadReply::HeadTooLarge);
    }

    #[test]
    fn half_a_head_is_waited_for() {
        for head in ["", "H", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\na: b\r\n\r"] {
            assert!(read(head.as_bytes()).unwrap().is_none(), "{head:?}");
        }
    }
}
