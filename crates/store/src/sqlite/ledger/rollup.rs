//! The sums of every hour, and between which attempts its records lie.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use sqlx::sqlite::SqliteConnection;

use super::dimensions::Dimensions;
use super::rows::UsageRow;
use crate::sqlite::insert::Insert;

/// What a batch adds to the sums.
#[derive(Debug, Default)]
pub(super) struct Rollup {
    hours: HashMap<(i64, Dimensions), Sums>,
    spans: HashMap<i64, Span>,
}

#[derive(Debug, Default)]
struct Sums {
    calls: i64,
    attempts: i64,
    usage: [i64; 8],
    cost: i128,
    unknown_cost: i64,
}

#[derive(Debug)]
struct Span {
    first: [u8; 16],
    last: [u8; 16],
}

/// One half of a cost sum fits its column as long as a batch costs less than nine billion billion dollars.
const PICO_PER_MICRO: i128 = 1_000_000;

impl Rollup {
    pub(super) fn of(rows: &[UsageRow]) -> Self {
        let mut rollup = Self::default();
        for row in rows {
            rollup.add(row);
        }
        rollup
    }

    fn add(&mut self, row: &UsageRow) {
        let hour = row.hour();
        let sums = self.hours.entry((hour, row.dimensions)).or_default();
        sums.calls += i64::from(row.first);
        sums.attempts += 1;
        for (sum, tokens) in sums.usage.iter_mut().zip(row.usage) {
            *sum = sum.saturating_add(tokens);
        }
        match row.cost {
            Some(cost) => sums.cost = sums.cost.saturating_add(i128::from(cost)),
            None => sums.unknown_cost += 1,
        }
        match self.spans.entry(hour) {
            Entry::Vacant(entry) => {
                entry.insert(Span { first: row.attempt, last: row.attempt });
            }
            Entry::Occupied(mut entry) => {
                let span = entry.get_mut();
                span.first = span.first.min(row.attempt);
                span.last = span.last.max(row.attempt);
            }
        }
    }
}

#[derive(Debug)]
pub(super) struct InsertRollup {
    hours: Insert,
    spans: Insert,
}

impl InsertRollup {
    pub(super) fn new() -> Self {
        let hours = Insert::new(
            "INSERT INTO usage_hours (hour, organization, team, project, caller, label, calls, attempts,
                input, cache_read, cache_write, cache_write_1h, audio_input, output, reasoning, audio_output,
                cost_micro, cost_pico, unknown_cost)",
            "(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
            "ON CONFLICT DO UPDATE SET
                calls = calls + excluded.calls,
                attempts = attempts + excluded.attempts,
                input = input + excluded.input,
                cache_read = cache_read + excluded.cache_read,
                cache_write = cache_write + excluded.cache_write,
                cache_write_1h = cache_write_1h + excluded.cache_write_1h,
                audio_input = audio_input + excluded.audio_input,
                output = output + excluded.output,
                reasoning = reasoning + excluded.reasoning,
                audio_output = audio_output + excluded.audio_output,
                cost_micro = cost_micro + excluded.cost_micro,
                cost_pico = cost_pico + excluded.cost_pico,
                unknown_cost = unknown_cost + excluded.unknown_cost",
        );
        let spans = Insert::new(
            "INSERT INTO usage_spans (hour, first_attempt, last_attempt)",
            "(?,?,?)",
            "ON CONFLICT DO UPDATE SET
                first_attempt = MIN(first_attempt, excluded.first_attempt),
                last_attempt = MAX(last_attempt, excluded.last_attempt)",
        );
        Self { hours, spans }
    }

    pub(super) async fn run(
        &self,
        connection: &mut SqliteConnection,
        rollup: &Rollup,
    ) -> Result<(), sqlx::Error> {
        let hours: Vec<_> = rollup.hours.iter().collect();
        self.hours
            .run(connection, &hours, |((hour, dimensions), sums), into| {
                let Dimensions { organization, team, project, caller, label } = *dimensions;
                into.value(*hour).value(organization).value(team).value(project).value(caller).value(label);
                into.value(sums.calls).value(sums.attempts);
                for tokens in sums.usage {
                    into.value(tokens);
                }
                into.value(column(sums.cost / PICO_PER_MICRO)).value(column(sums.cost % PICO_PER_MICRO));
                into.value(sums.unknown_cost);
            })
            .await?;
        let spans: Vec<_> = rollup.spans.iter().collect();
        self.spans
            .run(connection, &spans, |(hour, span), into| {
                into.value(**hour).value(span.first.as_slice()).value(span.last.as_slice());
            })
            .await
            .map(drop)
    }
}

fn column(half: i128) -> i64 {
    i64::try_from(half).unwrap_or(if half < 0 { i64::MIN } else { i64::MAX })
}
