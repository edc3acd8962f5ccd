//! A reply before it goes on the wire: status, headers, and a body that is whole or a list of framed stream events.

use bytes::Bytes;
use serde_json::Value;

use super::behaviour::Behaviour;

/// Whose manners a reply has: they differ in error bodies, event framing and keep-alive events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Vendor {
    OpenAi,
    Anthropic,
}

#[derive(Debug, Clone)]
pub(super) enum Body {
    Whole(Bytes),
    Events(Vec<Bytes>),
}

#[derive(Debug, Clone)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Body,
}

impl Reply {
    pub(super) fn json(status: u16, body: &Value) -> Self {
        Self::whole(status, "application/json", body.to_string())
    }

    pub(super) fn whole(status: u16, content_type: &str, body: impl Into<Bytes>) -> Self {
        let headers = vec![("content-type".to_owned(), content_type.to_owned())];
        Self { status, headers, body: Body::Whole(body.into()) }
    }

    pub(super) fn events(events: Vec<Bytes>) -> Self {
        let headers = vec![
            ("content-type".to_owned(), "text/event-stream; charset=utf-8".to_owned()),
            ("cache-control".to_owned(), "no-cache".to_owned()),
        ];
        Self { status: 200, headers, body: Body::Events(events) }
    }

    pub(super) fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.set_header(name, value);
        self
    }

    pub(super) fn set_header(&mut self, name: &str, value: impl Into<String>) {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.into()));
    }
}

/// What is to be done for one request: the reply, and how it is to be spoilt on its way.
pub(super) struct Plan {
    pub(super) vendor: Vendor,
    pub(super) reply: Reply,
    pub(super) behaviour: Behaviour,
    /// The key the request came with, for the fault that repeats it.
    pub(super) key: String,
}
