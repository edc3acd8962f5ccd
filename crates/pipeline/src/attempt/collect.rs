//! The beginning of a reply, or all of it: read before the client sees anything, so that a reply which is an error in
//! disguise, or no reply at all, is a failed attempt.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use config::snapshot::{Carriage, Target};
use http::header::CONTENT_TYPE;
use tokio::time::Instant;
use upstream::{Body, Response};
use wire::{ReplyContext, StreamEncoder, StreamWatch};

use super::{Errand, Opened};
use crate::classify::{self, Failed};
use crate::relay::{Edit, Editors, Flow, Limits, Translation};

/// Lifecycle frames are held until content comes, but no longer and no more than this: then the client gets what
/// there is, and an error can only be told inside the stream.
const HOLD: Duration = Duration::from_secs(2);
const HOLD_BYTES: usize = 64 * 1024;

/// A whole reply up to this size is read before anything is sent, and carries its cost as a header. A larger one
/// (embeddings, images) flows on as it comes.
pub(crate) const WHOLE_BYTES: usize = 1024 * 1024;

/// A translation needs the whole reply in memory.
const TRANSLATED_BYTES: usize = 64 * 1024 * 1024;

const ERROR_BYTES: usize = 64 * 1024;
const ERROR_PATIENCE: Duration = Duration::from_secs(10);

/// A reply whose head has come.
pub(super) struct Begun<'a> {
    pub(super) editors: Option<&'a dyn Editors>,
    pub(super) errand: &'a Errand<'a>,
    pub(super) target: &'a Arc<Target>,
    pub(super) carriage: &'a Carriage,
    pub(super) strip_usage: bool,
    pub(super) limits: Limits,
}

impl Begun<'_> {
    pub(super) async fn stream(self, response: Response) -> Result<Opened, Box<Failed>> {
        let Response { status, headers, mut body } = response;
        if is_json(&headers) {
            let body = error_body(&mut body).await;
            return Err(self.not_a_stream(&headers, &body));
        }
        let mut flow = self.flow();
        let mut held = Vec::new();
        let mut held_bytes = 0;
        let hold_until = (Instant::now() + HOLD).min(self.limits.first_token_at);
        loop {
            let chunk = match tokio::time::timeout_at(hold_until, body.chunk()).await {
                Ok(chunk) => chunk,
                Err(_) if Instant::now() >= self.limits.first_token_at => {
                    return Err(classify::first_token_deadline(self.target, self.limits.first_token));
                }
                // The client may have the head now; the relay watches the deadlines from here on.
                Err(_) => break,
            };
            let ended = chunk.is_none();
            let bytes = match chunk {
                Some(Ok(chunk)) => flow
                    .push(chunk)
                    .map_err(|too_long| classify::broken(self.target, &too_long.to_string()))?,
                Some(Err(error)) => {
                    return Err(classify::broken(self.target, &format!("its connection broke ({error})")));
                }
                None => flow.finish(),
            };
            held_bytes += bytes.len();
            held.push(bytes);
            let progress = flow.progress();
            if progress.content_events > 0 || progress.terminal || progress.finished {
                break;
            }
            if let Some(failure) = &progress.error {
                let status = None;
                return Err(classify::in_reply(self.target, self.carriage, failure, status, &headers));
            }
            if ended {
                return Err(classify::broken(self.target, "the stream ended before it began"));
            }
            if held_bytes > HOLD_BYTES {
                break;
            }
        }
        Ok(Opened {
            target: Arc::clone(self.target),
            dialect: self.carriage.dialect,
            status,
            headers,
            body,
            held,
            flow: Some(flow),
            notes: Vec::new(),
            limits: self.limits,
            auth: self.carriage.credential().cloned(),
        })
    }

    pub(super) async fn whole(self, response: Response) -> Result<Opened, Box<Failed>> {
        let Response { status, headers, mut body } = response;
        let same = self.carriage.dialect == self.errand.request.dialect;
        let cap = if same { WHOLE_BYTES } else { TRANSLATED_BYTES };
        let first = body.chunk().await;
        let collected = collect(&mut body, first, cap)
            .await
            .map_err(|error| classify::broken(self.target, &format!("its connection broke ({error})")))?;
        let (bytes, complete) = collected;
        if !complete && !same {
            return Err(classify::broken(
                self.target,
                "it is larger than 64 MiB, too large to be translated",
            ));
        }
        if complete && !is_object(&bytes) {
            return Err(classify::broken(self.target, "it is not a JSON object"));
        }
        if complete && let Some(failure) = wire::error_in_reply(self.carriage.dialect, &bytes) {
            return Err(classify::in_reply(self.target, self.carriage, &failure, None, &headers));
        }
        Ok(Opened {
            target: Arc::clone(self.target),
            dialect: self.carriage.dialect,
            status,
            headers,
            body,
            flow: (!complete).then(|| Flow::opaque(self.carriage.dialect, self.errand.request.api, &bytes)),
            held: vec![bytes],
            notes: Vec::new(),
            limits: self.limits,
            auth: self.carriage.credential().cloned(),
        })
    }

    fn flow(&self) -> Flow {
        let request = self.errand.request;
        if self.carriage.dialect == request.dialect {
            if let Some(editor) = self.editors.and_then(|editors| editors.editor(self.errand.endpoint)) {
                return Flow::Edit(Box::new(Edit::new(request.dialect, self.strip_usage, editor)));
            }
            return Flow::Raw(Box::new(StreamWatch::new(request.dialect, self.strip_usage)));
        }
        let id = self.errand.ingress.call.to_string();
        let created_s = self.errand.ingress.started.unix_ms() / 1_000;
        let mut context = ReplyContext::new(&id, &self.target.model, created_s);
        context.include_usage = request.wants_usage();
        context.legacy_functions = request.prompt().is_ok_and(wire::Prompt::uses_legacy_functions);
        let encoder = StreamEncoder::new(request.dialect, &context);
        Flow::Translate(Box::new(Translation::new(self.carriage.dialect, encoder)))
    }

    /// A stream was asked for, and JSON came: an error with a good status, or a server that cannot stream.
    fn not_a_stream(&self, headers: &http::HeaderMap, body: &[u8]) -> Box<Failed> {
        let failure = wire::read_error(self.carriage.dialect, None, body);
        classify::in_reply(self.target, self.carriage, &failure, None, headers)
    }
}

/// As much of an error's body as is worth reading.
pub(super) async fn error_body(body: &mut Body) -> Bytes {
    let read = async {
        let first = body.chunk().await;
        collect(body, first, ERROR_BYTES).await.map(|(bytes, _)| bytes).unwrap_or_default()
    };
    tokio::time::timeout(ERROR_PATIENCE, read).await.unwrap_or_default()
}

/// Reads to the end, or until more than `cap` bytes are there; says whether the end was reached.
async fn collect(
    body: &mut Body,
    first: Option<Result<Bytes, upstream::BodyError>>,
    cap: usize,
) -> Result<(Bytes, bool), upstream::BodyError> {
    let Some(first) = first.transpose()? else {
        return Ok((Bytes::new(), true));
    };
    // Most replies come in one read, and are passed on without a copy.
    let Some(second) = body.chunk().await.transpose()? else {
        return Ok((first, true));
    };
    let mut all = BytesMut::with_capacity(first.len() + second.len());
    all.extend_from_slice(&first);
    all.extend_from_slice(&second);
    while all.len() <= cap {
        match body.chunk().await.transpose()? {
            Some(chunk) => all.extend_from_slice(&chunk),
            None => return Ok((all.freeze(), true)),
        }
    }
    Ok((all.freeze(), false))
}

fn is_json(headers: &http::HeaderMap) -> bool {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    value.is_some_and(|value| value.trim_start().to_ascii_lowercase().starts_with("application/json"))
}

/// A cheap look that tells a reply from an error page and from half a reply.
fn is_object(body: &[u8]) -> bool {
    let body = body.trim_ascii();
    body.first() == Some(&b'{') && body.last() == Some(&b'}')
}
