//! The byte form of a call record: a frame that says its length, who it belongs to, a *head* (what a list shows and
//! filters by) and a *detail* (attempts and payloads).
//!
//! The three are apart so that the writer behind the reply copies frames to disk as they are and touches nothing but
//! the fixed fields, and so that a list decodes heads without reading payloads.

use std::net::IpAddr;
use std::ops::Deref;

use domain::{
    Api, CallId, CallRecord, Caller, CallerKind, Capture, CaptureMode, Dialect, EndpointId, KeyId,
    OrganizationId, Outcome, PicoUsd, ProjectId, Scope, SpanId, TeamId, TraceId,
};
use serde::{Deserialize, Serialize};

use super::detail::{AttemptV1, DetailV1};
use super::{Buckets, Code, CodecError, LabelsV1, append, from_buckets, read, to_buckets};

const CALL_V1: u8 = 1;
/// The same with whom the call came from and what is written on the key.
const CALL_V2: u8 = 2;
const EXPECTED: &str = "call record";

/// Length of the frame behind this field, and of the head.
const LENGTHS: usize = 8;
const FIXED: usize = 1 + 5 * 16 + 2 * 8;
const HEAD_AT: usize = LENGTHS + FIXED;

/// Call records in their byte form, one after the other: what an executor fills and the writer takes away.
#[derive(Debug, Default)]
pub struct Frames {
    bytes: Vec<u8>,
    count: usize,
}

impl Frames {
    /// Appends a record. On an error nothing was appended.
    pub fn push(&mut self, record: &CallRecord) -> Result<(), CodecError> {
        let start = self.bytes.len();
        let written = write_frame(record, &mut self.bytes);
        match written {
            Ok(()) => self.count += 1,
            Err(_) => self.bytes.truncate(start),
        }
        written
    }

    pub fn len_bytes(&self) -> usize {
        self.bytes.len()
    }

    pub fn count(&self) -> usize {
        self.count
    }

    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Forgets the records and keeps the memory, up to `keep` bytes of it.
    pub fn clear(&mut self, keep: usize) {
        self.bytes.clear();
        self.bytes.shrink_to(keep);
        self.count = 0;
    }

    pub fn iter(&self) -> impl Iterator<Item = CallFrame<'_>> {
        let mut rest = self.bytes.as_slice();
        std::iter::from_fn(move || {
            let (frame, behind) = CallFrame::split(rest).ok()?;
            rest = behind;
            Some(frame)
        })
    }
}

fn write_frame(record: &CallRecord, into: &mut Vec<u8>) -> Result<(), CodecError> {
    let start = into.len();
    into.extend_from_slice(&[0; LENGTHS]);
    into.push(CALL_V2);
    let scope = record.caller.scope;
    into.extend_from_slice(&record.call.to_bytes());
    into.extend_from_slice(&record.trace.to_bytes());
    into.extend_from_slice(&scope.organization.to_bytes());
    into.extend_from_slice(&scope.team.to_bytes());
    into.extend_from_slice(&scope.project.to_bytes());
    let ended_at_us = record.started_at_us.saturating_add_unsigned(record.duration_us);
    into.extend_from_slice(&record.started_at_us.to_le_bytes());
    into.extend_from_slice(&ended_at_us.to_le_bytes());
    let labels = record.caller.labels.as_deref();
    append(&(HeadV1::of(record), record.client, labels), into)?;
    let head_end = into.len();
    append(&DetailV1::of(record), into)?;

    let too_long = |_| CodecError::new("call record of at most 4 GiB");
    let length = u32::try_from(into.len() - start - 4).map_err(too_long)?;
    let head = u32::try_from(head_end - start - HEAD_AT).map_err(too_long)?;
    into[start..start + 4].copy_from_slice(&length.to_le_bytes());
    into[start + 4..start + LENGTHS].copy_from_slice(&head.to_le_bytes());
    Ok(())
}

/// A call record that was split into its parts; only the fixed fields have been read.
#[derive(Debug, Clone, Copy)]
pub struct CallFrame<'a> {
    pub call: CallId,
    pub trace: TraceId,
    pub scope: Scope,
    pub started_at_us: i64,
    pub ended_at_us: i64,
    version: u8,
    frame: &'a [u8],
    head_end: usize,
}

impl<'a> CallFrame<'a> {
    /// Takes the first frame off `bytes`.
    pub fn split(bytes: &'a [u8]) -> Result<(Self, &'a [u8]), CodecError> {
        let frame = Self::parse(bytes)?;
        let (frame_bytes, rest) =
            bytes.split_at_checked(frame.len_bytes()).ok_or(CodecError::new(EXPECTED))?;
        Ok((Self { frame: frame_bytes, ..frame }, rest))
    }

    /// Reads the fixed fields and the head, whether or not the detail is in `bytes` too.
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, CodecError> {
        let bad = CodecError::new(EXPECTED);
        let mut fields = Fields(bytes);
        let (length, head) = (fields.u32().ok_or(bad)?, fields.u32().ok_or(bad)?);
        let head_end = HEAD_AT.checked_add(head).ok_or(bad)?;
        let Some([version @ (CALL_V1 | CALL_V2)]) = fields.take::<1>() else {
            return Err(bad);
        };
        if head_end > bytes.len() || head_end > length.saturating_add(4) {
            return Err(bad);
        }
        let mut id = || fields.take::<16>().ok_or(bad);
        let (call, trace) = (CallId::from_bytes(id()?), TraceId::from_bytes(id()?));
        let scope = Scope {
            organization: OrganizationId::from_bytes(id()?),
            team: TeamId::from_bytes(id()?),
            project: ProjectId::from_bytes(id()?),
        };
        let started_at_us = i64::from_le_bytes(fields.take().ok_or(bad)?);
        let ended_at_us = i64::from_le_bytes(fields.take().ok_or(bad)?);
        Ok(Self { call, trace, scope, started_at_us, ended_at_us, version, frame: bytes, head_end })
    }

    /// Belongs to a trace that it did not begin: one that we begin has the id of its first call.
    pub fn is_linked(&self) -> bool {
        self.trace.0 != self.call.0
    }

    /// How long the whole frame is, detail included.
    pub(crate) fn len_bytes(&self) -> usize {
        Fields(self.frame).u32().unwrap_or(0).saturating_add(4)
    }

    /// The frame up to its detail: what a list needs.
    pub(crate) fn up_to_head(&self) -> &'a [u8] {
        &self.frame[..self.head_end]
    }

    pub(crate) fn head(&self) -> Result<Head<'a>, CodecError> {
        let bytes = &self.frame[HEAD_AT..self.head_end];
        if self.version == CALL_V1 {
            return Ok(Head { fields: read(bytes, EXPECTED)?, client: None, labels: None });
        }
        let (fields, client, labels) = read(bytes, EXPECTED)?;
        Ok(Head { fields, client, labels })
    }

    /// The whole record, decoded. Needs the detail.
    pub fn record(&self) -> Result<CallRecord, CodecError> {
        let detail: DetailV1<'_> = read(&self.frame[self.head_end..], EXPECTED)?;
        Ok(CallRecord {
            error_message: detail.error_message.map(Into::into),
            notes: detail.notes.iter().map(|&note| note.to_owned()).collect(),
            attempts: detail.attempts.iter().map(AttemptV1::record).collect::<Result<_, _>>()?,
            capture: CaptureMode::from_code(detail.capture).ok_or(CodecError::new(EXPECTED))?,
            request: detail.request.capture(),
            reply: detail.reply.capture(),
            ..self.record_without_detail()?
        })
    }

    /// The record as far as the head tells it: no attempts and no payloads.
    pub(crate) fn record_without_detail(&self) -> Result<CallRecord, CodecError> {
        let head = self.head()?;
        let unknown = || CodecError::new(EXPECTED);
        Ok(CallRecord {
            call: self.call,
            trace: self.trace,
            parent_span: head.parent_span.map(SpanId),
            root_span: SpanId(head.root_span),
            started_at_us: self.started_at_us,
            duration_us: head.duration_us,
            first_token_us: head.first_token_us,
            caller: head.caller(self.scope),
            client: head.client,
            requested_model: head.requested_model.into(),
            endpoint: head.endpoint.map(EndpointId::from_bytes),
            endpoint_name: head.endpoint_name.map(Into::into),
            dialect: Dialect::from_code(head.dialect).ok_or_else(unknown)?,
            api: Api::from_code(head.api).ok_or_else(unknown)?,
            streamed: head.streamed,
            status: head.status,
            outcome: Outcome::from_code(head.outcome).ok_or_else(unknown)?,
            error_message: None,
            notes: Vec::new(),
            session: head.session.map(Into::into),
            user: head.user.map(Into::into),
            usage: from_buckets(head.usage),
            cost: head.cost.map(PicoUsd),
            attempts: Vec::new(),
            capture: CaptureMode::None,
            request: Capture::default(),
            reply: Capture::default(),
        })
    }
}

/// What a list shows and filters by.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct HeadV1<'a> {
    pub(crate) root_span: u64,
    pub(crate) parent_span: Option<u64>,
    pub(crate) duration_us: u64,
    pub(crate) first_token_us: Option<u64>,
    pub(crate) key: Option<[u8; 16]>,
    pub(crate) caller: &'a str,
    pub(crate) requested_model: &'a str,
    pub(crate) endpoint: Option<[u8; 16]>,
    pub(crate) endpoint_name: Option<&'a str>,
    pub(crate) dialect: u8,
    pub(crate) api: u8,
    pub(crate) streamed: bool,
    pub(crate) status: u16,
    pub(crate) outcome: u8,
    pub(crate) session: Option<&'a str>,
    pub(crate) user: Option<&'a str>,
    pub(crate) usage: Buckets,
    pub(crate) cost: Option<i128>,
    /// Provider and model of each attempt, in order.
    #[serde(borrow)]
    pub(crate) targets: Vec<(&'a str, &'a str)>,
}

impl<'a> HeadV1<'a> {
    fn of(record: &'a CallRecord) -> Self {
        Self {
            root_span: record.root_span.0,
            parent_span: record.parent_span.map(|span| span.0),
            duration_us: record.duration_us,
            first_token_us: record.first_token_us,
            key: record.caller.key().map(KeyId::to_bytes),
            caller: &record.caller.name,
            requested_model: &record.requested_model,
            endpoint: record.endpoint.map(EndpointId::to_bytes),
            endpoint_name: record.endpoint_name.as_deref(),
            dialect: record.dialect.code(),
            api: record.api.code(),
            streamed: record.streamed,
            status: record.status,
            outcome: record.outcome.code(),
            session: record.session.as_deref(),
            user: record.user.as_deref(),
            usage: to_buckets(&record.usage),
            cost: record.cost.map(|cost| cost.0),
            targets: record.attempts.iter().map(|tried| (&*tried.provider, &*tried.model)).collect(),
        }
    }
}

/// A head of any version.
#[derive(Debug)]
pub(crate) struct Head<'a> {
    fields: HeadV1<'a>,
    pub(crate) client: Option<IpAddr>,
    pub(crate) labels: Option<LabelsV1<'a>>,
}

impl<'a> Deref for Head<'a> {
    type Target = HeadV1<'a>;

    fn deref(&self) -> &HeadV1<'a> {
        &self.fields
    }
}

impl Head<'_> {
    pub(crate) fn caller(&self, scope: Scope) -> Caller {
        let kind = self.key.map_or(CallerKind::Anonymous, |key| CallerKind::Key(KeyId::from_bytes(key)));
        let labels = self.labels.as_ref().map(LabelsV1::labels);
        Caller { kind, name: self.caller.into(), scope, labels }
    }
}

/// Takes fixed fields off the front of a frame.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (field, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*field)
    }

    fn u32(&mut self) -> Option<usize> {
        usize::try_from(u32::from_le_bytes(self.take()?)).ok()
    }
}
