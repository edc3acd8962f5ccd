//! A streamed reply on its way to the client. Polled by the connection as the client can take more, so that a slow
//! client slows its provider down and nothing piles up in between; dropped when the client leaves, which closes the
//! provider's connection and the books.

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use domain::{CallError, Dialect, EndReason, ErrorKind, Outcome, Usage, UsageSource};
use http::{HeaderMap, HeaderValue};
use tokio::time::Instant;
use tokio_util::sync::WaitForCancellationFutureOwned;
use upstream::Body;

use super::deadlines::{Deadlines, Passed};
use super::flow::Flow;
use crate::attempt::Opened;
use crate::egress::{Reply, ReplyBody};
use crate::headers::{self, OurHeaders};
use crate::settle::{Books, Ending};
use crate::{classify, estimate};

/// After the last event a well-behaved provider closes its reply at once. One that does not is not waited for longer.
const CLOSE_GRACE: std::time::Duration = std::time::Duration::from_secs(1);

/// The body of a streamed reply.
pub struct Relay {
    books: Books,
    body: Body,
    flow: Flow,
    pending: VecDeque<Bytes>,
    deadlines: Deadlines,
    killed: Pin<Box<WaitForCancellationFutureOwned>>,
    caller: Dialect,
    call_text: String,
    status: u16,
    /// What authenticated us at the provider, to be kept out of what it says.
    auth: Option<HeaderValue>,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    /// The books are closed; the provider's end of body is awaited so that its connection can be used again.
    Draining {
        until: Instant,
    },
    /// The document cannot be completed, and its format has no way to say so.
    Aborted,
    Done,
}

/// The connection must be closed without an orderly end, so that the client knows that something is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the reply broke off at the provider")]
pub struct Aborted;

impl fmt::Debug for Relay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Relay")
            .field("call", &self.call_text)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

/// Makes the reply of a stream whose beginning is in `opened`.
pub(crate) fn stream(mut books: Books, opened: Opened, flow: Flow, caller: Dialect) -> Reply {
    let Opened { target, status, headers: provider, body, held, notes, limits, auth, .. } = opened;
    let events = !matches!(flow, Flow::Opaque(_));
    let headers = reply_headers(&books, &provider, caller, &target, &notes, events);
    let call_text = books.read(|record| record.call.to_string()).unwrap_or_default();
    books.note(&notes);
    let killed = Box::pin(books.pipeline().shutdown.killed_owned());
    let deadlines = Deadlines::new(limits, flow.progress().content_events);
    let mut relay = Relay {
        books,
        body,
        flow,
        pending: VecDeque::with_capacity(held.len()),
        deadlines,
        killed,
        caller,
        call_text,
        status: status.as_u16(),
        auth,
        state: State::Open,
    };
    for bytes in held {
        relay.forward(bytes);
    }
    relay.after_push();
    Reply { status, headers, body: ReplyBody::Stream(Box::new(relay)) }
}

fn reply_headers(
    books: &Books,
    provider: &HeaderMap,
    caller: Dialect,
    target: &config::snapshot::Target,
    notes: &[wire::Note],
    events: bool,
) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(16);
    headers::content_type(&mut headers, caller, events);
    headers::copy_inbound(provider, &mut headers);
    let ours = books.read(|record| (record.call, record.trace));
    if let Some((call, trace)) = ours {
        let (target, attempts) = (Some(&*target.label), books.attempts());
        OurHeaders { caller, call, trace: Some(trace), target, attempts, notes }.write(&mut headers);
    }
    headers::simulated(&mut headers, target);
    headers
}

impl Relay {
    /// The next bytes for the client; `None` at the end.
    pub fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Aborted>>> {
        loop {
            if let Some(bytes) = self.pending.pop_front() {
                return Poll::Ready(Some(Ok(bytes)));
            }
            match self.state {
                State::Done => return Poll::Ready(None),
                State::Aborted => {
                    self.state = State::Done;
                    return Poll::Ready(Some(Err(Aborted)));
                }
                State::Open | State::Draining { .. } => {}
            }
            match self.body.poll_chunk(cx) {
                Poll::Ready(Some(Ok(chunk))) => self.on_chunk(chunk),
                Poll::Ready(Some(Err(error))) => self.on_break(&format!("its connection broke ({error})")),
                Poll::Ready(None) => self.on_end(),
                Poll::Pending => std::task::ready!(self.poll_interruption(cx)),
            }
        }
    }

    fn on_chunk(&mut self, chunk: Bytes) {
        if self.state != State::Open {
            // Nothing after the end reaches the client.
            return;
        }
        match self.flow.push(chunk) {
            Ok(bytes) => {
                self.forward(bytes);
                self.after_push();
            }
            Err(too_long) => self.on_break(&too_long.to_string()),
        }
    }

    /// Looks at what the last bytes said, before they are released.
    fn after_push(&mut self) {
        let progress = self.flow.progress();
        if progress.content_events > 0 {
            self.books.first_token();
        }
        self.deadlines.content(progress.content_events);
        if let Some(failure) = progress.error {
            let mut error = classify::failure_of(&failure, None).1;
            error.message = classify::scrub(&error.message, self.auth.as_ref());
            self.mask_pending();
            // In raw mode the client has the provider's own error event already.
            let told = !matches!(self.flow, Flow::Translate(_));
            self.fail(EndReason::ProviderStatus, &error, told);
        } else if progress.terminal {
            self.succeed();
        }
    }

    fn on_end(&mut self) {
        if self.state != State::Open {
            self.state = State::Done;
            return;
        }
        let rest = self.flow.finish();
        self.forward(rest);
        let progress = self.flow.progress();
        if progress.finished && progress.error.is_none() {
            self.succeed();
            self.state = State::Done;
        } else {
            self.on_break("it ended before it was complete");
        }
    }

    fn on_break(&mut self, how: &str) {
        if self.state == State::Open {
            let message = format!("the provider's stream cannot be continued: {how}; send the request again");
            self.fail(EndReason::BrokenReply, &CallError::new(ErrorKind::ProviderError, message), false);
        } else {
            self.state = State::Done;
        }
    }

    fn poll_interruption(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let State::Draining { until } = self.state
            && until <= Instant::now()
        {
            self.state = State::Done;
            return Poll::Ready(());
        }
        if self.killed.as_mut().poll(cx).is_ready() {
            let message = "the gateway is stopping; send the request again";
            self.interrupt(EndReason::Shutdown, &CallError::new(ErrorKind::Overloaded, message));
            return Poll::Ready(());
        }
        let passed = std::task::ready!(self.deadlines.poll(cx));
        self.on_deadline(passed);
        Poll::Ready(())
    }

    fn on_deadline(&mut self, passed: Passed) {
        let error = CallError::new(ErrorKind::ProviderTimeout, passed.message());
        self.interrupt(EndReason::Deadline, &error);
    }

    fn interrupt(&mut self, reason: EndReason, error: &CallError) {
        if self.state == State::Open {
            self.fail(reason, error, false);
        } else {
            self.state = State::Done;
        }
    }

    /// A provider's own error event is on its way to the client: it must not carry our credential.
    fn mask_pending(&mut self) {
        for bytes in &mut self.pending {
            if let Some(masked) = self.auth.as_ref().and_then(|auth| classify::mask(bytes, auth)) {
                *bytes = masked;
            }
        }
    }

    fn forward(&mut self, bytes: Bytes) {
        if !bytes.is_empty() {
            self.books.keep_reply(&bytes);
            self.pending.push_back(bytes);
        }
    }

    /// The reply is complete: the books are closed before its last byte leaves.
    fn succeed(&mut self) {
        let (usage, usage_source) = self.usage();
        self.books.note(self.flow.notes());
        self.books.end_attempt(Ending {
            reason: EndReason::Complete,
            outcome: Outcome::Succeeded,
            message: None,
            usage,
            usage_source,
        });
        self.books.close(self.status, Outcome::Succeeded, None);
        let until = Instant::now() + CLOSE_GRACE;
        self.deadlines.drain_until(until);
        self.state = State::Draining { until };
    }

    /// Ends the stream in the caller's error form: never as if it were complete.
    fn fail(&mut self, reason: EndReason, error: &CallError, told: bool) {
        if !told && !matches!(self.flow, Flow::Opaque(_)) {
            let mut event = BytesMut::new();
            if self.flow.mid_event() {
                // Else the client would read the error as the rest of the event that broke off.
                event.extend_from_slice(b"\n\n");
            }
            wire::write_stream_error(self.caller, error, &self.call_text, &mut event);
            self.forward(event.freeze());
        }
        let (usage, usage_source) = self.usage();
        self.books.end_attempt(Ending {
            reason,
            outcome: Outcome::Failed(error.kind),
            message: Some(error.message.clone()),
            usage,
            usage_source,
        });
        self.books.close(self.status, Outcome::Failed(error.kind), Some(&error.message));
        self.state = if matches!(self.flow, Flow::Opaque(_)) { State::Aborted } else { State::Done };
    }

    /// What the provider reported; where the report is missing or was still to come, the larger of it and of what was
    /// seen: a prompt is billed whole, and what was delivered was generated.
    fn usage(&self) -> (Usage, UsageSource) {
        let progress = self.flow.progress();
        match progress.usage {
            Some(usage) if progress.finished => (usage, UsageSource::Reported),
            reported => {
                let output = self
                    .books
                    .read(|record| estimate::streamed_tokens(self.caller, &record.reply))
                    .unwrap_or(0);
                let mut usage = reported.unwrap_or_default();
                if usage.input_total() == 0 {
                    usage.input =
                        self.books.read(|record| estimate::tokens(record.request.size)).unwrap_or(0);
                }
                if usage.output_total() < output {
                    usage.output = output - usage.reasoning.min(output);
                }
                (usage, UsageSource::Estimated)
            }
        }
    }
}

impl Drop for Relay {
    /// The client left, or the executor is going down: what was seen is what is booked.
    fn drop(&mut self) {
        if !self.books.is_open() {
            return;
        }
        let (reason, outcome) = if std::thread::panicking() {
            (EndReason::Defect, Outcome::Failed(ErrorKind::Internal))
        } else {
            (EndReason::ClientGone, Outcome::Cancelled)
        };
        let (usage, usage_source) = self.usage();
        self.books.end_attempt(Ending { reason, outcome, message: None, usage, usage_source });
        self.books.close(self.status, outcome, None);
    }
}
