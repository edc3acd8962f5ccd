//! A usage record as a row, and the statements that insert rows.

use std::collections::HashSet;

use super::dimensions::Dimensions;
use super::retries::CallBytes;
use crate::UsageFrame;
use crate::codec::Buckets;
use crate::sqlite::insert::{Insert, Row};
use sqlx::sqlite::SqliteConnection;

/// A count beyond this is a provider's mistake. Cut here, so that sums of millions of rows stay below 64 bits.
const MAX_TOKENS: u64 = 1 << 40;

const MS_PER_HOUR: i64 = 3_600_000;

/// A usage record in the types of the file.
#[derive(Debug)]
pub(super) struct UsageRow {
    pub(super) attempt: [u8; 16],
    pub(super) call: CallBytes,
    trace: Option<[u8; 16]>,
    settled_at_ms: i64,
    duration_ms: i64,
    pub(super) dimensions: Dimensions,
    pub(super) first: bool,
    pub(super) usage: [i64; 8],
    pub(super) cost: Option<i64>,
}

impl UsageRow {
    pub(super) fn new(frame: &UsageFrame<'_>, dimensions: Dimensions, first: bool) -> Self {
        let numbers = &frame.numbers;
        Self {
            attempt: numbers.attempt,
            call: numbers.call,
            trace: (numbers.trace != numbers.call).then_some(numbers.trace),
            settled_at_ms: numbers.settled_at_ms,
            duration_ms: i64::try_from(numbers.duration_ms).unwrap_or(i64::MAX),
            dimensions,
            first,
            usage: clamp(numbers.usage),
            cost: numbers.cost.map(saturate),
        }
    }

    pub(super) fn hour(&self) -> i64 {
        self.settled_at_ms.div_euclid(MS_PER_HOUR)
    }

    /// Has a value in a column that is nearly always the same.
    fn is_rare(&self) -> bool {
        let [_, _, _, cache_write_1h, audio_input, _, _, audio_output] = self.usage;
        !self.first || self.trace.is_some() || cache_write_1h != 0 || audio_input != 0 || audio_output != 0
    }
}

fn clamp(usage: Buckets) -> [i64; 8] {
    usage.map(|tokens| i64::try_from(tokens.min(MAX_TOKENS)).unwrap_or(i64::MAX))
}

/// Nine million dollars for one attempt: the total is then visibly wrong rather than wrapped.
fn saturate(cost: i128) -> i64 {
    i64::try_from(cost).unwrap_or_else(|_| {
        tracing::error!(cost, "the cost of an attempt does not fit its column and was cut");
        if cost < 0 { i64::MIN } else { i64::MAX }
    })
}

/// Two statements: columns that are nearly always the same are written into the first, because binding a value
/// costs more than storing it.
#[derive(Debug)]
pub(super) struct InsertUsage {
    usual: Insert,
    rare: Insert,
}

impl InsertUsage {
    pub(super) fn new() -> Self {
        let into = "INSERT OR IGNORE INTO usage_records (
            attempt, call, settled_at_ms, duration_ms, organization, team, project, caller, label,
            input, cache_read, cache_write, output, reasoning, cost,
            first, trace, cache_write_1h, audio_input, audio_output)";
        let usual = "(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,1,NULL,0,0,0)";
        let rare = "(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)";
        Self { usual: Insert::new(into, usual, ""), rare: Insert::new(into, rare, "") }
    }

    /// Returns how many were not there before.
    pub(super) async fn run(
        &self,
        connection: &mut SqliteConnection,
        rows: &[UsageRow],
    ) -> Result<u64, sqlx::Error> {
        let (rare, usual): (Vec<_>, Vec<_>) = rows.iter().partition(|row| row.is_rare());
        let usual = self.usual.run(connection, &usual, |row, into| bind_usual(row, into)).await?;
        let rare = self.rare.run(connection, &rare, |row, into| {
            let [_, _, _, cache_write_1h, audio_input, _, _, audio_output] = row.usage;
            bind_usual(row, into);
            into.value(row.first).value(row.trace.map(Vec::from));
            into.value(cache_write_1h).value(audio_input).value(audio_output);
        });
        Ok(usual + rare.await?)
    }
}

fn bind_usual(row: &UsageRow, into: &mut Row<'_>) {
    let Dimensions { organization, team, project, caller, label } = row.dimensions;
    let [input, cache_read, cache_write, _, _, output, reasoning, _] = row.usage;
    into.value(row.attempt.as_slice()).value(row.call.as_slice());
    into.value(row.settled_at_ms).value(row.duration_ms);
    into.value(organization).value(team).value(project).value(caller).value(label);
    into.value(input).value(cache_read).value(cache_write).value(output).value(reasoning);
    into.value(row.cost);
}

/// Which of `attempts` are there already.
pub(super) async fn known_attempts(
    connection: &mut SqliteConnection,
    attempts: impl Iterator<Item = [u8; 16]>,
) -> Result<HashSet<[u8; 16]>, sqlx::Error> {
    let mut known = HashSet::new();
    for attempt in attempts {
        let found: Option<i64> = sqlx::query_scalar("SELECT 1 FROM usage_records WHERE attempt = ?")
            .bind(attempt.to_vec())
            .fetch_optional(&mut *connection)
            .await?;
        if found.is_some() {
            known.insert(attempt);
        }
    }
    Ok(known)
}
