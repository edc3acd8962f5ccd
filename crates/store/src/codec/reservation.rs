//! The byte form of a reservation, as the journal holds it until the attempt is settled.

use domain::{
    Api, AttemptId, CallId, CredentialId, EndpointId, KeyId, OrganizationId, PicoUsd, ProjectId,
    ReservationRecord, Scope, TargetId, TeamId, TraceId,
};
use serde::{Deserialize, Serialize};

use super::{Code, CodecError, Kind, append, read};

const EXPECTED: &str = "reservation";

/// Appends the byte form of `record` to `into`.
pub fn encode_reservation(record: &ReservationRecord, into: &mut Vec<u8>) -> Result<(), CodecError> {
    let start = into.len();
    into.push(Kind::Reservation.code());
    append(&ReservationV1::of(record), into).inspect_err(|_| into.truncate(start))
}

/// Reads one back.
pub fn decode_reservation(payload: &[u8]) -> Result<ReservationRecord, CodecError> {
    match payload.split_first() {
        Some((code, rest)) if *code == Kind::Reservation.code() => {
            read::<ReservationV1<'_>>(rest, EXPECTED)?.record()
        }
        _ => Err(CodecError::new(EXPECTED)),
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct ReservationV1<'a> {
    attempt: u128,
    call: u128,
    trace: u128,
    opened_at_ms: i64,
    organization: u128,
    team: u128,
    project: u128,
    key: Option<u128>,
    caller: &'a str,
    endpoint: u128,
    endpoint_name: &'a str,
    target: u128,
    credential: u128,
    provider: &'a str,
    model: &'a str,
    api: u8,
    cost: Option<i128>,
    tokens: u64,
}

impl<'a> ReservationV1<'a> {
    fn of(record: &'a ReservationRecord) -> Self {
        Self {
            attempt: record.attempt.0,
            call: record.call.0,
            trace: record.trace.0,
            opened_at_ms: record.opened_at_ms,
            organization: record.scope.organization.0,
            team: record.scope.team.0,
            project: record.scope.project.0,
            key: record.key.map(|key| key.0),
            caller: &record.caller,
            endpoint: record.endpoint.0,
            endpoint_name: &record.endpoint_name,
            target: record.target.0,
            credential: record.credential.0,
            provider: &record.provider,
            model: &record.model,
            api: record.api.code(),
            cost: record.cost.map(|PicoUsd(cost)| cost),
            tokens: record.tokens,
        }
    }

    fn record(self) -> Result<ReservationRecord, CodecError> {
        Ok(ReservationRecord {
            attempt: AttemptId(self.attempt),
            call: CallId(self.call),
            trace: TraceId(self.trace),
            opened_at_ms: self.opened_at_ms,
            scope: Scope {
                organization: OrganizationId(self.organization),
                team: TeamId(self.team),
                project: ProjectId(self.project),
            },
            key: self.key.map(KeyId),
            caller: self.caller.into(),
            endpoint: EndpointId(self.endpoint),
            endpoint_name: self.endpoint_name.into(),
            target: TargetId(self.target),
            credential: CredentialId(self.credential),
            provider: self.provider.into(),
            model: self.model.into(),
            api: Api::from_code(self.api).ok_or(CodecError::new(EXPECTED))?,
            cost: self.cost.map(PicoUsd),
            tokens: self.tokens,
        })
    }
}
