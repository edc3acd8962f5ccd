//! One round of one contender: start, first answer, idle memory, closed loop, open loop, streams, a large prompt, and
//! memory again.

use std::net::SocketAddr;

use anyhow::{Context, bail};
use serde::Serialize;

use super::contender::{Contender, Started};
use super::process::{Rig, first_answer};
use crate::clock;
use crate::load::Report;
use crate::machine;

/// What every round measures.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) rounds: usize,
    pub(crate) seconds: f64,
    pub(crate) waves: usize,
    pub(crate) rig: Rig,
    pub(crate) server_core: usize,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct Round {
    pub(crate) closed: Report,
    pub(crate) open: Report,
    pub(crate) streams: Report,
    pub(crate) large: Report,
    /// Absent for the direct way, which has no process.
    pub(crate) process: Option<Footprint>,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct Footprint {
    /// From the start of the process to the first 200 through it.
    pub(crate) first_answer_ms: f64,
    pub(crate) idle_bytes: u64,
    /// The highest during the round.
    pub(crate) loaded_bytes: u64,
    pub(crate) binary_bytes: Option<u64>,
}

pub(crate) fn round(contender: &Contender, plan: &Plan) -> anyhow::Result<Round> {
    let (_mock, mock) = plan.rig.start_mock()?;
    let begins = clock::now();
    let mut started = contender.start(mock, plan.server_core)?;
    let measured = measure(contender, plan, &mut started, begins);
    measured
        .with_context(|| format!("measuring {} failed; its log:\n{}", contender.name(), tail(&started.log())))
}

fn measure(contender: &Contender, plan: &Plan, started: &mut Started, begins: u64) -> anyhow::Result<Round> {
    let (whole, streams) = (started.whole, started.streams);
    let mut footprint = None;
    if let Some(process) = &mut started.process {
        let answered = first_answer(process, whole, &probe(whole))?;
        footprint = Some(Footprint {
            first_answer_ms: (answered - begins) as f64 / 1e6,
            idle_bytes: machine::memory(process.id()).0,
            loaded_bytes: 0,
            binary_bytes: contender.binary_bytes(),
        });
    }
    let watch = started.process.as_ref().map(super::Process::id);
    let seconds = plan.seconds.to_string();
    let load = |target, arguments: &[&str]| checked(plan.rig.load(target, watch, arguments)?, arguments);
    let closed = load(whole, &["closed", "--connections", "64", "--seconds", &seconds])?;
    let open = load(whole, &["open", "--rate", "2000", "--connections", "64", "--seconds", &seconds])?;
    let waves = plan.waves.to_string();
    let streamed = load(streams, &["streams", "--streams", "200", "--waves", &waves, "--events", "100"])?;
    let half = (plan.seconds / 2.0).to_string();
    let large =
        load(whole, &["closed", "--connections", "16", "--prompt-bytes", "200000", "--seconds", &half])?;
    if let (Some(footprint), Some(process)) = (&mut footprint, watch) {
        footprint.loaded_bytes = machine::memory(process).1;
    }
    Ok(Round { closed, open, streams: streamed, large, process: footprint })
}

/// A measurement with failed requests measures failing, so it does not count.
fn checked(report: Report, arguments: &[&str]) -> anyhow::Result<Report> {
    if report.errors > 0 || report.requests == 0 {
        bail!("`{}` had {} errors in {} requests", arguments.join(" "), report.errors, report.requests);
    }
    Ok(report)
}

fn probe(target: SocketAddr) -> Vec<u8> {
    let body = r#"{"model":"bench","messages":[{"role":"user","content":"hello"}]}"#;
    let head = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: {target}\r\nauthorization: Bearer bench-key-0123456789abcdef\r\n\
         content-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    [head.as_str(), body].concat().into_bytes()
}

fn tail(log: &str) -> String {
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}
