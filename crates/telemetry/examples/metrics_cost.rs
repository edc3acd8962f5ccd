//! Prints what counting a call costs in CPU time. Run it in release.

use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use domain::{
    Api, AttemptId, AttemptRecord, CallId, CallRecord, Caller, CallerKind, Capture, CaptureMode, CostSource,
    Dialect, EndReason, EndpointId, Outcome, PicoUsd, RelayMode, Scope, SpanId, TargetId, TraceId, Usage,
    UsageSource,
};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const CALLS: u32 = 2_000_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let dir = tempfile::tempdir()?;
    let recorder = telemetry::Recorder::start(dir.path(), telemetry::Options::default())?;
    let mut executor = recorder.executor(0);
    let records: Vec<CallRecord> = (0..64).map(record).collect();
    let began = cpu_now();
    for record in records.iter().cycle().take(CALLS as usize) {
        executor.record_call(record);
    }
    let each = (cpu_now() - began) / CALLS;
    let began = cpu_now();
    let text = recorder.metrics().render();
    let scrape = cpu_now() - began;
    let mut out = std::io::stdout();
    writeln!(out, "counting a call with one attempt: {each:?}")?;
    writeln!(out, "a scrape of {} lines: {scrape:?}", text.lines().count())?;
    Ok(())
}

fn cpu_now() -> Duration {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(now.tv_sec.try_into().unwrap_or(0), now.tv_nsec.try_into().unwrap_or(0))
}

/// Keeps no trace, so that nothing but counting is measured.
fn record(n: u64) -> CallRecord {
    let usage = Usage { input: 1_200, output: 340, ..Usage::default() };
    CallRecord {
        call: CallId(u128::from(n)),
        trace: TraceId(1),
        parent_span: None,
        root_span: SpanId(1),
        started_at_us: 0,
        duration_us: 812_345 + n * 1_000,
        first_token_us: Some(301_222),
        caller: Caller {
            kind: CallerKind::Anonymous,
            name: Arc::from("ci"),
            scope: Scope::DEFAULT,
            labels: None,
        },
        client: None,
        requested_model: Arc::from("prod-chat"),
        endpoint: Some(EndpointId(1)),
        endpoint_name: Some(Arc::from(format!("endpoint-{}", n % 16))),
        dialect: Dialect::OpenaiChat,
        api: Api::Chat,
        streamed: false,
        status: 200,
        outcome: Outcome::Succeeded,
        error_message: None,
        notes: Vec::new(),
        session: None,
        user: None,
        usage,
        cost: Some(PicoUsd(4_900_000_000)),
        attempts: vec![AttemptRecord {
            attempt: AttemptId(u128::from(n)),
            span: SpanId(2),
            target: TargetId(1),
            provider: Arc::from("openai"),
            model: Arc::from("gpt-5"),
            credential_name: Arc::from("openai-main"),
            dialect: Dialect::OpenaiChat,
            relay: RelayMode::Raw,
            offset_us: 40,
            duration_us: 812_000,
            first_byte_us: Some(300_000),
            status: Some(200),
            end: EndReason::Complete,
            outcome: Outcome::Succeeded,
            error_message: None,
            provider_request_id: None,
            usage,
            usage_source: UsageSource::Reported,
            cost: Some(PicoUsd(4_900_000_000)),
            cost_source: CostSource::Catalogue,
        }],
        capture: CaptureMode::None,
        request: Capture::default(),
        reply: Capture::default(),
    }
}
