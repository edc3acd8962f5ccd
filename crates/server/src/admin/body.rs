//! The body of a request: one JSON object, within limits, or a problem that says what is wrong where.

use std::time::Duration;

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use bytes::Bytes;
use http_body_util::{BodyExt, Collected, LengthLimitError, Limited};
use serde_json::{Map, Value};

use super::problem::{Code, FieldError, Problem};
use super::strict;

/// What a route takes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Document(pub(super) Map<String, Value>);

/// Nothing that is configured comes near it.
const LARGEST: usize = 1024 * 1024;

/// A body that trickles holds a connection, and nobody waits longer for a form.
const PATIENCE: Duration = Duration::from_secs(30);

const MEDIA_TYPES: [&str; 2] = ["application/json", "application/merge-patch+json"];

impl<S: Sync> FromRequest<S> for Document {
    type Rejection = Problem;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Problem> {
        let (head, body) = request.into_parts();
        let body = read(body).await?;
        // An action without arguments needs no body.
        if body.is_empty() && !head.headers.contains_key(CONTENT_TYPE) {
            return Ok(Self(Map::new()));
        }
        if !is_json(&head.headers) {
            let detail = "the body must be JSON; send it with `content-type: application/json`";
            return Err(Problem::new(Code::UnsupportedMediaType, detail));
        }
        match strict::parse(&body) {
            Ok(Value::Object(map)) => Ok(Self(map)),
            Ok(_) => Err(Problem::malformed("the body must be a JSON object").at("")),
            Err(malformed) => {
                let detail = format!("the body cannot be read: {}", malformed.message);
                Err(Problem::malformed(detail).at(malformed.pointer))
            }
        }
    }
}

async fn read(body: Body) -> Result<Bytes, Problem> {
    let collected = tokio::time::timeout(PATIENCE, Limited::new(body, LARGEST).collect()).await;
    let Ok(collected) = collected else {
        return Err(Problem::malformed(format!("the body did not arrive within {PATIENCE:?}")));
    };
    collected.map(Collected::to_bytes).map_err(|error| {
        if error.is::<LengthLimitError>() {
            return Problem::new(Code::BodyTooLarge, format!("the body is larger than {LARGEST} bytes"));
        }
        Problem::malformed("the body broke off")
    })
}

fn is_json(headers: &HeaderMap) -> bool {
    let named = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = named.split(';').next().unwrap_or_default().trim();
    MEDIA_TYPES.iter().any(|known| essence.eq_ignore_ascii_case(known))
}

/// Takes the fields of a small document one by one, and at the end complains about what nobody took.
#[derive(Debug)]
pub(super) struct Fields {
    rest: Map<String, Value>,
    known: Vec<&'static str>,
    errors: Vec<FieldError>,
}

impl Fields {
    pub(super) fn of(Document(rest): Document) -> Self {
        Self { rest, known: Vec::new(), errors: Vec::new() }
    }

    pub(super) fn text(&mut self, name: &'static str, longest: usize) -> Option<String> {
        match self.take(name)? {
            Value::String(text) if text.len() <= longest => Some(text),
            Value::String(_) => self.wrong(name, format!("`{name}` is longer than {longest} bytes")),
            _ => self.wrong(name, format!("`{name}` is a text")),
        }
    }

    pub(super) fn flag(&mut self, name: &'static str) -> Option<bool> {
        match self.take(name)? {
            Value::Bool(flag) => Some(flag),
            _ => self.wrong(name, format!("`{name}` is `true` or `false`")),
        }
    }

    pub(super) fn take(&mut self, name: &'static str) -> Option<Value> {
        self.known.push(name);
        // What is `null` is not there.
        self.rest.remove(name).filter(|value| !value.is_null())
    }

    pub(super) fn wrong<T>(&mut self, name: &str, message: impl Into<String>) -> Option<T> {
        self.errors.push(FieldError::new(strict::pointer(&[name]), message));
        None
    }

    /// Everything that was wrong, unknown fields included.
    pub(super) fn finish(mut self) -> Result<(), Problem> {
        let known = self.known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        for name in self.rest.keys() {
            let help = if known.is_empty() {
                "this takes no fields".to_owned()
            } else {
                format!("fields are {known}")
            };
            self.errors.push(FieldError {
                pointer: strict::pointer(&[name]),
                message: format!("there is no field `{}`", shortened(name)),
                help: Some(help),
            });
        }
        if self.errors.is_empty() { Ok(()) } else { Err(Problem::invalid(self.errors)) }
    }
}

/// Foreign text in a message of ours: enough to recognize it, and no more.
pub(super) fn shortened(text: &str) -> String {
    const LONGEST: usize = 80;
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    text.chars().take(LONGEST).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    async fn document(content_type: Option<&str>, body: impl Into<Body>) -> Result<Document, Problem> {
        let mut request = http::Request::new(body.into());
        if let Some(content_type) = content_type {
            request.headers_mut().insert(CONTENT_TYPE, content_type.parse().unwrap());
        }
        Document::from_request(request, &()).await
    }

    #[tokio::test]
    async fn an_object_is_taken_with_the_media_types_of_json() {
        for media in ["application/json", "Application/JSON; charset=utf-8", "application/merge-patch+json"] {
            let Document(map) = document(Some(media), r#"{"a":1}"#).await.unwrap();
            assert_eq!(Value::Object(map), json!({"a": 1}));
        }
        assert_eq!(document(None, "").await, Ok(Document(Map::new())));
    }

    #[tokio::test]
    async fn everything_else_says_what_it_is() {
        let large = vec![b' '; LARGEST + 1];
        let cases: [(Option<&str>, Vec<u8>, Code); 7] = [
            (None, b"{}".to_vec(), Code::UnsupportedMediaType),
            (Some("text/plain"), b"{}".to_vec(), Code::UnsupportedMediaType),
            (Some("application/jsonx"), b"{}".to_vec(), Code::UnsupportedMediaType),
            (Some("application/json"), b"".to_vec(), Code::Malformed),
            (Some("application/json"), b"[1]".to_vec(), Code::Malformed),
            (Some("application/json"), b"{\"a\":1,\"a\":1}".to_vec(), Code::Malformed),
            (Some("application/json"), large, Code::BodyTooLarge),
        ];
        for (media, body, code) in cases {
            assert_eq!(document(media, body).await.unwrap_err().code(), code, "{media:?}");
        }
    }

    #[test]
    fn fields_that_nobody_takes_are_named() {
        let Value::Object(map) = json!({ "name": 7, "dry": true, "a/b": 1 }) else { unreachable!() };
        let mut fields = Fields::of(Document(map));
        assert_eq!((fields.text("name", 10), fields.take("dry")), (None, Some(json!(true))));
        let problem = serde_json::to_value(fields.finish().unwrap_err()).unwrap();
        assert_eq!(problem["errors"][0]["pointer"], "/name");
        assert_eq!(problem["errors"][1]["pointer"], "/a~1b");
        assert_eq!(problem["errors"][1]["help"], "fields are `name`, `dry`");
    }
}
