//! How a key is sent: a word for the usual ways, a section for a header or query parameter of any name.

use std::sync::Arc;

use serde_json::Value;

use super::reading::{Reading, Shown};
use super::{Field, Shape};
use crate::tree::{Content, Kind, Node};

/// How a key is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Auth {
    /// `Authorization: Bearer …`
    Bearer,
    /// `x-api-key: …`
    XApiKey,
    /// In a header of this name, behind a prefix and a blank where there is a prefix.
    Header { name: http::HeaderName, prefix: Option<Arc<str>> },
    /// As a query parameter.
    Query { name: Arc<str> },
    /// Not at all: the provider takes calls without a key.
    None,
}

section! {
    /// The key in a header of another name.
    HeaderAuth is "`auth`", later [];
    /// A header.
    required kind: HeaderKind;
    /// Its name.
    required name: HeaderNameText;
    /// What stands before the key, with a blank in between.
    optional prefix: Token;
}

section! {
    /// The key in the query of the URL.
    QueryAuth is "`auth`", later [];
    /// A query parameter.
    required kind: QueryKind;
    /// Its name.
    required name: ParameterName;
}

choice! {
    /// A header.
    HeaderKind { Header = "header" } later []
}

choice! {
    /// A query parameter.
    QueryKind { Query = "query" } later []
}

impl Auth {
    const WORDS: &[&str] = &["bearer", "x-api-key", "none"];
    const KINDS: [&str; 2] = ["header", "query"];
    /// Of cloud providers, whose credentials no version takes yet.
    const LATER: [&str; 1] = ["access-key"];

    fn read_section(node: &Node, reading: &mut Reading<'_>) -> Option<Self> {
        let kind = node.get("kind").and_then(|kind| match &kind.content {
            Content::Scalar(scalar) => Some(scalar.text.as_str()),
            _ => None,
        });
        match kind {
            Some("query") => {
                let query = QueryAuth::read(node, reading)?;
                Some(Self::Query { name: query.name?.0 })
            }
            // What stands in other forms may be secret, and is not looked at.
            Some(kind) if Self::LATER.contains(&kind) => {
                let message = format!("`auth` of the kind `{kind}` is not available in this version");
                reading.error_with(
                    node,
                    message,
                    "choose `bearer`, `x-api-key`, `none`, or the kind `header` or `query`",
                );
                None
            }
            Some(_) if !Self::KINDS.iter().any(|known| Some(*known) == kind) => {
                let before = reading.enter_key("kind");
                if let Some(kind) = node.get("kind") {
                    reading.choice(kind, &Self::KINDS, &[]);
                }
                reading.leave(before);
                None
            }
            _ => {
                let header = HeaderAuth::read(node, reading)?;
                Some(Self::Header { name: header.name?.0, prefix: header.prefix.map(|prefix| prefix.0) })
            }
        }
    }
}

impl Field for Auth {
    fn shape() -> Shape {
        Shape::Either(vec![Shape::Choice(Self::WORDS), HeaderAuth::shape(), QueryAuth::shape()])
    }

    fn read(node: &Node, reading: &mut Reading<'_>) -> Option<Self> {
        if let Content::Section(_) = &node.content {
            return Self::read_section(node, reading);
        }
        // `off` is how YAML people write `none`.
        if let Content::Scalar(scalar) = &node.content
            && scalar.kind() == Kind::Boolean(false)
            && !reading.is_document()
        {
            return Some(Self::None);
        }
        match reading.choice(node, Self::WORDS, &[])?.as_str() {
            "bearer" => Some(Self::Bearer),
            "x-api-key" => Some(Self::XApiKey),
            _ => Some(Self::None),
        }
    }

    fn written(&self) -> Option<Value> {
        match self {
            Self::Bearer => Some("bearer".into()),
            Self::XApiKey => Some("x-api-key".into()),
            Self::None => Some("none".into()),
            Self::Header { .. } | Self::Query { .. } => None,
        }
    }
}

/// The name of a header that the gateway does not set itself.
#[derive(Debug, Clone)]
pub(crate) struct HeaderNameText(http::HeaderName);

/// They decide how a message is read, or where it goes.
const OURS: [&str; 9] = [
    "accept-encoding",
    "connection",
    "content-length",
    "content-type",
    "host",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

impl Field for HeaderNameText {
    fn shape() -> Shape {
        let pattern = "^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}$";
        // Names of ours never begin like this.
        Shape::Text {
            what: "name of a header",
            pattern: Some(pattern),
            exact: Some("^[xX]-[A-Za-z0-9-]{1,60}$|^[aA]uthorization$|^api-key$"),
            most: 64,
        }
    }

    fn read(node: &Node, reading: &mut Reading<'_>) -> Option<Self> {
        let expected = "the name of a header, such as `x-goog-api-key`";
        let written = reading.text(node, expected, Shown::Yes)?;
        let name =
            http::HeaderName::from_bytes(written.value.as_bytes()).ok().filter(|_| written.value.len() <= 64);
        match name {
            Some(name) if OURS.contains(&name.as_str()) => {
                reading.error_with(
                    node,
                    format!("the header `{name}` is the gateway's own"),
                    "choose another",
                );
                None
            }
            Some(name) => Some(Self(name)),
            None => {
                reading.refuse(node, expected, &written);
                None
            }
        }
    }
}

/// Something visible without blanks.
#[derive(Debug, Clone)]
pub(crate) struct Token(Arc<str>);

impl Field for Token {
    fn shape() -> Shape {
        Shape::text("text without blanks", r"^[\x21-\x7e]{1,64}$", 64)
    }

    fn read(node: &Node, reading: &mut Reading<'_>) -> Option<Self> {
        let expected = "1 to 64 visible ASCII characters";
        let written = reading.text(node, expected, Shown::Yes)?;
        if (1..=64).contains(&written.value.len())
            && written.value.bytes().all(|byte| byte.is_ascii_graphic())
        {
            return Some(Self(written.value.into()));
        }
        reading.refuse(node, expected, &written);
        None
    }
}

/// The name of a query parameter that needs no encoding.
#[derive(Debug, Clone)]
pub(crate) struct ParameterName(Arc<str>);

impl Field for ParameterName {
    fn shape() -> Shape {
        Shape::text("name of a query parameter", "^[A-Za-z0-9._~-]{1,64}$", 64)
    }

    fn read(node: &Node, reading: &mut Reading<'_>) -> Option<Self> {
        let expected = "the name of a query parameter: at most 64 letters, digits and `.`, `_`, `~`, `-`";
        let written = reading.text(node, expected, Shown::Yes)?;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'~' | b'-');
        if (1..=64).contains(&written.value.len()) && written.value.bytes().all(plain) {
            return Some(Self(written.value.into()));
        }
        reading.refuse(node, expected, &written);
        None
    }
}
