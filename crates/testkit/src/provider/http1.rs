//! The reading half of a small HTTP/1.1 server: heads by `httparse`, bodies by length or chunked, `Expect` answered.
//! It is strict and bounded; a request it cannot read ends the connection.

use bytes::{Buf, Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub(super) struct Request {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) query: Option<String>,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    pub(super) keep_alive: bool,
}

impl Request {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// The next request of a connection; `None` when the peer is done or sends what cannot be read.
pub(super) async fn read_request(stream: &mut TcpStream, buffer: &mut BytesMut) -> Option<Request> {
    let mut request = loop {
        if let Some((request, head_length)) = parse_head(buffer)? {
            buffer.advance(head_length);
            break request;
        }
        fill(stream, buffer).await?;
    };
    if request.header("expect").is_some_and(|value| value.eq_ignore_ascii_case("100-continue")) {
        stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await.ok()?;
    }
    request.body = if request.header("transfer-encoding").is_some() {
        read_chunked(stream, buffer).await?
    } else {
        let length = match request.header("content-length") {
            Some(length) => length.parse().ok()?,
            None => 0,
        };
        take(stream, buffer, length).await?
    };
    Some(request)
}

/// `None` for a malformed head, `Some(None)` for an incomplete one.
#[expect(clippy::option_option, reason = "two different absences: broken and not yet")]
fn parse_head(buffer: &[u8]) -> Option<Option<(Request, usize)>> {
    let mut slots = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut parsed = httparse::Request::new(&mut slots);
    let length = match parsed.parse(buffer).ok()? {
        httparse::Status::Partial => return Some(None),
        httparse::Status::Complete(length) => length,
    };
    let mut headers = HeaderMap::new();
    for header in parsed.headers.iter() {
        let name = HeaderName::from_bytes(header.name.as_bytes()).ok()?;
        headers.append(name, HeaderValue::from_bytes(header.value).ok()?);
    }
    let target = parsed.path?;
    let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
    let closes =
        headers.get("connection").is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"close"));
    let request = Request {
        method: Method::from_bytes(parsed.method?.as_bytes()).ok()?,
        path: path.to_owned(),
        query: query.map(str::to_owned),
        headers,
        body: Bytes::new(),
        keep_alive: parsed.version == Some(1) && !closes,
    };
    Some(Some((request, length)))
}

async fn read_chunked(stream: &mut TcpStream, buffer: &mut BytesMut) -> Option<Bytes> {
    let mut body = BytesMut::new();
    loop {
        let line = read_line(stream, buffer).await?;
        let digits = line.split(|&byte| byte == b';').next()?;
        let size = usize::from_str_radix(std::str::from_utf8(digits).ok()?.trim(), 16).ok()?;
        if size == 0 {
            while !read_line(stream, buffer).await?.is_empty() {}
            return Some(body.freeze());
        }
        body.extend_from_slice(&take(stream, buffer, size).await?);
        if body.len() > LARGEST_BODY || !read_line(stream, buffer).await?.is_empty() {
            return None;
        }
    }
}

async fn read_line(stream: &mut TcpStream, buffer: &mut BytesMut) -> Option<Bytes> {
    loop {
        if let Some(end) = buffer.windows(2).position(|pair| pair == b"\r\n") {
            let line = buffer.split_to(end).freeze();
            buffer.advance(2);
            return Some(line);
        }
        fill(stream, buffer).await?;
    }
}

async fn take(stream: &mut TcpStream, buffer: &mut BytesMut, length: usize) -> Option<Bytes> {
    if length > LARGEST_BODY {
        return None;
    }
    while buffer.len() < length {
        fill(stream, buffer).await?;
    }
    Some(buffer.split_to(length).freeze())
}

async fn fill(stream: &mut TcpStream, buffer: &mut BytesMut) -> Option<()> {
    match stream.read_buf(buffer).await {
        Ok(0) | Err(_) => None,
        Ok(_) => Some(()),
    }
}

const MOST_HEADERS: usize = 128;
const LARGEST_BODY: usize = 64 << 20;
