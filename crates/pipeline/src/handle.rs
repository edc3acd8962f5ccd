//! The list of stages.

use std::rc::Rc;
use std::sync::Arc;

use domain::{CallError, Dialect, Outcome};
use http::{HeaderMap, HeaderName, StatusCode};

use crate::attempt::{self, Errand, Opened};
use crate::decode::{Decoded, decode};
use crate::egress::{Reply, ReplyBody};
use crate::headers::{OurHeaders, error_headers};
use crate::identify::identify;
use crate::relay::Flow;
use crate::settle::Books;
use crate::{Ingress, Pipeline, count, plan, recall, relay, reserve, screen};

impl Pipeline {
    /// Handles one call. Dropping the future, or the body of the reply, cancels the provider's work; the books are
    /// closed whatever happens.
    pub async fn handle(self: &Rc<Self>, ingress: Ingress) -> Reply {
        let mut books = Books::open(self, &ingress);
        match run(self, &ingress, &mut books).await {
            Ok(Passed::Reply(reply)) => reply,
            Ok(Passed::Stream(opened, flow)) => relay::stream(books, *opened, flow, ingress.dialect),
            Err(error) => refuse(&mut books, ingress.dialect, &error),
        }
    }

    /// Books a call whose body could not be taken in, and tells its caller.
    pub fn refuse(self: &Rc<Self>, ingress: &Ingress, error: &CallError) -> Reply {
        let mut books = Books::open(self, ingress);
        let now_ms = ingress.started.unix_ms();
        // Whoever it was, what is wrong with the body comes first.
        if let Ok(identity) =
            identify(&ingress.snapshot, &self.hasher, &ingress.headers, &ingress.door, now_ms)
        {
            books.identified(&identity);
        }
        refuse(&mut books, ingress.dialect, error)
    }
}

enum Passed {
    Reply(Reply),
    /// The books go with the stream.
    Stream(Box<Opened>, Flow),
}

async fn run(pipeline: &Rc<Pipeline>, ingress: &Ingress, books: &mut Books) -> Result<Passed, CallError> {
    let now_ms = ingress.started.unix_ms();
    let identity = identify(&ingress.snapshot, &pipeline.hasher, &ingress.headers, &ingress.door, now_ms)?;
    books.identified(&identity);
    let request = decode(ingress)?;
    let endpoint = reserve::admit(&ingress.snapshot, &identity, &request.model, now_ms);
    note_request(books, ingress, &request, endpoint.as_deref().ok());
    let endpoint = endpoint?;
    screen::screen(&request)?;
    if let Some(reply) = recall::recall(&request) {
        return Ok(Passed::Reply(reply));
    }
    let mut plan = plan::plan(pipeline, &endpoint, request.api);
    if let Some(reply) = count::count(books, &request, &mut plan)? {
        return Ok(Passed::Reply(reply));
    }
    let errand = Errand { ingress, request: &request, endpoint: &endpoint };
    let mut opened = attempt::attempt(books, &errand, &plan).await?;
    match opened.flow.take() {
        Some(flow) => Ok(Passed::Stream(Box::new(opened), flow)),
        None => relay::whole(books, opened, &request).map(Passed::Reply),
    }
}

fn note_request(
    books: &mut Books,
    ingress: &Ingress,
    request: &Decoded<'_>,
    endpoint: Option<&config::snapshot::Endpoint>,
) {
    let cap = books.capture_cap();
    let session = session(&ingress.headers);
    books.write(|record| {
        record.requested_model = Arc::clone(&request.model);
        record.api = request.api;
        record.streamed = request.streamed();
        record.session = session;
        record.user = request.peek.user.as_deref().map(Arc::from);
        if let Some(endpoint) = endpoint {
            record.endpoint = Some(endpoint.id);
            record.endpoint_name = Some(Arc::clone(&endpoint.name));
            record.capture = endpoint.capture;
        }
        record.request = telemetry::capture(record.capture, &ingress.body, cap);
    });
}

/// The conversation or agent run that the client says this call belongs to.
fn session(headers: &HeaderMap) -> Option<Arc<str>> {
    const NAMES: [HeaderName; 4] = [
        HeaderName::from_static("x-gatewright-session"),
        HeaderName::from_static("x-claude-code-session-id"),
        HeaderName::from_static("session-id"),
        HeaderName::from_static("thread-id"),
    ];
    const LONGEST: usize = 256;
    let value = NAMES.iter().find_map(|name| headers.get(name))?.to_str().ok()?;
    (1..=LONGEST).contains(&value.len()).then(|| value.into())
}

/// Tells the caller, in its dialect, and closes the books.
fn refuse(books: &mut Books, dialect: Dialect, error: &CallError) -> Reply {
    let status = error.status(dialect);
    let mut headers = error_headers(error);
    let ours = books.read(|record| {
        let target = record.attempts.last().map(|attempt| format!("{}/{}", attempt.provider, attempt.model));
        (record.call, record.trace, target, record.attempts.len())
    });
    let mut call_text = String::new();
    if let Some((call, trace, target, attempts)) = ours {
        call_text = call.to_string();
        let (caller, target) = (dialect, target.as_deref());
        OurHeaders { caller, call, trace: Some(trace), target, attempts, notes: &[] }.write(&mut headers);
    }
    let body = wire::write_error(dialect, error, &call_text);
    books.keep_reply(&body);
    books.close(status, Outcome::Failed(error.kind), Some(&error.message));
    Reply {
        status: StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
        headers,
        body: ReplyBody::Whole(body.into()),
    }
}
