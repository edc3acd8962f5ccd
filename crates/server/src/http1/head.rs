//! The head of a request, where it is one of the plain ones.

use std::mem::MaybeUninit;

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, EXPECT, TRANSFER_ENCODING, UPGRADE};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use memchr::memchr_iter;

use crate::models::{self, CallRoute, Route, json_only};

/// A head is larger than this only in an attack; hyper will say so.
const MAX_HEAD: usize = 16 * 1024;
const MAX_HEADERS: usize = 64;

/// A call whose body follows.
#[derive(Debug)]
pub(crate) struct Arrival {
    pub(crate) route: CallRoute,
    pub(crate) query: Option<String>,
    pub(crate) headers: HeaderMap,
    /// Of the body.
    pub(crate) length: usize,
}

/// What the bytes that have come begin with.
#[derive(Debug)]
pub(crate) enum Head {
    /// More bytes are needed.
    Partial,
    /// A call, and the length of its head.
    Call(Box<Arrival>, usize),
    /// Something that is not for here.
    Other,
}

/// Looks at the front of `buffer`, of which the first `searched` bytes are known to hold no end of a head.
pub(crate) fn read(buffer: &[u8], searched: usize) -> Head {
    const BEGINNING: &[u8] = b"POST /";
    let begun = buffer.len().min(BEGINNING.len());
    if buffer[..begun] != BEGINNING[..begun] {
        return Head::Other;
    }
    match end(buffer, searched) {
        End::At(length) if length <= MAX_HEAD => {
            // A copy, so that a header that somebody keeps does not keep the buffer.
            let arrival = parse(&Bytes::copy_from_slice(&buffer[..length]));
            arrival.map_or(Head::Other, |arrival| Head::Call(Box::new(arrival), length))
        }
        End::NotYet if buffer.len() <= MAX_HEAD => Head::Partial,
        _ => Head::Other,
    }
}

enum End {
    /// Behind the empty line.
    At(usize),
    NotYet,
    /// A line ends with a lone line feed: whether that is one is hyper's to say.
    Odd,
}

fn end(buffer: &[u8], searched: usize) -> End {
    for at in memchr_iter(b'\n', buffer.get(searched..).unwrap_or_default()) {
        let before = &buffer[..searched + at];
        if before.ends_with(b"\r\n\r") {
            return End::At(before.len() + 1);
        }
        if !before.ends_with(b"\r") {
            return End::Odd;
        }
    }
    End::NotYet
}

/// `None` for everything that is not plain.
fn parse(bytes: &Bytes) -> Option<Arrival> {
    let mut fields = [const { MaybeUninit::uninit() }; MAX_HEADERS];
    let mut request = httparse::Request::new(&mut []);
    let parsed = request.parse_with_uninit_headers(bytes, &mut fields).ok()?;
    if parsed != httparse::Status::Complete(bytes.len())
        || request.method != Some("POST")
        || request.version != Some(1)
    {
        return None;
    }
    let target = request.path?;
    let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
    // hyper knows all that may stand in a target; this is what surely may.
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_.~%=&:+".contains(&byte);
    if !path.bytes().all(plain) || !query.unwrap_or("").bytes().all(plain) {
        return None;
    }
    let Some(Route::Call(route)) = models::route(&Method::POST, path) else { return None };
    let mut headers = HeaderMap::with_capacity(request.headers.len());
    for field in request.headers.iter() {
        let name = HeaderName::from_bytes(field.name.as_bytes()).ok()?;
        headers.append(name, HeaderValue::from_maybe_shared(bytes.slice_ref(field.value)).ok()?);
    }
    json_only(&headers).ok()?;
    let length = length(&headers)?;
    Some(Arrival { route, query: query.map(str::to_owned), headers, length })
}

/// The length of the body, where nothing else decides how the request is read and what becomes of the connection.
fn length(headers: &HeaderMap) -> Option<usize> {
    const NOT_PLAIN: [HeaderName; 3] = [TRANSFER_ENCODING, EXPECT, UPGRADE];
    if NOT_PLAIN.iter().any(|name| headers.contains_key(name)) {
        return None;
    }
    let keeps = |value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"keep-alive");
    if !headers.get_all(CONNECTION).iter().all(keeps) {
        return None;
    }
    let mut lengths = headers.get_all(CONTENT_LENGTH).iter();
    let (length, None) = (lengths.next()?.to_str().ok()?, lengths.next()) else { return None };
    // `parse` alone would take a sign.
    length.bytes().all(|byte| byte.is_ascii_digit()).then(|| length.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use domain::{Api, Dialect};

    use super::*;

    const PLAIN: &str = "POST /v1/messages?key=k HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\n\
                         Connection: keep-alive\r\nContent-Length: 12\r\n\r\n";

    #[test]
    fn a_plain_call_is_read_whatever_the_reads_are() {
        for cut in 0..PLAIN.len() {
            for searched in 0..=cut {
                assert!(
                    matches!(read(&PLAIN.as_bytes()[..cut], searched), Head::Partial),
                    "{cut} {searched}"
                );
            }
            let Head::Call(arrival, length) = read(format!("{PLAIN}{{}}POST").as_bytes(), cut) else {
                panic!("not seen after {cut} bytes");
            };
            assert_eq!((length, arrival.length), (PLAIN.len(), 12));
            let route = CallRoute { dialect: Dialect::AnthropicMessages, api: Some(Api::Chat), model: None };
            assert_eq!((arrival.route, arrival.query.as_deref()), (route, Some("key=k")));
            assert_eq!(arrival.headers["host"], "here");
        }
    }

    #[track_caller]
    fn other(what: &str, instead: &str) {
        assert!(PLAIN.contains(what));
        let head = PLAIN.replacen(what, instead, 1);
        assert!(matches!(read(head.as_bytes(), 0), Head::Other), "{head:?}");
    }

    #[test]
    fn everything_else_is_for_hyper() {
        for target in [
            "/",
            "/v1/models",
            "/api/v1/calls",
            "/v1/messages#x",
            "/v1/mess\u{e4}ges",
            "/v1/messages?a b",
            "*",
        ] {
            other("/v1/messages?key=k", target);
        }
        other("/v1/messages", "http://here/v1/messages");
        other("POST", "post");
        other("POST", "GET");
        other("POST", "\r\n\r\nPOST");
        other("HTTP/1.1", "HTTP/1.0");
        other("HTTP/1.1", "HTTP/2.0");
        other("application/json", "text/plain");
        other("Host: here\r\n", "Host: here\n");
        for header in [
            "Transfer-Encoding: chunked",
            "Transfer-Encoding: identity",
            "Expect: 100-continue",
            "Upgrade: h2c",
            "Connection: close",
            "Connection: keep-alive, x",
            "Content-Length: 12",
            "Content-Length: 13",
            "bad header: x",
            "no colon",
            " folded: x",
            "x: \0",
            "x : y",
        ] {
            other("Host: here", header);
        }
        for length in ["", "-1", "+1", "1,1", "0x1", "1 1", "99999999999999999999"] {
            other("Content-Length: 12", &format!("Content-Length: {length}"));
        }
        other("Content-Length: 12\r\n", "");
        other("Host: here", &format!("Host: {}", "h".repeat(MAX_HEAD)));
        other("Host: here", &format!("Host: here{}", "\r\na: b".repeat(MAX_HEADERS)));
    }

    #[test]
    fn an_endless_head_is_not_waited_for() {
        let endless = format!("POST /{}", "a".repeat(MAX_HEAD));
        assert!(matches!(read(endless.as_bytes(), 0), Head::Other));
        assert!(matches!(read(&endless.as_bytes()[..MAX_HEAD], 0), Head::Partial));
    }

    #[test]
    fn what_cannot_become_a_call_is_handed_over_with_its_first_byte() {
        for bytes in [&b"G"[..], b"PUT", b"PRI * HTTP/2.0\r\n", b"\x16\x03\x01", b"\r\n"] {
            assert!(matches!(read(bytes, 0), Head::Other), "{}", bytes.escape_ascii());
        }
        assert!(matches!(read(b"", 0), Head::Partial));
    }
}
