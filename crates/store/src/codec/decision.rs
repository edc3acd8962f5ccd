//! The byte form of a decision, as the journal holds it.

use domain::{CallId, DecisionRecord, KeyId, OrganizationId, ProjectId, Scope, TeamId, TraceId, Verdict};
use serde::{Deserialize, Serialize};

use super::{Code, CodecError, Kind, append, read};

const EXPECTED: &str = "decision";

/// Appends the byte form of `record` to `into`.
pub fn encode_decision(record: &DecisionRecord, into: &mut Vec<u8>) -> Result<(), CodecError> {
    let start = into.len();
    into.push(Kind::Decision.code());
    append(&DecisionV1::of(record), into).inspect_err(|_| into.truncate(start))
}

/// Reads one back.
pub fn decode_decision(payload: &[u8]) -> Result<DecisionRecord, CodecError> {
    match payload.split_first() {
        Some((code, rest)) if *code == Kind::Decision.code() => {
            read::<DecisionV1<'_>>(rest, EXPECTED)?.record()
        }
        _ => Err(CodecError::new(EXPECTED)),
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct DecisionV1<'a> {
    call: u128,
    number: u32,
    trace: u128,
    decided_at_ms: i64,
    organization: u128,
    team: u128,
    project: u128,
    key: Option<u128>,
    caller: &'a str,
    verdict: u8,
    rule: &'a str,
    rule_revision: u64,
    subject: &'a str,
    reason: &'a str,
}

impl<'a> DecisionV1<'a> {
    fn of(record: &'a DecisionRecord) -> Self {
        Self {
            call: record.call.0,
            number: record.number,
            trace: record.trace.0,
            decided_at_ms: record.decided_at_ms,
            organization: record.scope.organization.0,
            team: record.scope.team.0,
            project: record.scope.project.0,
            key: record.key.map(|key| key.0),
            caller: &record.caller,
            verdict: record.verdict.code(),
            rule: &record.rule,
            rule_revision: record.rule_revision,
            subject: &record.subject,
            reason: &record.reason,
        }
    }

    fn record(self) -> Result<DecisionRecord, CodecError> {
        Ok(DecisionRecord {
            call: CallId(self.call),
            number: self.number,
            trace: TraceId(self.trace),
            decided_at_ms: self.decided_at_ms,
            scope: Scope {
                organization: OrganizationId(self.organization),
                team: TeamId(self.team),
                project: ProjectId(self.project),
            },
            key: self.key.map(KeyId),
            caller: self.caller.into(),
            verdict: Verdict::from_code(self.verdict).ok_or(CodecError::new(EXPECTED))?,
            rule: self.rule.into(),
            rule_revision: self.rule_revision,
            subject: self.subject.into(),
            reason: self.reason.into(),
        })
    }
}
