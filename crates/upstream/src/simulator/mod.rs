//! The built-in provider: answers in either dialect without a network, so that a person with no provider key
//! can see everything work. Deterministic: the same request gets the same reply.

mod answer;
mod embeddings;
mod tool_call;

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use domain::{Api, CallError, Dialect, ErrorKind};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::json;
use tokio::time::{Instant, Sleep};
use wire::{ReplyContext, ReplyEvent, StreamEncoder};

use crate::{Body, Client, Response};

/// How the simulator behaves.
#[derive(Debug, Clone, Copy, Default)]
pub struct Behaviour {
    /// Before the first token, or before a whole reply.
    pub first_token: Duration,
    /// Between two tokens of a stream.
    pub between: Duration,
    /// Every n-th call fails, counted per executor; `None` is never.
    pub fail_every: Option<u32>,
    /// With this status.
    pub fail_status: u16,
}

impl Client {
    /// Answers as the simulated provider does.
    pub async fn simulate(&self, behaviour: Behaviour, dialect: Dialect, api: Api, body: &[u8]) -> Response {
        let count = self.simulated.get().wrapping_add(1);
        self.simulated.set(count);
        if behaviour.fail_every.is_some_and(|every| every > 0 && count.is_multiple_of(every)) {
            return failure(dialect, behaviour.fail_status);
        }
        match api {
            Api::Chat => chat(behaviour, dialect, body).await,
            Api::Embeddings => {
                tokio::time::sleep(behaviour.first_token).await;
                match embeddings::answer(body) {
                    Ok(body) => whole(StatusCode::OK, body.into()),
                    Err(message) => refused(dialect, &message),
                }
            }
            Api::CountTokens => count_tokens(dialect, body),
        }
    }
}

async fn chat(behaviour: Behaviour, dialect: Dialect, body: &[u8]) -> Response {
    let prompt = match wire::decode_request(dialect, body) {
        Ok(prompt) => prompt,
        Err(error) => return refused(dialect, &error.message),
    };
    let events = answer::answer(dialect, &prompt);
    let mut context = ReplyContext::new("simulated", &prompt.model, answer::CREATED_S);
    context.include_usage = prompt.include_usage;
    context.legacy_functions = prompt.uses_legacy_functions();
    if prompt.streams() {
        return stream(behaviour, dialect, &context, &events);
    }
    tokio::time::sleep(behaviour.first_token).await;
    match wire::fold(&events) {
        Ok(reply) => whole(StatusCode::OK, wire::encode_reply(dialect, &reply, &context).body.into()),
        Err(failure) => refused(dialect, &failure.message),
    }
}

fn count_tokens(dialect: Dialect, body: &[u8]) -> Response {
    match wire::decode_request(dialect, body) {
        Ok(prompt) => {
            let count = json!({ "input_tokens": answer::input_tokens(&prompt) });
            whole(StatusCode::OK, count.to_string().into())
        }
        Err(error) => refused(dialect, &error.message),
    }
}

fn stream(
    behaviour: Behaviour,
    dialect: Dialect,
    context: &ReplyContext<'_>,
    events: &[ReplyEvent],
) -> Response {
    let mut encoder = StreamEncoder::new(dialect, context);
    let mut chunks = VecDeque::new();
    for event in events {
        let mut chunk = BytesMut::new();
        encoder.push(event, &mut chunk);
        if !chunk.is_empty() {
            chunks.push_back((chunk.freeze(), event.is_content()));
        }
    }
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    let body = Body::simulated(Simulated::new(chunks, behaviour));
    Response { status: StatusCode::OK, headers, body }
}

fn whole(status: StatusCode, body: Bytes) -> Response {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let body = Body::simulated(Simulated::new(VecDeque::from([(body, false)]), Behaviour::default()));
    Response { status, headers, body }
}

fn failure(dialect: Dialect, status: u16) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
    let error = CallError::new(ErrorKind::ProviderError, "the simulator was told to fail (`failures.every`)");
    whole(status, wire::write_error(dialect, &error, "").into())
}

fn refused(dialect: Dialect, message: &str) -> Response {
    let error = CallError::new(ErrorKind::InvalidRequest, message);
    whole(StatusCode::BAD_REQUEST, wire::write_error(dialect, &error, "").into())
}

/// A body that is made and not received.
#[derive(Debug)]
pub(crate) struct Simulated {
    /// With whether each carries content: only that takes time.
    chunks: VecDeque<(Bytes, bool)>,
    behaviour: Behaviour,
    begun: bool,
    pause: Option<Pin<Box<Sleep>>>,
}

impl Simulated {
    fn new(chunks: VecDeque<(Bytes, bool)>, behaviour: Behaviour) -> Self {
        Self { chunks, behaviour, begun: false, pause: None }
    }

    pub(crate) fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        if let Some(pause) = &mut self.pause {
            std::task::ready!(pause.as_mut().poll(cx));
            self.pause = None;
        } else if let Some((_, true)) = self.chunks.front() {
            let wait = if self.begun { self.behaviour.between } else { self.behaviour.first_token };
            self.begun = true;
            if !wait.is_zero() {
                let mut pause = Box::pin(tokio::time::sleep_until(Instant::now() + wait));
                let pending = pause.as_mut().poll(cx).is_pending();
                if pending {
                    self.pause = Some(pause);
                    return Poll::Pending;
                }
            }
        }
        Poll::Ready(self.chunks.pop_front().map(|(bytes, _)| bytes))
    }
}
