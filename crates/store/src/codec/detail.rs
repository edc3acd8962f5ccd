//! The part of a call record that is read only when somebody looks at the call: attempts and payloads.

use domain::{
    AttemptId, AttemptRecord, CallRecord, Capture, CostSource, Dialect, EndReason, Outcome, PicoUsd,
    RelayMode, SpanId, TargetId, UsageSource,
};
use serde::{Deserialize, Serialize};

use super::{Blob, Buckets, Code, CodecError, from_buckets, to_buckets};

const EXPECTED: &str = "call record";

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct DetailV1<'a> {
    pub(super) error_message: Option<&'a str>,
    #[serde(borrow)]
    pub(super) notes: Vec<&'a str>,
    #[serde(borrow)]
    pub(super) attempts: Vec<AttemptV1<'a>>,
    pub(super) capture: u8,
    #[serde(borrow)]
    pub(super) request: CaptureV1<'a>,
    #[serde(borrow)]
    pub(super) reply: CaptureV1<'a>,
}

impl<'a> DetailV1<'a> {
    pub(super) fn of(record: &'a CallRecord) -> Self {
        Self {
            error_message: record.error_message.as_deref(),
            notes: record.notes.iter().map(String::as_str).collect(),
            attempts: record.attempts.iter().map(AttemptV1::of).collect(),
            capture: record.capture.code(),
            request: CaptureV1::of(&record.request),
            reply: CaptureV1::of(&record.reply),
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct CaptureV1<'a> {
    size: u64,
    #[serde(borrow)]
    body: Blob<'a>,
}

impl<'a> CaptureV1<'a> {
    fn of(capture: &'a Capture) -> Self {
        Self { size: capture.size, body: Blob(&capture.body) }
    }

    pub(super) fn capture(&self) -> Capture {
        Capture { body: self.body.0.to_vec(), size: self.size }
    }
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct AttemptV1<'a> {
    #[serde(with = "super::id")]
    attempt: [u8; 16],
    span: u64,
    #[serde(with = "super::id")]
    target: [u8; 16],
    provider: &'a str,
    model: &'a str,
    credential_name: &'a str,
    dialect: u8,
    relay: u8,
    offset_us: u64,
    duration_us: u64,
    first_byte_us: Option<u64>,
    status: Option<u16>,
    end: u8,
    outcome: u8,
    error_message: Option<&'a str>,
    provider_request_id: Option<&'a str>,
    usage: Buckets,
    usage_source: u8,
    cost: Option<i128>,
    cost_source: u8,
}

impl<'a> AttemptV1<'a> {
    fn of(tried: &'a AttemptRecord) -> Self {
        Self {
            attempt: tried.attempt.to_bytes(),
            span: tried.span.0,
            target: tried.target.to_bytes(),
            provider: &tried.provider,
            model: &tried.model,
            credential_name: &tried.credential_name,
            dialect: tried.dialect.code(),
            relay: tried.relay.code(),
            offset_us: tried.offset_us,
            duration_us: tried.duration_us,
            first_byte_us: tried.first_byte_us,
            status: tried.status,
            end: tried.end.code(),
            outcome: tried.outcome.code(),
            error_message: tried.error_message.as_deref(),
            provider_request_id: tried.provider_request_id.as_deref(),
            usage: to_buckets(&tried.usage),
            usage_source: tried.usage_source.code(),
            cost: tried.cost.map(|cost| cost.0),
            cost_source: tried.cost_source.code(),
        }
    }

    pub(super) fn record(&self) -> Result<AttemptRecord, CodecError> {
        let unknown = || CodecError::new(EXPECTED);
        Ok(AttemptRecord {
            attempt: AttemptId::from_bytes(self.attempt),
            span: SpanId(self.span),
            target: TargetId::from_bytes(self.target),
            provider: self.provider.into(),
            model: self.model.into(),
            credential_name: self.credential_name.into(),
            dialect: Dialect::from_code(self.dialect).ok_or_else(unknown)?,
            relay: RelayMode::from_code(self.relay).ok_or_else(unknown)?,
            offset_us: self.offset_us,
            duration_us: self.duration_us,
            first_byte_us: self.first_byte_us,
            status: self.status,
            end: EndReason::from_code(self.end).ok_or_else(unknown)?,
            outcome: Outcome::from_code(self.outcome).ok_or_else(unknown)?,
            error_message: self.error_message.map(Into::into),
            provider_request_id: self.provider_request_id.map(Into::into),
            usage: from_buckets(self.usage),
            usage_source: UsageSource::from_code(self.usage_source).ok_or_else(unknown)?,
            cost: self.cost.map(PicoUsd),
            cost_source: CostSource::from_code(self.cost_source).ok_or_else(unknown)?,
        })
    }
}
