//! An HTTP client for tests. Every request has a connection of its own, replies are read chunk by chunk, and a reply
//! that is dropped takes its connection with it: that is how a client leaves in the middle.
//! Every wait is bounded; what takes longer fails the test by name.

mod raw;
mod sse;
mod transport;

use std::future::Future;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use serde_json::Value;
use tokio::task::JoinSet;

pub use raw::Raw;
pub use sse::{Event, Events, SseParser};

use transport::{Transport, trusting};

/// Where requests go and the headers that all of them carry.
#[derive(Debug, Clone)]
pub struct Client {
    authority: String,
    headers: HeaderMap,
    transport: Transport,
}

impl Client {
    /// A client of `http://host:port`; a path after it is not kept.
    pub fn new(url: &str) -> Self {
        let rest = url.strip_prefix("http://").unwrap_or_else(|| panic!("`{url}` is not an http URL"));
        Self { authority: authority(rest), headers: HeaderMap::new(), transport: Transport::default() }
    }

    /// A client of `https://host:port` that trusts one certificate authority (PEM).
    pub fn secure(url: &str, authority_pem: &str) -> Self {
        let rest = url.strip_prefix("https://").unwrap_or_else(|| panic!("`{url}` is not an https URL"));
        let transport = Transport { tls: Some(trusting(authority_pem, false)), ..Transport::default() };
        Self { authority: authority(rest), headers: HeaderMap::new(), transport }
    }

    /// The same over HTTP/2.
    pub fn secure_http2(url: &str, authority_pem: &str) -> Self {
        let mut client = Self::secure(url, authority_pem);
        client.transport.tls = Some(trusting(authority_pem, true));
        client.transport.http2 = true;
        client
    }

    /// The same client from another address of this machine, such as `127.0.0.2`.
    pub fn from(mut self, address: &str) -> Self {
        let address = address.parse().unwrap_or_else(|_| panic!("`{address}` is no address"));
        self.transport.from = Some(address);
        self
    }

    /// The same client with one more header on every request.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.insert(header_name(name), header_value(value));
        self
    }

    pub fn bearer(self, key: &str) -> Self {
        self.header("authorization", &format!("Bearer {key}"))
    }

    /// What every request to an Anthropic API carries, with the older version.
    pub fn anthropic(self, key: &str) -> Self {
        self.header("x-api-key", key).header("anthropic-version", "2023-06-01")
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.send(Method::GET, path, &[], Bytes::new()).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Reply {
        self.post_bytes(path, body.to_string()).await
    }

    /// Sends these bytes as JSON, whatever they are.
    pub async fn post_bytes(&self, path: &str, body: impl Into<Bytes>) -> Reply {
        self.send(Method::POST, path, &[("content-type", "application/json")], body).await
    }

    pub async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Reply {
        self.try_send(method.clone(), path, headers, body)
            .await
            .unwrap_or_else(|problem| panic!("{method} {path} to {} got no reply: {problem}", self.authority))
    }

    /// Like [`Self::send`]; no connection or a connection that breaks before the head of a reply is an error.
    pub async fn try_send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Result<Reply, String> {
        let mut request = Request::new(Full::new(body.into()));
        *request.method_mut() = method;
        *request.uri_mut() = path.parse().map_err(|error| format!("`{path}` is no path: {error}"))?;
        *request.headers_mut() = self.headers.clone();
        if self.transport.http2 {
            let uri = format!("https://{}{path}", self.authority);
            *request.uri_mut() = uri.parse().map_err(|error| format!("`{uri}` is no URL: {error}"))?;
        } else {
            request.headers_mut().insert("host", header_value(&self.authority));
        }
        for (name, value) in headers {
            request.headers_mut().insert(header_name(name), header_value(value));
        }
        within("connecting", self.exchange(request)).await
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<Reply, String> {
        let mut driver = JoinSet::new();
        let response = self.transport.exchange(&self.authority, request, &mut driver).await?;
        let (head, body) = response.into_parts();
        Ok(Reply { status: head.status.as_u16(), headers: head.headers, body, _driver: driver })
    }
}

/// A reply whose body is read on demand. Dropping it closes the connection at once.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    body: Incoming,
    /// Drives the connection; aborted with the reply.
    _driver: JoinSet<()>,
}

impl Reply {
    /// A header as text; empty where it is absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The next piece of the body as it arrived; `None` at its end, an error where the connection broke.
    pub async fn chunk(&mut self) -> Option<Result<Bytes, hyper::Error>> {
        loop {
            match within("the next chunk", self.body.frame()).await? {
                Ok(frame) => match frame.into_data() {
                    Ok(data) => return Some(Ok(data)),
                    Err(_trailers) => {}
                },
                Err(error) => return Some(Err(error)),
            }
        }
    }

    /// The whole body; an error where it was cut.
    pub async fn try_bytes(mut self) -> Result<Bytes, hyper::Error> {
        let mut body = Vec::new();
        while let Some(chunk) = self.chunk().await {
            body.extend_from_slice(&chunk?);
        }
        Ok(Bytes::from(body))
    }

    pub async fn bytes(self) -> Bytes {
        self.try_bytes().await.expect("the reply's body was cut")
    }

    pub async fn text(self) -> String {
        String::from_utf8(self.bytes().await.to_vec()).expect("the reply is not UTF-8")
    }

    pub async fn json(self) -> Value {
        let text = self.text().await;
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("the reply is not JSON ({error}): {text}"))
    }

    /// The body as JSON, after making sure of the status.
    pub async fn expect_json(self, status: u16) -> Value {
        let found = self.status;
        let text = self.text().await;
        assert_eq!(found, status, "unexpected status; the body is {text}");
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("the reply is not JSON ({error}): {text}"))
    }

    /// The body as server-sent events.
    pub fn events(self) -> Events {
        Events::new(self)
    }

    /// Leaves: the connection is closed without reading any further.
    pub fn abandon(self) {
        drop(self);
    }
}

/// Waits at most [`PATIENCE`]; a test that would hang fails and says at what.
async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(PATIENCE, future).await {
        Ok(value) => value,
        Err(_) => panic!("{what} took longer than {PATIENCE:?}"),
    }
}

/// What stands before the path.
fn authority(rest: &str) -> String {
    rest.split('/').next().unwrap_or(rest).to_owned()
}

fn header_name(name: &str) -> HeaderName {
    HeaderName::from_bytes(name.as_bytes()).unwrap_or_else(|_| panic!("`{name}` is no header name"))
}

fn header_value(value: &str) -> HeaderValue {
    HeaderValue::from_str(value).unwrap_or_else(|_| panic!("`{value}` is no header value"))
}

/// Longer than anything a test waits for on purpose, also on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
