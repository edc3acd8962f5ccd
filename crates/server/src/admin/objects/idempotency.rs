//! `Idempotency-Key`: a client that got no answer sends its request again under the same key, and it is done once.
//!
//! The answer is remembered for a day, sealed: that of a new key holds its secret.

use axum::http::header::{CONTENT_TYPE, ETAG, LOCATION};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value};
use store::{Idempotency, StoredResponse};
use vault::Place;

use super::super::problem::Problem;
use super::asked::Asked;
use super::precondition;

const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// An answer as long as it can still be remembered.
#[derive(Debug, Clone)]
pub(in crate::admin) struct Answer {
    pub(in crate::admin) status: StatusCode,
    /// `Value::Null` for an answer without a body.
    pub(in crate::admin) body: Value,
    pub(in crate::admin) location: Option<String>,
}

/// A request that is told from others.
#[derive(Debug, Clone)]
pub(in crate::admin) struct Idempotent {
    key: Option<String>,
    caller: String,
    hash: [u8; 32],
}

impl Idempotent {
    pub(in crate::admin) fn of(asked: &Asked, document: &Map<String, Value>) -> Self {
        let body = serde_json::to_string(document).unwrap_or_default();
        let text = format!("{} {} {:?} {body}", asked.method, asked.uri, asked.precondition);
        Self {
            key: asked.idempotency_key.clone(),
            caller: asked.principal.actor.name.clone(),
            hash: asked.state.hasher.hash(text.as_bytes()),
        }
    }

    pub(in crate::admin) fn key(&self) -> Option<Idempotency<'_>> {
        let key = self.key.as_deref()?;
        Some(Idempotency { caller: &self.caller, key, request_hash: self.hash })
    }

    /// Where the remembered answer is sealed to: it cannot be opened as that of another request.
    fn place(&self) -> Place<'static> {
        let row = self.hash.iter().take(16).fold(0, |row, byte| row << 8 | u128::from(*byte));
        Place { table: "idempotency", row, field: "response" }
    }

    /// What was answered the first time.
    pub(in crate::admin) async fn replay(&self, asked: &Asked) -> Result<Option<Response>, Problem> {
        let Some(key) = self.key() else { return Ok(None) };
        let Some(stored) = asked.state.control.replay(key).await? else { return Ok(None) };
        // Sealed with a master key that is gone: then it is as if it had not been remembered.
        let Ok(opened) = asked.state.vault.open_sealed(self.place(), &stored.body) else { return Ok(None) };
        let Ok(Value::Object(mut remembered)) = serde_json::from_str(opened.expose()) else {
            return Ok(None);
        };
        let answer = Answer {
            status: StatusCode::from_u16(stored.status).unwrap_or(StatusCode::OK),
            body: remembered.remove("body").unwrap_or_default(),
            location: remembered.remove("location").and_then(|text| text.as_str().map(str::to_owned)),
        };
        Ok(Some(answer.replayed()))
    }

    /// Answers, and remembers it. What was done is done: an answer that cannot be remembered is given all the same.
    pub(in crate::admin) async fn answer(&self, asked: &Asked, answer: Answer) -> Response {
        if let Some(key) = self.key()
            && let Err(error) = self.remember(asked, key, &answer).await
        {
            tracing::warn!(error, "the answer to a request with an idempotency key is not remembered");
        }
        answer.into_response()
    }

    async fn remember(&self, asked: &Asked, key: Idempotency<'_>, answer: &Answer) -> Result<(), String> {
        let remembered = serde_json::json!({ "body": answer.body, "location": answer.location });
        let sealed = asked.state.vault.seal(self.place(), remembered.to_string().as_bytes());
        let body = sealed.map_err(|error| error.to_string())?;
        let response = StoredResponse { status: answer.status.as_u16(), body };
        asked.state.control.remember(key, &response).await.map_err(|error| error.to_string())
    }
}

impl Answer {
    pub(in crate::admin) fn replayed(self) -> Response {
        let mut response = self.into_response();
        response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
        response
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let mut response = match &self.body {
            Value::Null => self.status.into_response(),
            body => (
                self.status,
                [(CONTENT_TYPE, HeaderValue::from_static("application/json"))],
                body.to_string(),
            )
                .into_response(),
        };
        if let Some(revision) = self.body.get("revision").and_then(Value::as_i64) {
            response.headers_mut().insert(ETAG, precondition::tag(revision));
        }
        if let Some(location) = self.location.and_then(|location| HeaderValue::try_from(location).ok()) {
            response.headers_mut().insert(LOCATION, location);
        }
        response
    }
}
