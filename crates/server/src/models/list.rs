//! `GET …/models`: what the caller may put in `model`, for two kinds of clients.

use std::sync::Arc;

use bytes::Bytes;
use config::snapshot::Snapshot;
use domain::{CallError, Dialect, ErrorKind};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Response};
use pipeline::Door;
use wire::ModelEntry;

use super::refusal;
use crate::body::OutBody;
use crate::service::Service;

pub(super) fn answer(
    service: &Service,
    snapshot: &Arc<Snapshot>,
    model: Option<&str>,
    headers: &HeaderMap,
    door: &Door,
) -> Response<OutBody> {
    let dialect = dialect(headers);
    match list(service, snapshot, model, headers, door, dialect) {
        Ok(body) => {
            let mut response = Response::new(OutBody::Whole(Some(body)));
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            response
        }
        Err(error) => refusal(service, dialect, &error),
    }
}

fn list(
    service: &Service,
    snapshot: &Arc<Snapshot>,
    model: Option<&str>,
    headers: &HeaderMap,
    door: &Door,
    dialect: Dialect,
) -> Result<Bytes, CallError> {
    let now_ms = service.pipeline.clock.now().unix_ms();
    let identity = pipeline::identify(snapshot, &service.pipeline.hasher, headers, door, now_ms)?;
    let entry = |name| ModelEntry { id: name, owned_by: "gatewright", created_s: CREATED_S };
    let Some(model) = model else {
        let visible = snapshot.visible_to(identity.key.as_deref());
        let entries: Vec<_> = visible.iter().map(|endpoint| entry(&endpoint.name)).collect();
        return Ok(wire::write_models(dialect, &entries).into());
    };
    // More names can be called than are listed: aliases, and whatever a provider has.
    match pipeline::admit(snapshot, &identity, model, now_ms) {
        Ok(_) => Ok(wire::write_model(dialect, &entry(model)).into()),
        Err(_) => {
            let message =
                format!("there is no model `{model}` that you may use; `GET /v1/models` lists those");
            Err(CallError::new(ErrorKind::UnknownModel, message).param("model"))
        }
    }
}

/// Clients sort by it and show it; an endpoint has no release date, so all have the same (2026-01-01).
const CREATED_S: i64 = 1_767_225_600;

/// Anthropic's clients name their API version with every request.
pub(super) fn dialect(headers: &HeaderMap) -> Dialect {
    if headers.contains_key("anthropic-version") { Dialect::AnthropicMessages } else { Dialect::OpenaiChat }
}
