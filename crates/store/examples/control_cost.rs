//! Prints what it takes to load all configured objects, as a start does: time and memory for many keys. `--example
//! control_cost -- 100000` says how many; with a directory behind that, they stay there and are only loaded the next time.

use std::io::Write as _;
use std::path::Path;
use std::time::Instant;

use domain::{ObjectId, ObjectKind, Scope};
use store::{Actor, Apply, ControlStore, ControlWrite, Expect, KeyRow, NewObject, Within};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const WRITTEN_AT_ONCE: u128 = 1_000;
const PAGE: usize = 1_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let count = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(100_000);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    match std::env::args().nth(2) {
        Some(dir) => runtime.block_on(measure(count, dir.as_ref())),
        None => runtime.block_on(measure(count, tempfile::tempdir()?.path())),
    }
}

async fn measure(count: u128, dir: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let stores = store::sqlite::open(dir).await?;
    if stores.control.revision().await? == 0 {
        write(&*stores.control, count).await?;
    }
    load(&*stores.control).await?;
    stores.close().await?;
    Ok(())
}

async fn write(store: &dyn ControlStore, count: u128) -> Result<(), Box<dyn std::error::Error>> {
    let start = Instant::now();
    for first in (0..count).step_by(usize::try_from(WRITTEN_AT_ONCE)?) {
        fill(store, first..count.min(first + WRITTEN_AT_ONCE)).await?;
    }
    writeln!(std::io::stdout(), "{count} keys written in {:.2?}", start.elapsed())?;
    Ok(())
}

async fn load(store: &dyn ControlStore) -> Result<(), Box<dyn std::error::Error>> {
    let before = resident_kib()?;
    let (start, cpu) = (Instant::now(), cpu_now_ms());
    let (mut after, mut objects) = (None, Vec::new());
    loop {
        let mut page = store.all(after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some((last.kind, last.id));
        objects.append(&mut page);
    }
    let (took, cpu) = (start.elapsed(), cpu_now_ms() - cpu);
    let bytes: usize = objects
        .iter()
        .map(|object| size_of_val(object) + object.name.capacity() + object.body.capacity() + 16)
        .sum();
    writeln!(
        std::io::stdout(),
        "{} loaded in {took:.2?} with {cpu} ms of CPU time; they take {} KiB, the process grew by {} KiB",
        objects.len(),
        bytes / 1024,
        resident_kib()? - before
    )?;
    Ok(())
}

async fn fill(
    store: &dyn ControlStore,
    numbers: std::ops::Range<u128>,
) -> Result<(), Box<dyn std::error::Error>> {
    let writes: Vec<_> =
        numbers.map(|number| ControlWrite::Put { object: key(number), expect: Expect::Absent }).collect();
    let actor = Actor { name: "measurement".to_owned(), address: None };
    let within = Within::organization(Scope::DEFAULT.organization);
    store.apply(Apply { within, actor: &actor, writes: &writes, idempotency: None }).await?;
    Ok(())
}

fn key(number: u128) -> NewObject {
    // Odd multiples spread over all of the range, as random ids do.
    let id = number.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835) | 1;
    let mut hash = [0; 32];
    hash[..16].copy_from_slice(&id.to_be_bytes());
    hash[16..].copy_from_slice(&number.to_be_bytes());
    NewObject {
        kind: ObjectKind::Key,
        id: ObjectId(id),
        name: format!("application-{number}"),
        scope: Scope::DEFAULT,
        body: format!(
            r#"{{"endpoints":["chat","embeddings"],"tags":["team-a","batch"],"metadata":{{"owner":"{number}"}}}}"#
        ),
        secrets: Vec::new(),
        keep_secrets: Vec::new(),
        references: Vec::new(),
        key: Some(KeyRow { hash, prefix: *b"gw_0", length: 68, revoked_at_ms: None }),
    }
}

fn cpu_now_ms() -> i64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    now.tv_sec * 1_000 + now.tv_nsec / 1_000_000
}

/// The most memory that this process ever had.
fn resident_kib() -> Result<usize, Box<dyn std::error::Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no `VmHWM`")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}
