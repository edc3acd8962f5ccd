//! The byte form of a usage record, as the journal holds it.
//!
//! What varies per attempt (numbers, ids) is apart from what repeats (who, where to): the ledger finds the stored
//! row of a repeating part by its bytes, without decoding it.

use std::sync::Arc;

use domain::{
    Api, AttemptId, CallId, CostSource, CredentialId, EndpointId, KeyId, Labels, OrganizationId, Outcome,
    PicoUsd, ProjectId, Scope, TargetId, TeamId, TraceId, UsageRecord, UsageSource,
};
use serde::{Deserialize, Serialize};

use super::{Buckets, Code, CodecError, Kind, LabelsV1, append, from_buckets, read, to_buckets};

const USAGE_V1: u8 = Kind::Usage.code();
/// The same with what is written on the key, where there is something.
const USAGE_V2: u8 = Kind::LabelledUsage.code();

const EXPECTED: &str = "usage record";

/// Appends the byte form of `record` to `into`.
pub fn encode_usage(record: &UsageRecord, into: &mut Vec<u8>) -> Result<(), CodecError> {
    let start = into.len();
    into.push(if record.labels.is_some() { USAGE_V2 } else { USAGE_V1 });
    let written = section(&NumbersV1::of(record), into)
        .and_then(|()| match &record.labels {
            Some(labels) => section(&(CallerV1::of(record), &**labels), into),
            None => section(&CallerV1::of(record), into),
        })
        .and_then(|()| append(&LabelV1::of(record), into));
    if written.is_err() {
        into.truncate(start);
    }
    written
}

/// A usage record that was split into its parts, none of which has been decoded but the numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageFrame<'a> {
    pub(crate) numbers: NumbersV1,
    pub(crate) caller: &'a [u8],
    pub(crate) label: &'a [u8],
}

impl<'a> UsageFrame<'a> {
    /// Fails on a form that a newer version wrote as much as on damage: neither may be taken for something else.
    pub fn parse(payload: &'a [u8]) -> Result<Self, CodecError> {
        let Some((&(USAGE_V1 | USAGE_V2), rest)) = payload.split_first() else {
            return Err(CodecError::new(EXPECTED));
        };
        let (numbers, rest) = split_section(rest)?;
        let (caller, label) = split_section(rest)?;
        Ok(Self { numbers: read(numbers, EXPECTED)?, caller, label })
    }

    pub fn attempt(&self) -> AttemptId {
        AttemptId::from_bytes(self.numbers.attempt)
    }

    pub fn scope(&self) -> Scope {
        self.numbers.scope()
    }

    /// The whole record, decoded.
    pub fn record(&self) -> Result<UsageRecord, CodecError> {
        let caller = CallerPart::parse(self.caller)?;
        let label: LabelV1<'_> = read(self.label, EXPECTED)?;
        let unknown = || CodecError::new(EXPECTED);
        let numbers = &self.numbers;
        Ok(UsageRecord {
            attempt: self.attempt(),
            call: CallId::from_bytes(numbers.call),
            trace: TraceId::from_bytes(numbers.trace),
            settled_at_ms: numbers.settled_at_ms,
            scope: numbers.scope(),
            key: caller.who.key.map(KeyId::from_bytes),
            caller: caller.who.name.into(),
            labels: caller.labels,
            endpoint: EndpointId::from_bytes(label.endpoint),
            endpoint_name: label.endpoint_name.into(),
            target: TargetId::from_bytes(label.target),
            credential: CredentialId::from_bytes(label.credential),
            provider: label.provider.into(),
            model: label.model.into(),
            api: Api::from_code(label.api).ok_or_else(unknown)?,
            usage: from_buckets(numbers.usage),
            usage_source: UsageSource::from_code(label.usage_source).ok_or_else(unknown)?,
            cost: numbers.cost.map(PicoUsd),
            cost_source: CostSource::from_code(label.cost_source).ok_or_else(unknown)?,
            price: label.price.map(Into::into),
            outcome: Outcome::from_code(label.outcome).ok_or_else(unknown)?,
            duration_ms: numbers.duration_ms,
        })
    }
}

/// What differs from attempt to attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct NumbersV1 {
    #[serde(with = "super::id")]
    pub(crate) attempt: [u8; 16],
    #[serde(with = "super::id")]
    pub(crate) call: [u8; 16],
    #[serde(with = "super::id")]
    pub(crate) trace: [u8; 16],
    #[serde(with = "super::id")]
    pub(crate) organization: [u8; 16],
    #[serde(with = "super::id")]
    pub(crate) team: [u8; 16],
    #[serde(with = "super::id")]
    pub(crate) project: [u8; 16],
    pub(crate) settled_at_ms: i64,
    pub(crate) duration_ms: u64,
    pub(crate) usage: Buckets,
    pub(crate) cost: Option<i128>,
}

impl NumbersV1 {
    const fn of(record: &UsageRecord) -> Self {
        Self {
            attempt: record.attempt.to_bytes(),
            call: record.call.to_bytes(),
            trace: record.trace.to_bytes(),
            organization: record.scope.organization.to_bytes(),
            team: record.scope.team.to_bytes(),
            project: record.scope.project.to_bytes(),
            settled_at_ms: record.settled_at_ms,
            duration_ms: record.duration_ms,
            usage: to_buckets(&record.usage),
            cost: match record.cost {
                Some(PicoUsd(cost)) => Some(cost),
                None => None,
            },
        }
    }

    const fn scope(&self) -> Scope {
        Scope {
            organization: OrganizationId::from_bytes(self.organization),
            team: TeamId::from_bytes(self.team),
            project: ProjectId::from_bytes(self.project),
        }
    }
}

/// Who called; there may be a million of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CallerV1<'a> {
    pub(crate) key: Option<[u8; 16]>,
    pub(crate) name: &'a str,
}

impl<'a> CallerV1<'a> {
    fn of(record: &'a UsageRecord) -> Self {
        Self { key: record.key.map(KeyId::to_bytes), name: &record.caller }
    }
}

/// Who called, and what is written on their key.
#[derive(Debug)]
pub(crate) struct CallerPart<'a> {
    pub(crate) who: CallerV1<'a>,
    pub(crate) labels: Option<Arc<Labels>>,
}

impl<'a> CallerPart<'a> {
    /// The form with labels is the form without, and more: either fills the bytes exactly, never both.
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, CodecError> {
        if let Ok(who) = read(bytes, EXPECTED) {
            return Ok(Self { who, labels: None });
        }
        let (who, labels): (CallerV1<'a>, LabelsV1<'a>) = read(bytes, EXPECTED)?;
        Ok(Self { who, labels: Some(labels.labels()) })
    }
}

/// Where the attempt went and how it ended: as many as there are targets, times a few.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LabelV1<'a> {
    #[serde(with = "super::id")]
    pub(crate) endpoint: [u8; 16],
    pub(crate) endpoint_name: &'a str,
    #[serde(with = "super::id")]
    pub(crate) target: [u8; 16],
    #[serde(with = "super::id")]
    pub(crate) credential: [u8; 16],
    pub(crate) provider: &'a str,
    pub(crate) model: &'a str,
    pub(crate) api: u8,
    pub(crate) usage_source: u8,
    pub(crate) cost_source: u8,
    pub(crate) price: Option<&'a str>,
    pub(crate) outcome: u8,
}

impl<'a> LabelV1<'a> {
    fn of(record: &'a UsageRecord) -> Self {
        Self {
            endpoint: record.endpoint.to_bytes(),
            endpoint_name: &record.endpoint_name,
            target: record.target.to_bytes(),
            credential: record.credential.to_bytes(),
            provider: &record.provider,
            model: &record.model,
            api: record.api.code(),
            usage_source: record.usage_source.code(),
            cost_source: record.cost_source.code(),
            price: record.price.as_deref(),
            outcome: record.outcome.code(),
        }
    }

    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, CodecError> {
        read(bytes, EXPECTED)
    }
}

/// Writes a value behind its own length, so that a reader can pass over it.
fn section<T: Serialize>(value: &T, into: &mut Vec<u8>) -> Result<(), CodecError> {
    let at = into.len();
    into.extend_from_slice(&[0; 2]);
    append(value, into)?;
    let length = u16::try_from(into.len() - at - 2).map_err(|_| CodecError::new("name of at most 64 KiB"))?;
    into[at..at + 2].copy_from_slice(&length.to_le_bytes());
    Ok(())
}

fn split_section(bytes: &[u8]) -> Result<(&[u8], &[u8]), CodecError> {
    let (length, rest) = bytes.split_first_chunk::<2>().ok_or(CodecError::new(EXPECTED))?;
    rest.split_at_checked(usize::from(u16::from_le_bytes(*length))).ok_or(CodecError::new(EXPECTED))
}
