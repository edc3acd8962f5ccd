//! The table of a run: medians over the rounds, absolute and as ratios to nginx.

use std::fmt::Write;

use super::contender::Contender;
use super::measure::{Footprint, Round};

/// A row: what it is called, how it is written, and how it follows from a round and the direct round beside it.
struct Row {
    name: &'static str,
    unit: &'static str,
    decimals: usize,
    value: fn(&Round, Option<&Round>) -> Option<f64>,
}

pub(crate) fn markdown(rounds: &[(Contender, Vec<Round>)]) -> String {
    let mut text = String::from("| what |");
    for (contender, _) in rounds {
        push(&mut text, format_args!(" {} |", contender.name()));
    }
    let compared: Vec<&Contender> = rounds
        .iter()
        .map(|(contender, _)| contender)
        .filter(|contender| matches!(contender, Contender::Gatewright { .. }))
        .collect();
    for contender in &compared {
        push(&mut text, format_args!(" {} ÷ nginx |", contender.name()));
    }
    push(&mut text, format_args!("\n|---|{}", "--:|".repeat(rounds.len() + compared.len())));
    for row in ROWS {
        push(&mut text, format_args!("\n| {}, {} |", row.name, row.unit));
        for (contender, _) in rounds {
            push(&mut text, format_args!(" {} |", shown(median(rounds, contender, row), row.decimals)));
        }
        let nginx = rounds.iter().find(|(contender, _)| matches!(contender, Contender::Nginx { .. }));
        let base = nginx.and_then(|(contender, _)| median(rounds, contender, row));
        for contender in &compared {
            let ratio = median(rounds, contender, row).zip(base).filter(|(_, base)| *base > 0.0);
            push(&mut text, format_args!(" {} |", shown(ratio.map(|(value, base)| value / base), 2)));
        }
    }
    text.push('\n');
    text
}

/// What a reader must know before believing the table.
pub(crate) fn notes(rounds: &[(Contender, Vec<Round>)]) -> Vec<String> {
    let mut notes = Vec::new();
    for (contender, rounds) in rounds.iter().filter(|(contender, _)| !matches!(contender, Contender::Direct))
    {
        let limited = rounds.iter().filter(|round| {
            let server_busy = round.closed.cpu_seconds / round.closed.seconds.max(f64::MIN_POSITIVE);
            round.closed.rig_busy > 0.97 && server_busy < 0.97
        });
        let count = limited.count();
        if count > 0 {
            notes.push(format!(
                "{}: in {count} of {} rounds the mock and the load generator were the limit of the closed loop, so its \
                 requests/s is a lower bound",
                contender.name(),
                rounds.len()
            ));
        }
        let reconnects: u64 =
            rounds.iter().map(|round| round.closed.reconnects + round.open.reconnects).sum();
        if reconnects > 0 {
            notes.push(format!("{}: closed {reconnects} kept-alive connections", contender.name()));
        }
    }
    notes
}

fn median(rounds: &[(Contender, Vec<Round>)], contender: &Contender, row: &Row) -> Option<f64> {
    let direct =
        rounds.iter().find(|(contender, _)| matches!(contender, Contender::Direct)).map(|(_, rounds)| rounds);
    let (_, own) = rounds.iter().find(|(other, _)| other.name() == contender.name())?;
    let pairs = own
        .iter()
        .enumerate()
        .map(|(at, round)| (row.value)(round, direct.and_then(|direct| direct.get(at))));
    let mut values: Vec<f64> = pairs.collect::<Option<_>>()?;
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 {
        values.get(middle).copied()
    } else {
        Some((values.get(middle - 1)? + values.get(middle)?) / 2.0)
    }
}

fn shown(value: Option<f64>, decimals: usize) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{value:.decimals$}"))
}

fn push(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _infallible = text.write_fmt(arguments);
}

/// CPU microseconds per unit of work; none for the direct way.
fn cpu_each(cpu_seconds: f64, count: u64, round: &Round) -> Option<f64> {
    round.process.as_ref().filter(|_| count > 0).map(|_| cpu_seconds * 1e6 / count as f64)
}

fn footprint(round: &Round, value: fn(&Footprint) -> f64) -> Option<f64> {
    round.process.as_ref().map(value)
}

/// What is added to the direct way; none for the direct way itself.
fn added(round: &Round, direct: Option<&Round>, value: fn(&Round) -> f64) -> Option<f64> {
    round.process.as_ref()?;
    Some(value(round) - value(direct?))
}

const ROWS: &[Row] = &[
    Row {
        name: "CPU per 1,000 requests (64 connections)",
        unit: "ms",
        decimals: 2,
        value: |round, _| cpu_each(round.closed.cpu_seconds, round.closed.requests, round),
    },
    Row {
        name: "CPU per 1,000 requests at 2,000/s",
        unit: "ms",
        decimals: 2,
        value: |round, _| cpu_each(round.open.cpu_seconds, round.open.requests, round),
    },
    Row {
        name: "requests at 64 connections",
        unit: "1/s",
        decimals: 0,
        value: |round, _| Some(round.closed.requests_per_second),
    },
    Row {
        name: "latency p50 at 2,000/s",
        unit: "µs",
        decimals: 0,
        value: |round, _| Some(round.open.latency.p50),
    },
    Row {
        name: "latency p99 at 2,000/s",
        unit: "µs",
        decimals: 0,
        value: |round, _| Some(round.open.latency.p99),
    },
    Row {
        name: "added p50 at 2,000/s",
        unit: "µs",
        decimals: 0,
        value: |round, direct| added(round, direct, |round| round.open.latency.p50),
    },
    Row {
        name: "added p99 at 2,000/s",
        unit: "µs",
        decimals: 0,
        value: |round, direct| added(round, direct, |round| round.open.latency.p99),
    },
    Row {
        name: "first byte of 200 streams, p50",
        unit: "µs",
        decimals: 0,
        value: |round, _| Some(round.streams.latency.p50),
    },
    Row {
        name: "added to the first byte, p50",
        unit: "µs",
        decimals: 0,
        value: |round, direct| added(round, direct, |round| round.streams.latency.p50),
    },
    Row {
        name: "CPU per 1,000 events",
        unit: "ms",
        decimals: 2,
        value: |round, _| cpu_each(round.streams.cpu_seconds, round.streams.events, round),
    },
    Row {
        name: "CPU per 1,000 requests with 200 KB prompts",
        unit: "ms",
        decimals: 1,
        value: |round, _| cpu_each(round.large.cpu_seconds, round.large.requests, round),
    },
    Row {
        name: "memory idle",
        unit: "MiB",
        decimals: 1,
        value: |round, _| footprint(round, |process| process.idle_bytes as f64 / MEBIBYTE),
    },
    Row {
        name: "memory loaded (highest)",
        unit: "MiB",
        decimals: 1,
        value: |round, _| footprint(round, |process| process.loaded_bytes as f64 / MEBIBYTE),
    },
    Row {
        name: "exec to first 200",
        unit: "ms",
        decimals: 1,
        value: |round, _| footprint(round, |process| process.first_answer_ms),
    },
    Row {
        name: "binary",
        unit: "MB",
        decimals: 1,
        value: |round, _| round.process.as_ref()?.binary_bytes.map(|bytes| bytes as f64 / 1e6),
    },
];

const MEBIBYTE: f64 = 1_048_576.0;
