//! Files that the configuration names by their paths: looked at again while the gateway runs, so that a renewed
//! certificate is used without a restart. Their content decides, not their dates: secrets are often mounted by links
//! that change under the same name.

use std::sync::Arc;
use std::time::{Duration, Instant};

use config::{Live, Snapshot};
use runtime::{Clock, Shutdown};
use server::{CertificateStatus, InboundTls};
use tokio::signal::unix::Signal;
use upstream::{Egress, EgressOptions};

/// What is kept up to date.
#[derive(Debug)]
pub(crate) struct Refresh {
    pub(crate) live: Arc<Live>,
    pub(crate) inbound: Arc<InboundTls>,
    pub(crate) egress: Arc<Egress>,
}

/// A few small files are read this often; a person who has just renewed a certificate looks right away.
const EVERY: Duration = Duration::from_secs(1);

/// A certificate that ends soon is spoken of this often, from this long before its end.
const REMIND_EVERY: Duration = Duration::from_secs(24 * 3_600);
const SOON_DAYS: i64 = 30;

impl Refresh {
    /// Runs until the gateway stops. `hangup` is the operator's way of saying *now*.
    pub(crate) async fn run(self, mut hangup: Signal, shutdown: Shutdown) {
        let mut reminded: Option<Instant> = None;
        loop {
            tokio::select! {
                () = tokio::time::sleep(EVERY) => {}
                _ = hangup.recv() => drop(self.live.reload().await),
                () = shutdown.stopping() => return,
            }
            let snapshot = self.live.snapshot.load_full();
            self.inbound.refresh(snapshot.server.tls.as_ref());
            self.egress.refresh(&egress_options(&snapshot));
            if reminded.is_none_or(|last| last.elapsed() >= REMIND_EVERY) && self.remind() {
                reminded = Some(Instant::now());
            }
        }
    }

    /// Says that the certificate in use ends soon. True where there was something to say.
    fn remind(&self) -> bool {
        let Some(CertificateStatus { path, expires_at_ms, .. }) = self.inbound.status() else {
            return false;
        };
        let days = days_until(expires_at_ms, Clock.now().unix_ms());
        if days <= SOON_DAYS {
            let cert = path.display().to_string();
            tracing::warn!(
                cert,
                days,
                "the certificate that clients are shown ends soon or has ended; renew it"
            );
        }
        days <= SOON_DAYS
    }
}

/// Whole days; below zero when the moment is past.
fn days_until(moment_ms: i64, now_ms: i64) -> i64 {
    moment_ms.saturating_sub(now_ms).div_euclid(24 * 3_600 * 1_000)
}

/// What the configuration says about outbound connections.
pub(crate) fn egress_options(snapshot: &Snapshot) -> EgressOptions {
    let config::snapshot::Egress { proxy, no_proxy, ca_file, client } = snapshot.egress.clone();
    EgressOptions { proxy, no_proxy, ca_file, client }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_down_to_the_end_and_past_it() {
        let day = 24 * 3_600 * 1_000;
        assert_eq!(days_until(31 * day, day / 2), 30);
        assert_eq!(days_until(day, day), 0);
        assert_eq!(days_until(day, day + 1), -1);
        assert_eq!(days_until(i64::MAX, -1), i64::MAX / day);
    }
}
