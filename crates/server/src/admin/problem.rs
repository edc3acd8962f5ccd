//! Errors of the admin API as problem details. <https://www.rfc-editor.org/rfc/rfc9457>

use axum::Json;
use axum::http::header::{CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use domain::{CallError, ErrorKind};
use serde::Serialize;
use store::StoreError;
use utoipa::ToSchema;

use crate::models;

/// What went wrong.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Problem {
    /// The HTTP status.
    pub status: u16,
    /// The kind of error, the same text every time.
    pub title: &'static str,
    /// What is wrong here, and what to do.
    pub detail: String,
}

impl Problem {
    pub(crate) fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid request", detail)
    }

    pub(crate) fn unauthorized(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "not authorized", detail)
    }

    pub(crate) fn missing(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not found", detail)
    }

    fn new(status: StatusCode, title: &'static str, detail: impl Into<String>) -> Self {
        Self { status: status.as_u16(), title, detail: detail.into() }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        if let StoreError::BadCursor { .. } = error {
            return Self::bad_request(error.to_string());
        }
        // The text may name files; it goes to the log, not to whoever asks.
        tracing::error!(%error, "the store cannot answer");
        let detail =
            "the store cannot answer right now; try again, and look into the gateway's log if it stays so";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "store unavailable", detail)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(self)).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"gatewright\""));
        }
        response
    }
}

/// A route that does not exist. Where an SDK looks for one, it is told in the SDK's dialect, which it can read.
pub(super) async fn not_found(uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path();
    let detail =
        format!("there is no route `{path}`; model routes are under `/v1`, the admin API under `/api/v1`");
    let Some(dialect) = models::dialect_of_stranger(path, &headers) else {
        return Problem::missing(detail).into_response();
    };
    let error = CallError::new(ErrorKind::NotFound, detail);
    let body = wire::write_error(dialect, &error, "");
    (StatusCode::NOT_FOUND, pipeline::error_headers(&error), body).into_response()
}
