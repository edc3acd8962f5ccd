//! Errors of the admin API as problem details. <https://www.rfc-editor.org/rfc/rfc9457>
//!
//! What cannot be read is 400; what can be read and does not make sense is 422, with a list of what is wrong where;
//! what makes sense and contradicts what is there already is 409.

use axum::Json;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use domain::{CallError, ErrorKind};
use serde::{Serialize, Serializer};
use store::{ObjectUse, StoreError};
use utoipa::ToSchema;
use vault::{NoRandomness, VaultError};

use crate::models;

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    code: Code,
    detail: String,
    errors: Vec<FieldError>,
    used_by: Vec<User>,
    revision: Option<i64>,
    retry_after_s: Option<u64>,
}

/// The same as it is written.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub(super) struct ProblemView<'a> {
    /// The HTTP status.
    #[schema(example = 404)]
    status: u16,
    /// The kind of error, the same text every time.
    #[schema(example = "not found")]
    title: &'static str,
    /// What is wrong here, and what to do.
    #[schema(example = "there is no endpoint `chat`; `GET /api/v1/endpoints` lists them")]
    detail: &'a str,
    /// The kind of error for programs; it never changes.
    #[schema(example = "not_found")]
    code: &'static str,
    /// What is wrong with which part of the body.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    #[schema(required = false)]
    errors: &'a [FieldError],
    /// Who uses what was to be deleted.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    #[schema(required = false)]
    used_by: &'a [User],
    /// The revision of what is there now.
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<i64>,
}

/// One thing that is wrong with a body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct FieldError {
    /// Where, as a JSON pointer; empty for the document as a whole.
    #[schema(example = "/targets/0/weight")]
    pub(crate) pointer: String,
    #[schema(example = "`weight` is 1 to 1000000")]
    pub(crate) message: String,
    /// What to do, where the message does not say it already.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) help: Option<String>,
}

/// An object that refers to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct User {
    #[schema(example = "endpoint")]
    pub(crate) kind: &'static str,
    #[schema(example = "e-cfa0b5754ca660078100409d452c1041")]
    pub(crate) id: String,
    #[schema(example = "prod-chat")]
    pub(crate) name: String,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $status:ident, $code:literal, $title:literal;)*) => {
        /// The closed table of what can go wrong, each with its status.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Code {
            $($(#[$doc])* $name,)*
        }

        impl Code {
            pub(super) const ALL: &'static [Self] = &[$(Self::$name,)*];

            pub(crate) const fn status(self) -> StatusCode {
                match self {
                    $(Self::$name => StatusCode::$status,)*
                }
            }

            pub(crate) const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $code,)*
                }
            }

            const fn title(self) -> &'static str {
                match self {
                    $(Self::$name => $title,)*
                }
            }
        }
    };
}

codes! {
    /// Not JSON, a query that cannot be read, …
    Malformed = BAD_REQUEST, "malformed_request", "malformed request";
    Unauthenticated = UNAUTHORIZED, "unauthenticated", "not authorized";
    NotPermitted = FORBIDDEN, "not_permitted", "not permitted";
    /// A cookie came with a request that another site made.
    CrossSite = FORBIDDEN, "cross_site", "not from this site";
    NotFound = NOT_FOUND, "not_found", "not found";
    MethodNotAllowed = METHOD_NOT_ALLOWED, "method_not_allowed", "method not allowed";
    DeclaredInFile = CONFLICT, "declared_in_file", "declared in the configuration file";
    AlreadyExists = CONFLICT, "already_exists", "exists already";
    InUse = CONFLICT, "in_use", "in use";
    /// What it refers to is not there, or does not fit.
    Contradiction = CONFLICT, "contradiction", "contradicts what is there";
    /// The configuration file, which is not what was sent.
    InvalidFile = CONFLICT, "invalid_file", "invalid configuration file";
    /// The state of the object does not allow it, or not any more.
    WrongState = CONFLICT, "wrong_state", "not possible in this state";
    StaleRevision = PRECONDITION_FAILED, "stale_revision", "changed in the meantime";
    BodyTooLarge = PAYLOAD_TOO_LARGE, "body_too_large", "body too large";
    UnsupportedMediaType = UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", "unsupported media type";
    Invalid = UNPROCESSABLE_ENTITY, "invalid_content", "invalid content";
    IdempotencyKeyReused = CONFLICT, "idempotency_key_reused", "idempotency key used before";
    RevisionRequired = PRECONDITION_REQUIRED, "revision_required", "revision required";
    TooManyAttempts = TOO_MANY_REQUESTS, "too_many_attempts", "too many failed logins";
    StoreUnavailable = SERVICE_UNAVAILABLE, "store_unavailable", "store unavailable";
    Internal = INTERNAL_SERVER_ERROR, "internal", "internal error";
}

impl Serialize for Problem {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let view = ProblemView {
            status: self.code.status().as_u16(),
            title: self.code.title(),
            detail: &self.detail,
            code: self.code.name(),
            errors: &self.errors,
            used_by: &self.used_by,
            revision: self.revision,
        };
        view.serialize(serializer)
    }
}

impl Problem {
    pub(crate) fn new(code: Code, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
            errors: Vec::new(),
            used_by: Vec::new(),
            revision: None,
            retry_after_s: None,
        }
    }

    pub(crate) fn malformed(detail: impl Into<String>) -> Self {
        Self::new(Code::Malformed, detail)
    }

    pub(crate) fn unauthenticated(detail: impl Into<String>) -> Self {
        Self::new(Code::Unauthenticated, detail)
    }

    pub(crate) fn missing(detail: impl Into<String>) -> Self {
        Self::new(Code::NotFound, detail)
    }

    /// A body that was read and makes no sense. The detail repeats the first error, for whoever shows only that.
    pub(crate) fn invalid(errors: Vec<FieldError>) -> Self {
        let detail = match errors.as_slice() {
            [] => "the body is not valid".to_owned(),
            [only] => only.message.clone(),
            [first, rest @ ..] => format!("{} (and {} more, see `errors`)", first.message, rest.len()),
        };
        Self { errors, ..Self::new(Code::Invalid, detail) }
    }

    /// A body that makes sense, but not with what is there.
    pub(crate) fn contradiction(errors: Vec<FieldError>) -> Self {
        let Self { detail, errors, .. } = Self::invalid(errors);
        Self { errors, ..Self::new(Code::Contradiction, detail) }
    }

    pub(crate) fn invalid_at(pointer: &str, message: impl Into<String>) -> Self {
        Self::invalid(vec![FieldError::new(pointer, message)])
    }

    pub(crate) fn in_use(detail: impl Into<String>, used_by: Vec<User>) -> Self {
        Self { used_by, ..Self::new(Code::InUse, detail) }
    }

    /// Adds the places in the body that are to blame.
    pub(crate) fn at(mut self, pointer: impl Into<String>) -> Self {
        self.errors.push(FieldError { pointer: pointer.into(), message: self.detail.clone(), help: None });
        self
    }

    pub(crate) fn with_errors(mut self, errors: Vec<FieldError>) -> Self {
        self.errors = errors;
        self
    }

    pub(crate) fn with_revision(mut self, revision: i64) -> Self {
        self.revision = Some(revision);
        self
    }

    pub(crate) fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }

    pub(crate) fn into_errors(self) -> Vec<FieldError> {
        self.errors
    }

    pub(crate) fn detail(&self) -> &str {
        &self.detail
    }

    pub(crate) const fn code(&self) -> Code {
        self.code
    }
}

impl FieldError {
    /// The same in a larger document.
    pub(crate) fn below(mut self, pointer: &str) -> Self {
        self.pointer.insert_str(0, pointer);
        self
    }

    pub(crate) fn new(pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), message: message.into(), help: None }
    }
}

impl From<&ObjectUse> for User {
    fn from(user: &ObjectUse) -> Self {
        Self { kind: user.kind.name(), id: user.kind.print(user.id), name: user.name.clone() }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let told = error.to_string();
        match error {
            StoreError::BadCursor { .. } => return Self::malformed(told),
            StoreError::Stale { found, .. } => {
                return Self::new(Code::StaleRevision, told).with_revision(found);
            }
            StoreError::Exists { .. } | StoreError::SecretReused { .. } => {
                return Self::new(Code::AlreadyExists, told);
            }
            StoreError::NotFound { .. } => return Self::missing(told),
            StoreError::InUse { by, .. } => {
                return Self::in_use(told, by.iter().map(User::from).collect());
            }
            StoreError::MissingReference { .. } => return Self::new(Code::Contradiction, told),
            StoreError::MissingSecret { field, .. } => {
                let message = format!("`{field}` is missing: there is none stored to keep");
                return Self::invalid_at(&format!("/{}", field.replace('.', "/")), message);
            }
            StoreError::IdempotencyReuse { .. } => return Self::new(Code::IdempotencyKeyReused, told),
            // Whatever else it is, it is the gateway's own trouble.
            _ => {}
        }
        // The text may name files; it goes to the log, not to whoever asks.
        tracing::error!(error = told, "the store cannot answer");
        let detail =
            "the store cannot answer right now; try again, and look into the gateway's log if it stays so";
        Self::new(Code::StoreUnavailable, detail).retry_after(1)
    }
}

impl From<VaultError> for Problem {
    fn from(error: VaultError) -> Self {
        match error {
            VaultError::Store(error) => error.into(),
            error => {
                tracing::error!(%error, "the vault cannot do its work");
                Self::new(Code::Internal, "the vault cannot do its work; the gateway's log has more")
            }
        }
    }
}

impl From<NoRandomness> for Problem {
    fn from(_: NoRandomness) -> Self {
        tracing::error!("the system has no randomness to give");
        Self::new(Code::Internal, "the system has no randomness to give, without which no secret is made")
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, retry_after_s) = (self.code.status(), self.retry_after_s);
        let mut response = (status, Json(self)).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"gatewright\""));
        }
        if let Some(seconds) = retry_after_s {
            headers.insert(RETRY_AFTER, seconds.into());
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

/// A route that exists, asked with a method that it does not have. `Allow` is added by the router.
pub(super) async fn wrong_method(uri: Uri) -> Problem {
    let detail = format!("`{}` does not take this method; `allow` says which it takes", uri.path());
    Problem::new(Code::MethodNotAllowed, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_word_of_its_own_and_says_who_is_to_blame() {
        let mut names: Vec<_> = Code::ALL.iter().map(|code| code.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Code::ALL.len());
        assert!(
            Code::ALL.iter().all(|code| code.status().is_client_error() || code.status().is_server_error())
        );
    }

    #[test]
    fn the_first_error_is_the_detail() {
        let one = Problem::invalid(vec![FieldError::new("/name", "`name` is missing")]);
        assert_eq!(one.detail, "`name` is missing");
        let two = Problem::invalid(vec![FieldError::new("/a", "first"), FieldError::new("/b", "second")]);
        assert_eq!(two.detail, "first (and 1 more, see `errors`)");
        let json = serde_json::to_value(&two).unwrap();
        assert_eq!(json["errors"][1]["pointer"], "/b");
        assert_eq!((json["status"].as_u64(), json["code"].as_str()), (Some(422), Some("invalid_content")));
        assert!(json.get("used_by").is_none() && json.get("revision").is_none());
    }
}
