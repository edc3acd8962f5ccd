//! The model routes: what providers' SDKs call.

mod anthropic;
mod list;
mod mlflow;
mod openai;
mod route;

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use bytes::Bytes;
use config::snapshot::Snapshot;
use domain::{Api, CallError, Dialect, ErrorKind};
use http::header::{CONNECTION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use pipeline::{Door, Ingress, KeyMemo};

pub(crate) use route::{Route, route};

use crate::body::{self, OutBody};
use crate::peer::Peer;
use crate::service::Service;

/// Answers one request to a model route.
pub(crate) async fn answer(
    service: &Service,
    route: Route,
    request: Request<Incoming>,
    peer: Peer,
    memo: &Rc<RefCell<KeyMemo>>,
) -> Response<OutBody> {
    let snapshot = service.shared.snapshot.load_full();
    let peer = peer.behind(request.headers(), &snapshot.server.trusted_proxies);
    let door = Door {
        loopback: peer.loopback,
        client: Some(peer.address),
        query_key: query_key(request.uri().query()),
        memo: Rc::clone(memo),
    };
    match route {
        Route::Call { dialect, api, model } => {
            // On the heap, once: everything around it would otherwise move it along.
            Box::pin(call(service, snapshot, (dialect, api, model), request, door)).await
        }
        Route::Models { model } => {
            list::answer(service, &snapshot, model.as_deref(), request.headers(), &door)
        }
        Route::WrongMethod { dialect, allow } => wrong_method(service, dialect, allow),
    }
}

/// The dialect of a client that looks for a model route where there is none.
pub(crate) fn dialect_of_stranger(path: &str, headers: &HeaderMap) -> Option<Dialect> {
    const PREFIXES: [&str; 4] = ["/v1/", "/gateway/", "/openai/", "/anthropic/"];
    route::strip(path, &PREFIXES).map(|_| list::dialect(headers))
}

/// A reply that never became a call. It has an id all the same, for the report of whoever got it.
pub(crate) fn refusal(service: &Service, dialect: Dialect, error: &CallError) -> Response<OutBody> {
    let pipeline = &service.pipeline;
    let call = pipeline.ids.borrow_mut().call(pipeline.clock.now().unix_ms());
    let body = wire::write_error(dialect, error, &call.to_string());
    let mut response = Response::new(OutBody::Whole(Some(body.into())));
    *response.status_mut() =
        StatusCode::from_u16(error.status(dialect)).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    *response.headers_mut() = pipeline::error_headers(error);
    if let Ok(id) = HeaderValue::from_bytes(&call.hyphenated()) {
        response.headers_mut().insert(pipeline::CALL_ID, id);
    }
    response
}

async fn call(
    service: &Service,
    snapshot: Arc<Snapshot>,
    (dialect, api, path_model): (Dialect, Option<Api>, Option<Arc<str>>),
    request: Request<Incoming>,
    door: Door,
) -> Response<OutBody> {
    let Some(place) = service.enter(snapshot.server.caps.concurrency) else {
        let message =
            "the gateway has as many calls in flight as it may (`server.caps.concurrency`); try again";
        let after = Some(std::time::Duration::from_secs(1));
        let error = CallError::new(ErrorKind::Overloaded, message).retry_after(after);
        return refusal(service, dialect, &error);
    };
    let pipeline = &service.pipeline;
    let started = pipeline.clock.now();
    let call = pipeline.ids.borrow_mut().call(started.unix_ms());
    let (head, incoming) = request.into_parts();
    let caps = snapshot.server.caps;
    let body = match json_only(&head.headers) {
        Ok(()) => body::read(incoming, caps.body_bytes, caps.body_read).await,
        Err(error) => Err(error),
    };
    let (body, unread) = match body {
        Ok(body) => (body, None),
        Err(error) => (Bytes::new(), Some(error)),
    };
    let headers = head.headers;
    let ingress = Ingress { call, started, dialect, api, path_model, headers, body, door, snapshot };
    let mut reply = match &unread {
        None => pipeline.handle(ingress).await,
        Some(error) => pipeline.refuse(&ingress, error),
    };
    if unread.is_some() {
        // The rest of the body is still on its way; nobody will read it.
        reply.headers.insert(CONNECTION, HeaderValue::from_static("close"));
    }
    let mut response = Response::new(OutBody::new(reply.body, place));
    *response.status_mut() = reply.status;
    *response.headers_mut() = reply.headers;
    response
}

/// JSON, or nothing said. A browser cannot send JSON to another site without asking first, so a form or plain text is
/// refused even where its content would parse.
fn json_only(headers: &HeaderMap) -> Result<(), CallError> {
    let Some(value) = headers.get(CONTENT_TYPE) else {
        return Ok(());
    };
    let essence = value.to_str().unwrap_or("").split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    if essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json")) {
        return Ok(());
    }
    let message = "the `content-type` of this route is `application/json`; send the body as JSON and say so";
    Err(CallError::new(ErrorKind::UnsupportedMediaType, message))
}

fn query_key(query: Option<&str>) -> Option<String> {
    query?.split('&').find_map(|pair| pair.strip_prefix("key=")).map(str::to_owned)
}

fn wrong_method(service: &Service, dialect: Dialect, allow: &'static Method) -> Response<OutBody> {
    let message = format!("this route takes `{allow}` only");
    let mut response = refusal(service, dialect, &CallError::new(ErrorKind::MethodNotAllowed, message));
    if let Ok(value) = HeaderValue::from_str(allow.as_str()) {
        response.headers_mut().insert(http::header::ALLOW, value);
    }
    response
}
