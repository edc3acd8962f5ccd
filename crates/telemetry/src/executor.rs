//! The recorder's end at an executor: what a call pays for being written down.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use domain::{CallRecord, CaptureMode, UsageRecord};

use crate::health::Part;
use crate::lane::{Lane, Settled};
use crate::shared::Shared;

/// What a call record needs beside its payloads, about.
const RECORD_BYTES: usize = 1_024;

/// Owned by one executor.
#[derive(Debug)]
pub struct ExecutorRecorder {
    shared: Arc<Shared>,
    lane: Arc<Lane>,
}

impl ExecutorRecorder {
    pub(crate) fn new(shared: Arc<Shared>, lane: Arc<Lane>) -> Self {
        Self { shared, lane }
    }

    /// Books an attempt. When this returns, the record survives the death of the process, so it is called before the
    /// last byte of the reply is released. Where the journal cannot be written, the record is kept in memory and
    /// written as soon as it can be; that is told by [`crate::Health`], never to the client.
    pub fn settle(&mut self, record: &UsageRecord) {
        let settled = self.lane.money().settle(record, self.shared.options.unsaved_records);
        match settled {
            Settled::Journalled | Settled::Unsaved(None) => {}
            Settled::Unsaved(Some(error)) => self.shared.troubles.begin(Part::Journal, error.to_string()),
            Settled::Lost(error) => {
                self.shared.lost_usage.fetch_add(1, Ordering::Relaxed);
                self.shared.troubles.begin(Part::Journal, error.to_string());
                log_lost(record);
            }
        }
        self.shared.touch();
    }

    /// Counts a finished call and hands its trace over, unless none is wanted or too much is waiting already.
    pub fn record_call(&mut self, record: &CallRecord) {
        self.lane.counters().add(record);
        if record.capture == CaptureMode::None {
            return;
        }
        let expected = record.request.body.len() + record.reply.body.len() + RECORD_BYTES;
        let queued = self.shared.queued_bytes.load(Ordering::Relaxed);
        if self.shared.is_stopping() || queued.saturating_add(expected) > self.shared.options.content_bytes {
            self.shared.dropped_calls.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let mut content = self.lane.content();
        let before = content.len_bytes();
        let pushed = content.push(record);
        let after = content.len_bytes();
        drop(content);
        if let Err(error) = pushed {
            self.shared.dropped_calls.fetch_add(1, Ordering::Relaxed);
            tracing::error!(call = %record.call, %error, "the trace of a call was dropped");
            return;
        }
        self.shared.queued_bytes.fetch_add(after - before, Ordering::Relaxed);
        let handover = self.shared.options.handover_bytes;
        if before < handover && after >= handover {
            self.shared.hurry.notify_one();
        }
        self.shared.touch();
    }
}

/// The log is the last place where a record can go, so it says what the ledger would have kept.
pub(crate) fn log_lost(record: &UsageRecord) {
    tracing::error!(
        attempt = %record.attempt,
        call = %record.call,
        project = %record.scope.project,
        caller = &*record.caller,
        endpoint = &*record.endpoint_name,
        provider = &*record.provider,
        model = &*record.model,
        settled_at_ms = record.settled_at_ms,
        input_tokens = record.usage.input_total(),
        output_tokens = record.usage.output_total(),
        cost_usd = record.cost.map(|cost| cost.to_string()),
        "a usage record was lost: there was room for it neither on disk nor in memory"
    );
}
