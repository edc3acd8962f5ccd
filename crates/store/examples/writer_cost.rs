//! Prints what writing behind the reply costs, in CPU time of all threads per record: the executor's side and the
//! writer's side of both lanes. Run it in release; `--example writer_cost -- 400000 2000` for more records, in
//! batches of 2,000.

use std::io::Write as _;
use std::sync::Arc;

use domain::{
    Api, AttemptId, AttemptRecord, CallId, CallRecord, Caller, CallerKind, Capture, CaptureMode, CostSource,
    CredentialId, Dialect, EndReason, EndpointId, KeyId, Outcome, PicoUsd, RelayMode, Scope, SpanId,
    TargetId, TraceId, Usage, UsageRecord, UsageSource,
};
use store::Frames;
use store::journal::{Journal, JournalOptions};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const BODY: usize = 1_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let number = |at, default| std::env::args().nth(at).and_then(|text| text.parse().ok()).unwrap_or(default);
    // The second number is records per transaction: what a gateway collects between two rounds of the writer.
    let (count, batch) = (number(1, 200_000), number(2, 1_000));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let word = |given: &str| std::env::args().skip(3).any(|word| word == given);
    // With `foreign`, calls continue traces of the application's instead of beginning their own; with `write`, the
    // journal is not mapped.
    let options = JournalOptions { mapped: !word("write"), ..JournalOptions::default() };
    runtime.block_on(measure(count, batch, word("foreign"), options))
}

async fn measure(
    count: usize,
    batch_size: usize,
    foreign: bool,
    options: JournalOptions,
) -> Result<(), Box<dyn std::error::Error>> {
    let dir = tempfile::tempdir()?;
    let stores = store::sqlite::open(dir.path()).await?;
    let journal = Journal::open_with(&dir.path().join("journal"), options)?;
    let mut writer = journal.writer(0);
    let mut reader = journal.reader(stores.ledger.positions().await?);
    let (mut append, mut apply, mut encode, mut write) = (0.0, 0.0, 0.0, 0.0);
    let start_ms: u128 = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_millis();
    let mut buffers = [Frames::default()];
    let mut done = 0;
    while done < count {
        let ids = (done..done + batch_size).map(|n| uuid(start_ms, n));
        let (mut usage, mut calls): (Vec<_>, Vec<_>) =
            ids.map(|id| (usage_record(id), call_record(id))).unzip();
        for (record, call) in usage.iter_mut().zip(&mut calls).filter(|_| foreign) {
            // Odd multiples spread over all of the range, as random ids do.
            record.trace =
                TraceId(record.trace.0.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835) | 1);
            call.trace = record.trace;
        }
        append += cpu_us(|| usage.iter().try_for_each(|record| writer.append(record)))?;
        encode += cpu_us(|| calls.iter().try_for_each(|call| buffers[0].push(call)))?;

        let before = cpu_now_us();
        loop {
            let batch = reader.read()?;
            if batch.is_empty() {
                break;
            }
            stores.ledger.apply(&batch).await?;
            reader.applied(&batch)?;
        }
        apply += cpu_now_us() - before;

        let before = cpu_now_us();
        stores.traces.append(&buffers).await?;
        write += cpu_now_us() - before;
        buffers[0].clear(usize::MAX);
        done += batch_size;
    }
    let each = |total: f64| total / f64::from(u32::try_from(done).unwrap_or(u32::MAX));
    let mut out = std::io::stdout();
    writeln!(out, "microseconds of CPU per record, {done} records, {BODY} bytes in each direction")?;
    writeln!(out, "  executor: journal append {:.2}, content encode {:.2}", each(append), each(encode))?;
    writeln!(out, "  writer:   ledger {:.2}, content {:.2}", each(apply), each(write))?;
    stores.close().await?;
    Ok(())
}

fn cpu_us<E>(work: impl FnOnce() -> Result<(), E>) -> Result<f64, Box<dyn std::error::Error>>
where
    E: std::error::Error + 'static,
{
    let before = cpu_now_us();
    work()?;
    Ok(cpu_now_us() - before)
}

/// User and system time of all threads.
fn cpu_now_us() -> f64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    let since =
        std::time::Duration::new(now.tv_sec.try_into().unwrap_or(0), now.tv_nsec.try_into().unwrap_or(0));
    since.as_secs_f64() * 1e6
}

fn uuid(start_ms: u128, n: usize) -> u128 {
    let n = n as u128;
    ((start_ms + n / 20) << 80) | (7 << 76) | ((n % 20) << 64) | (0b10 << 62) | n
}

fn usage_record(id: u128) -> UsageRecord {
    UsageRecord {
        attempt: AttemptId(id),
        call: CallId(id),
        trace: TraceId(id),
        settled_at_ms: i64::try_from(id >> 80).unwrap_or(0),
        scope: Scope::DEFAULT,
        key: Some(KeyId(7)),
        caller: Arc::from("ci"),
        labels: None,
        endpoint: EndpointId(1),
        endpoint_name: Arc::from("prod-chat"),
        target: TargetId(2),
        credential: CredentialId(3),
        provider: Arc::from("openai"),
        model: Arc::from("gpt-5-2025-08-07"),
        api: Api::Chat,
        usage: Usage { input: 1_200, output: 340, ..Usage::default() },
        usage_source: UsageSource::Reported,
        cost: Some(PicoUsd(4_900_000_000)),
        cost_source: CostSource::Catalogue,
        price: Some(Arc::from("openai/gpt-5")),
        outcome: Outcome::Succeeded,
        duration_ms: 812,
    }
}

fn call_record(id: u128) -> CallRecord {
    let usage = usage_record(id);
    let body = || Capture { body: vec![b'x'; BODY], size: BODY as u64 };
    CallRecord {
        call: usage.call,
        trace: usage.trace,
        parent_span: None,
        root_span: SpanId(1),
        started_at_us: usage.settled_at_ms * 1_000,
        duration_us: 812_345,
        first_token_us: Some(301_222),
        caller: Caller {
            kind: CallerKind::Key(KeyId(7)),
            name: usage.caller,
            scope: usage.scope,
            labels: None,
        },
        client: None,
        requested_model: Arc::from("prod-chat"),
        endpoint: Some(usage.endpoint),
        endpoint_name: Some(usage.endpoint_name),
        dialect: Dialect::OpenaiChat,
        api: Api::Chat,
        streamed: false,
        status: 200,
        outcome: Outcome::Succeeded,
        error_message: None,
        notes: Vec::new(),
        session: None,
        user: None,
        usage: usage.usage,
        cost: usage.cost,
        attempts: vec![AttemptRecord {
            attempt: usage.attempt,
            span: SpanId(2),
            target: usage.target,
            provider: usage.provider,
            model: usage.model,
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
            provider_request_id: Some("req_0123456789abcdef".to_owned()),
            usage: usage.usage,
            usage_source: usage.usage_source,
            cost: usage.cost,
            cost_source: usage.cost_source,
        }],
        capture: CaptureMode::Full,
        request: body(),
        reply: body(),
    }
}
