//! Prints how long a rotation of the vault key takes while others write and read, and how long they wait at most.
//! `--example rotate_cost -- 10000` says how many secrets are stored.

use std::io::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use domain::{ObjectId, ObjectKind, Scope, Secret};
use store::{Actor, Apply, ControlStore, ControlWrite, Expect, NewObject, Within};
use vault::{DataDir, Vault};

const WRITTEN_AT_ONCE: u128 = 500;
type Failed = Box<dyn std::error::Error>;

fn main() -> Result<(), Failed> {
    let count = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(10_000);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(measure(count))
}

async fn measure(count: u128) -> Result<(), Failed> {
    let dir = tempfile::tempdir()?;
    let stores = store::sqlite::open(dir.path()).await?;
    let vault = Vault::open(&mut DataDir::open(dir.path())?, None)?;
    for first in (0..count).step_by(usize::try_from(WRITTEN_AT_ONCE)?) {
        put(&vault, &*stores.control, first..count.min(first + WRITTEN_AT_ONCE)).await?;
    }
    let over = AtomicBool::new(false);
    let rotation = async {
        let start = Instant::now();
        let actor = Actor { name: "measurement".to_owned(), address: None };
        let rotated = vault::rotate(&vault, &*stores.control, &actor).await;
        over.store(true, Ordering::Relaxed);
        (rotated, start.elapsed())
    };
    let (rotation, writes, reads) = tokio::join!(
        rotation,
        others(&over, async |round| put(&vault, &*stores.control, count + round..count + round + 1).await),
        others(&over, async |_| {
            for object in stores.control.all(None, 100).await? {
                for field in &object.secrets {
                    vault.open_field(object.id, field)?;
                }
            }
            Ok(())
        }),
    );
    let (rotated, took) = rotation;
    let mut out = std::io::stdout();
    writeln!(out, "{} secrets sealed again in {took:.2?}", rotated?.resealed)?;
    for (what, (rounds, slowest)) in [("writes", writes?), ("reads of 100", reads?)] {
        writeln!(out, "meanwhile {rounds} {what}, the slowest in {slowest:.2?}, no error")?;
    }
    Ok(())
}

/// Repeats `work` until the rotation is over. Returns how often, and what the slowest took.
async fn others(
    over: &AtomicBool,
    work: impl AsyncFn(u128) -> Result<(), Failed>,
) -> Result<(u128, Duration), Failed> {
    let (mut round, mut slowest) = (0, Duration::ZERO);
    while !over.load(Ordering::Relaxed) {
        let start = Instant::now();
        work(round).await?;
        slowest = slowest.max(start.elapsed());
        round += 1;
    }
    Ok((round, slowest))
}

async fn put(vault: &Vault, store: &dyn ControlStore, ids: std::ops::Range<u128>) -> Result<(), Failed> {
    let mut writes = Vec::new();
    for id in ids.map(ObjectId) {
        let secret = Secret::new(format!("sk-{:040}", id.0));
        let object = NewObject {
            kind: ObjectKind::Credential,
            id,
            name: format!("credential-{}", id.0),
            scope: Scope::DEFAULT,
            body: r#"{"provider":"openai"}"#.to_owned(),
            secrets: vec![vault.seal_field(id, "api_key", &secret)?],
            keep_secrets: Vec::new(),
            references: Vec::new(),
            key: None,
        };
        writes.push(ControlWrite::Put { object, expect: Expect::Absent });
    }
    let actor = Actor { name: "measurement".to_owned(), address: None };
    let within = Within::organization(Scope::DEFAULT.organization);
    store.apply(Apply { within, actor: &actor, writes: &writes, idempotency: None }).await?;
    Ok(())
}
