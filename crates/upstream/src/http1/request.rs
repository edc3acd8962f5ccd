//! A request, and the bytes of its head.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, HeaderValue, Method};

/// What is sent. Its parts are borrowed, since most of them live longer than a call. Their types rule out what could
/// end a line early, so that no part can become another header.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    pub method: &'a Method,
    pub path: &'a PathAndQuery,
    /// The value of `host`.
    pub authority: &'a HeaderValue,
    /// The header that authenticates.
    pub auth: Option<&'a (HeaderName, HeaderValue)>,
    /// All others, but for those that every request has.
    pub headers: &'a HeaderMap,
    /// The body, in pieces that are sent one after the other. JSON, unless `headers` name another type.
    pub body: &'a [Bytes],
}

impl Request<'_> {
    pub(crate) fn write_head(&self, head: &mut Vec<u8>) {
        head.extend_from_slice(self.method.as_str().as_bytes());
        head.push(b' ');
        head.extend_from_slice(self.path.as_str().as_bytes());
        head.extend_from_slice(b" HTTP/1.1\r\n");
        field(head, "host", self.authority.as_bytes());
        if let Some((name, value)) = self.auth {
            field(head, name.as_str(), value.as_bytes());
        }
        for (name, value) in self.headers {
            field(head, name.as_str(), value.as_bytes());
        }
        // No coding is undone here, so none is asked for.
        head.extend_from_slice(SAME_FOR_ALL);
        let length: usize = self.body.iter().map(Bytes::len).sum();
        if length > 0 && !self.headers.contains_key(CONTENT_TYPE) {
            head.extend_from_slice(b"content-type: application/json\r\n");
        }
        if length > 0 || *self.method != Method::GET {
            head.extend_from_slice(b"content-length: ");
            decimal(head, length);
            head.extend_from_slice(b"\r\n");
        }
        head.extend_from_slice(b"\r\n");
    }
}

const SAME_FOR_ALL: &[u8] =
    concat!("user-agent: gatewright/", env!("CARGO_PKG_VERSION"), "\r\naccept-encoding: identity\r\n")
        .as_bytes();

fn field(head: &mut Vec<u8>, name: &str, value: &[u8]) {
    head.extend_from_slice(name.as_bytes());
    head.extend_from_slice(b": ");
    head.extend_from_slice(value);
    head.extend_from_slice(b"\r\n");
}

fn decimal(head: &mut Vec<u8>, number: usize) {
    const LONGEST: usize = 20;
    let mut digits = [0_u8; LONGEST];
    let mut at = LONGEST;
    let mut rest = number;
    loop {
        at -= 1;
        digits[at] = b"0123456789"[rest % 10];
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    head.extend_from_slice(&digits[at..]);
}

#[cfg(test)]
mod tests {
    use http::header::AUTHORIZATION;

    use super::*;

    fn head(method: &Method, body: &[Bytes]) -> String {
        let auth = (AUTHORIZATION, HeaderValue::from_static("Bearer k"));
        let headers = HeaderMap::from_iter([
            (HeaderName::from_static("anthropic-beta"), HeaderValue::from_static("a")),
            (HeaderName::from_static("anthropic-beta"), HeaderValue::from_static("b")),
        ]);
        let request = Request {
            method,
            path: &PathAndQuery::from_static("/v1/messages?x=1"),
            authority: &HeaderValue::from_static("api.example.com:8443"),
            auth: Some(&auth),
            headers: &headers,
            body,
        };
        let mut head = Vec::new();
        request.write_head(&mut head);
        String::from_utf8(head).unwrap()
    }

    #[test]
    fn a_head_has_every_header_once_per_value_and_the_length_of_all_pieces() {
        let body = [Bytes::from_static(b"12345"), Bytes::new(), Bytes::from_static(b"67890")];
        assert_eq!(
            head(&Method::POST, &body),
            concat!(
                "POST /v1/messages?x=1 HTTP/1.1\r\nhost: api.example.com:8443\r\nauthorization: Bearer k\r\n",
                "anthropic-beta: a\r\nanthropic-beta: b\r\nuser-agent: gatewright/",
                env!("CARGO_PKG_VERSION"),
                "\r\naccept-encoding: identity\r\ncontent-type: application/json\r\ncontent-length: 10\r\n\r\n"
            )
        );
    }

    #[test]
    fn a_request_without_a_body_says_so_unless_it_is_a_get() {
        assert!(head(&Method::POST, &[]).ends_with("\r\ncontent-length: 0\r\n\r\n"));
        assert!(!head(&Method::GET, &[]).contains("content-"));
    }
}
