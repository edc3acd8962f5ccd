//! Lets the metrics show what other parts of the gateway know.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use config::{Live, Status};
use server::Shared;
use telemetry::{Metrics, Watched};

/// Tells `metrics` whom to ask. What is asked is not kept alive by it.
pub(crate) fn watch(metrics: &Metrics, shared: &Arc<Shared>, live: &Arc<Live>) {
    let calls = Arc::downgrade(shared);
    let in_flight = move || calls.upgrade().map_or(0, |shared| number(shared.calls.load(Ordering::Relaxed)));
    metrics.watch(Watched::CallsInFlight, in_flight);

    let of_status = |read: fn(&Status) -> u64| {
        let live = Arc::downgrade(live);
        move || live.upgrade().map_or(0, |live| read(&live.status()))
    };
    let revision = of_status(|status| u64::try_from(status.revision).unwrap_or(0));
    metrics.watch(Watched::ConfigRevision, revision);
    metrics.watch(Watched::ConfigReloads, of_status(|status| status.reloads));
    metrics.watch(Watched::ConfigReloadsFailed, of_status(|status| status.reload_failures));
    metrics.watch(Watched::ConfigQuarantined, of_status(|status| number(status.quarantined.len())));
}

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
