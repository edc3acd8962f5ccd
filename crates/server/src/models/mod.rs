//! The model routes: what providers' SDKs call.

mod anthropic;
mod list;
mod mlflow;
mod openai;
mod route;

use std::sync::Arc;

use bytes::Bytes;
use config::snapshot::{Caps, Snapshot};
use domain::{CallError, CallId, Dialect, ErrorKind};
use http::header::{CONNECTION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use pipeline::Ingress;
use runtime::Moment;

pub(crate) use route::{CallRoute, Route, route};

use crate::body::{self, OutBody};
use crate::service::{Guest, Place, Service};

/// Answers one request to a model route.
pub(crate) async fn answer(
    service: &Service,
    route: Route,
    request: Request<Incoming>,
    guest: &Guest,
) -> Response<OutBody> {
    let (head, incoming) = request.into_parts();
    match route {
        Route::Call(route) => {
            let begun = match Begun::new(service) {
                Ok(begun) => begun,
                Err(error) => return refusal(service, route.dialect, &error),
            };
            let caps = begun.caps();
            let body = match json_only(&head.headers) {
                Ok(()) => body::read(incoming, caps.body_bytes, caps.body_read).await,
                Err(error) => Err(error),
            };
            // On the heap, once: everything around it would otherwise move it along.
            Box::pin(begun.answer(guest, route, head.uri.query(), head.headers, body)).await
        }
        Route::Models { model } => {
            let snapshot = service.shared.snapshot.load_full();
            let door = guest.door(&snapshot, &head.headers, head.uri.query());
            list::answer(service, &snapshot, model.as_deref(), &head.headers, &door)
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

/// A call that has its place among those in flight; its body may still be on its way.
#[derive(Debug)]
pub(crate) struct Begun<'a> {
    service: &'a Service,
    snapshot: Arc<Snapshot>,
    started: Moment,
    call: CallId,
    place: Place,
}

impl<'a> Begun<'a> {
    /// `Err` where no place is left.
    pub(crate) fn new(service: &'a Service) -> Result<Self, CallError> {
        let snapshot = service.shared.snapshot.load_full();
        let Some(place) = service.enter(snapshot.server.caps.concurrency) else {
            let message =
                "the gateway has as many calls in flight as it may (`server.caps.concurrency`); try again";
            let after = Some(std::time::Duration::from_secs(1));
            return Err(CallError::new(ErrorKind::Overloaded, message).retry_after(after));
        };
        let started = service.pipeline.clock.now();
        let call = service.pipeline.ids.borrow_mut().call(started.unix_ms());
        Ok(Self { service, snapshot, started, call, place })
    }

    pub(crate) fn caps(&self) -> Caps {
        self.snapshot.server.caps
    }

    /// Handles the call. Where its body could not be taken in, that is what the caller is told.
    pub(crate) async fn answer(
        self,
        guest: &Guest,
        route: CallRoute,
        query: Option<&str>,
        headers: HeaderMap,
        body: Result<Bytes, CallError>,
    ) -> Response<OutBody> {
        let Self { service, snapshot, started, call, place } = self;
        let pipeline = &service.pipeline;
        let door = guest.door(&snapshot, &headers, query);
        let CallRoute { dialect, api, model: path_model } = route;
        let (body, unread) = match body {
            Ok(body) => (body, None),
            Err(error) => (Bytes::new(), Some(error)),
        };
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
}

/// JSON, or nothing said. A browser cannot send JSON to another site without asking first, so a form or plain text is
/// refused even where its content would parse.
pub(crate) fn json_only(headers: &HeaderMap) -> Result<(), CallError> {
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

fn wrong_method(service: &Service, dialect: Dialect, allow: &'static Method) -> Response<OutBody> {
    let message = format!("this route takes `{allow}` only");
    let mut response = refusal(service, dialect, &CallError::new(ErrorKind::MethodNotAllowed, message));
    if let Ok(value) = HeaderValue::from_str(allow.as_str()) {
        response.headers_mut().insert(http::header::ALLOW, value);
    }
    response
}
