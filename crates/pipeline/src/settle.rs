//! Stage *settle*: the books of one call. Opened before anything else happens and closed on every exit: where nobody
//! closes them (the client left, a deadline dropped the future, a panic unwinds) their `Drop` does.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use config::snapshot::{Snapshot, Target};
use domain::{
    Api, AttemptId, AttemptRecord, CallError, CallRecord, Caller, CallerKind, Capture, CaptureMode,
    CostSource, Dialect, EndReason, ErrorKind, Outcome, PicoUsd, RelayMode, Scope, TraceId, Usage,
    UsageRecord, UsageSource,
};
use governance::ledger::{Amount, Reservation};
use governance::pricing::{self, PriceSource};
use runtime::Moment;

use crate::identify::Identity;
use crate::{Ingress, Pipeline, trace_context};

/// Everything that will be written down about a call.
#[derive(Debug)]
pub(crate) struct Books {
    pipeline: Rc<Pipeline>,
    pub(crate) snapshot: Arc<Snapshot>,
    pub(crate) started: Moment,
    /// `None` once the books are closed.
    record: Option<Box<CallRecord>>,
    open: Option<OpenAttempt>,
    capture_cap: usize,
}

#[derive(Debug)]
struct OpenAttempt {
    record: AttemptRecord,
    started: Instant,
    target: Arc<Target>,
    reservation: Reservation,
}

/// How an attempt ended.
#[derive(Debug)]
pub(crate) struct Ending {
    pub(crate) reason: EndReason,
    pub(crate) outcome: Outcome,
    pub(crate) message: Option<String>,
    pub(crate) usage: Usage,
    pub(crate) usage_source: UsageSource,
}

impl Ending {
    /// An attempt that gave no reply. Where the provider was at work on the prompt it may bill for it, and the size
    /// of the prompt is what can be counted; no bytes are nothing consumed.
    pub(crate) fn failed(reason: EndReason, error: &CallError, prompt_bytes: usize) -> Self {
        let input = crate::estimate::tokens(prompt_bytes as u64);
        Self {
            reason,
            outcome: Outcome::Failed(error.kind),
            message: Some(error.message.clone()),
            usage: Usage { input, ..Usage::default() },
            usage_source: if input > 0 { UsageSource::Estimated } else { UsageSource::None },
        }
    }
}

impl Books {
    pub(crate) fn open(pipeline: &Rc<Pipeline>, ingress: &Ingress) -> Self {
        let (trace, parent_span, root_span) = {
            let mut ids = pipeline.ids.borrow_mut();
            let parent = trace_context::parent(&ingress.headers);
            // A trace that begins here has the id of its call: both are unique, and the store finds one by the other.
            let trace = parent.map_or(TraceId(ingress.call.0), |(trace, _)| trace);
            (trace, parent.map(|(_, span)| span), ids.span())
        };
        let record = CallRecord {
            call: ingress.call,
            trace,
            parent_span,
            root_span,
            started_at_us: ingress.started.unix_us,
            duration_us: 0,
            first_token_us: None,
            caller: Caller {
                kind: CallerKind::Anonymous,
                name: Arc::clone(&pipeline.names.unidentified),
                scope: Scope::DEFAULT,
                labels: None,
            },
            client: ingress.door.client,
            requested_model: Arc::clone(&pipeline.names.empty),
            endpoint: None,
            endpoint_name: None,
            dialect: ingress.dialect,
            api: ingress.api.unwrap_or(Api::Chat),
            streamed: false,
            status: 499,
            outcome: Outcome::Cancelled,
            error_message: None,
            notes: Vec::new(),
            session: None,
            user: None,
            usage: Usage::default(),
            cost: None,
            attempts: Vec::new(),
            capture: CaptureMode::Full,
            request: Capture::default(),
            reply: Capture::default(),
        };
        Self {
            pipeline: Rc::clone(pipeline),
            snapshot: Arc::clone(&ingress.snapshot),
            started: ingress.started,
            record: Some(Box::new(record)),
            open: None,
            capture_cap: pipeline.options.capture_bytes,
        }
    }

    pub(crate) const fn pipeline(&self) -> &Rc<Pipeline> {
        &self.pipeline
    }

    /// The record under construction; nothing is written once the books are closed.
    pub(crate) fn write(&mut self, entry: impl FnOnce(&mut CallRecord)) {
        if let Some(record) = &mut self.record {
            entry(record);
        }
    }

    pub(crate) fn read<T>(&self, entry: impl FnOnce(&CallRecord) -> T) -> Option<T> {
        self.record.as_deref().map(entry)
    }

    pub(crate) fn identified(&mut self, identity: &Identity) {
        self.write(|record| record.caller = (*identity.caller).clone());
    }

    pub(crate) fn attempts(&self) -> usize {
        self.read(|record| record.attempts.len()).unwrap_or(0) + usize::from(self.open.is_some())
    }

    /// What the request or the reply lost on its way, in full; the header has the short form.
    pub(crate) fn note(&mut self, notes: &[wire::Note]) {
        self.write(|record| record.notes.extend(notes.iter().map(ToString::to_string)));
    }

    /// The first content byte of the reply has come.
    pub(crate) fn first_token(&mut self) {
        let elapsed = self.started.elapsed_us();
        self.write(|record| {
            record.first_token_us.get_or_insert(elapsed);
        });
    }

    /// Keeps a part of the reply for the trace, as far as the capture mode and the cap allow.
    pub(crate) fn keep_reply(&mut self, bytes: &[u8]) {
        let cap = self.capture_cap;
        self.write(|record| {
            record.reply.size += bytes.len() as u64;
            if record.capture == CaptureMode::Full {
                let room = cap.saturating_sub(record.reply.body.len());
                record.reply.body.extend_from_slice(&bytes[..bytes.len().min(room)]);
            }
        });
    }

    pub(crate) const fn capture_cap(&self) -> usize {
        self.capture_cap
    }

    pub(crate) fn next_attempt(&self) -> AttemptId {
        let now_ms = self.pipeline.clock.now().unix_ms();
        self.pipeline.ids.borrow_mut().attempt(now_ms)
    }

    pub(crate) fn open_attempt(
        &mut self,
        target: &Arc<Target>,
        dialect: Dialect,
        relay: RelayMode,
        reservation: Reservation,
    ) {
        let span = self.pipeline.ids.borrow_mut().span();
        let attempt = reservation.attempt();
        let record = AttemptRecord {
            attempt,
            span,
            target: target.id,
            provider: Arc::clone(&target.provider),
            model: Arc::clone(&target.model),
            credential_name: Arc::clone(&target.credential.name),
            dialect,
            relay,
            offset_us: self.started.elapsed_us(),
            duration_us: 0,
            first_byte_us: None,
            status: None,
            end: EndReason::ClientGone,
            outcome: Outcome::Cancelled,
            error_message: None,
            provider_request_id: None,
            usage: Usage::default(),
            usage_source: UsageSource::None,
            cost: None,
            cost_source: CostSource::Unknown,
        };
        self.open =
            Some(OpenAttempt { record, started: Instant::now(), target: Arc::clone(target), reservation });
    }

    /// The head of the provider's reply has come.
    pub(crate) fn attempt_head(&mut self, status: u16, provider_request_id: Option<String>) {
        if let Some(open) = &mut self.open {
            open.record.status = Some(status);
            open.record.first_byte_us = Some(micros(open.started));
            open.record.provider_request_id = provider_request_id;
        }
    }

    /// Settles the open attempt: true cost, usage record on its way to disk, reservation returned. When this returns,
    /// the record survives the death of the process.
    pub(crate) fn end_attempt(&mut self, ending: Ending) {
        let (Some(open), Some(record)) = (self.open.take(), &mut self.record) else {
            return;
        };
        let OpenAttempt { record: mut attempt, started, target, reservation } = open;
        let (usage, usage_source) = match record.api {
            Api::Chat | Api::Embeddings => (ending.usage, ending.usage_source),
            // A count of tokens consumes none, however it ended.
            Api::CountTokens => (Usage::default(), UsageSource::None),
        };
        let price = self.snapshot.prices.price(&target.provider, &target.model);
        let cost = match (usage_source, price) {
            // Nothing was consumed, so nothing was billed, whatever the price is.
            (UsageSource::None, _) => Some(PicoUsd::ZERO),
            (_, price) => price.and_then(|price| pricing::cost(price, &usage)),
        };
        attempt.duration_us = micros(started);
        attempt.end = ending.reason;
        attempt.outcome = ending.outcome;
        attempt.error_message = ending.message;
        attempt.usage = usage;
        attempt.usage_source = usage_source;
        attempt.cost = cost;
        attempt.cost_source = match (usage_source, price.map(|price| price.source)) {
            (_, None) => CostSource::Unknown,
            (UsageSource::Estimated, _) => CostSource::Estimated,
            (_, Some(PriceSource::Configured)) => CostSource::Configured,
            (_, Some(PriceSource::Catalogue)) => CostSource::Catalogue,
        };
        reservation.settle(Amount { cost, tokens: usage.total() });
        let usage_record = UsageRecord {
            attempt: attempt.attempt,
            call: record.call,
            trace: record.trace,
            settled_at_ms: self.pipeline.clock.now().unix_ms(),
            scope: record.caller.scope,
            key: record.caller.key(),
            caller: Arc::clone(&record.caller.name),
            labels: record.caller.labels.clone(),
            endpoint: record.endpoint.unwrap_or(domain::EndpointId(0)),
            endpoint_name: record
                .endpoint_name
                .clone()
                .unwrap_or_else(|| Arc::clone(&record.requested_model)),
            target: target.id,
            credential: target.credential.id,
            provider: Arc::clone(&target.provider),
            model: Arc::clone(&target.model),
            api: record.api,
            usage: attempt.usage,
            usage_source: attempt.usage_source,
            cost: attempt.cost,
            cost_source: attempt.cost_source,
            price: price.map(|price| Arc::clone(&price.id)),
            outcome: attempt.outcome,
            duration_ms: attempt.duration_us / 1_000,
        };
        self.pipeline.recorder.borrow_mut().settle(&usage_record);
        record.usage = sum(record.usage, attempt.usage);
        // One unknown part makes the whole unknown.
        record.cost = match (record.attempts.is_empty(), record.cost, attempt.cost) {
            (true, _, cost) => cost,
            (false, Some(sum), Some(cost)) => Some(sum + cost),
            (false, _, _) => None,
        };
        record.attempts.push(attempt);
    }

    /// What the open attempt has cost so far, for the header of a whole reply.
    pub(crate) fn cost(&self) -> Option<PicoUsd> {
        self.read(|record| record.cost).flatten()
    }

    /// Hands the call record over. Further entries are ignored.
    pub(crate) fn close(&mut self, status: u16, outcome: Outcome, message: Option<&str>) {
        let Some(mut record) = self.record.take() else {
            return;
        };
        record.duration_us = self.started.elapsed_us();
        record.status = status;
        record.outcome = outcome;
        record.error_message = message.map(str::to_owned);
        if record.attempts.is_empty() {
            // Nobody was asked, so nothing was consumed: that is known.
            record.cost = Some(PicoUsd::ZERO);
        }
        self.pipeline.recorder.borrow_mut().record_call(&record);
    }

    pub(crate) const fn is_open(&self) -> bool {
        self.record.is_some()
    }
}

impl Drop for Books {
    fn drop(&mut self) {
        if !self.is_open() {
            return;
        }
        let (reason, outcome, status) = if std::thread::panicking() {
            (EndReason::Defect, Outcome::Failed(ErrorKind::Internal), 500)
        } else if self.pipeline.shutdown.is_killed() {
            (EndReason::Shutdown, Outcome::Failed(ErrorKind::Overloaded), 503)
        } else {
            (EndReason::ClientGone, Outcome::Cancelled, 499)
        };
        // The provider has had the request and may bill for it: without a report, the prompt is what we can count.
        let input = self.read(|record| crate::estimate::tokens(record.request.size)).unwrap_or(0);
        let usage = Usage { input, ..Usage::default() };
        self.end_attempt(Ending {
            reason,
            outcome,
            message: None,
            usage,
            usage_source: UsageSource::Estimated,
        });
        self.close(status, outcome, None);
    }
}

fn micros(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX)
}

/// Over the attempts of one call: each is billed on its own.
fn sum(a: Usage, b: Usage) -> Usage {
    Usage {
        input: a.input.saturating_add(b.input),
        cache_read: a.cache_read.saturating_add(b.cache_read),
        cache_write: a.cache_write.saturating_add(b.cache_write),
        cache_write_1h: a.cache_write_1h.saturating_add(b.cache_write_1h),
        audio_input: a.audio_input.saturating_add(b.audio_input),
        output: a.output.saturating_add(b.output),
        reasoning: a.reasoning.saturating_add(b.reasoning),
        audio_output: a.audio_output.saturating_add(b.audio_output),
    }
}
