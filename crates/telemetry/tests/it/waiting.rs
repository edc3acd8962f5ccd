//! Waiting for what the recorder does by itself, and what came of it.

use std::time::{Duration, Instant};

use domain::Scope;
use store::{UsageBy, UsageQuery, Within};
use telemetry::{Health, Recorder};

pub(crate) fn run<T>(test: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test)
}

/// How many attempts the ledger knows.
pub(crate) async fn attempts(recorder: &Recorder) -> u64 {
    let query = UsageQuery { by: UsageBy::Endpoint, since_ms: None, until_ms: None };
    recorder.ledger().usage(Within::project(Scope::DEFAULT), query).await.unwrap().total.attempts
}

/// The recorder's health, once it is so.
pub(crate) fn until(recorder: &Recorder, is_so: impl Fn(&Health) -> bool) -> Health {
    let began = Instant::now();
    loop {
        let health = recorder.health();
        if is_so(&health) {
            return health;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "{health:?}");
        std::thread::yield_now();
    }
}
