//! Files that the configuration names by their paths: looked at again while the gateway runs, so that a renewed
//! certificate is used without a restart. Their content decides, not their dates: secrets are often mounted by links
//! that change under the same name.

use std::sync::Arc;
use std::time::Duration;

use config::{Live, Snapshot};
use runtime::Shutdown;
use server::InboundTls;
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

impl Refresh {
    /// Runs until the gateway stops. `hangup` is the operator's way of saying *now*.
    pub(crate) async fn run(self, mut hangup: Signal, shutdown: Shutdown) {
        loop {
            tokio::select! {
                () = tokio::time::sleep(EVERY) => {}
                _ = hangup.recv() => drop(self.live.reload().await),
                () = shutdown.stopping() => return,
            }
            let snapshot = self.live.snapshot.load_full();
            self.inbound.refresh(snapshot.server.tls.as_ref());
            self.egress.refresh(&egress_options(&snapshot));
        }
    }
}

/// What the configuration says about outbound connections.
pub(crate) fn egress_options(snapshot: &Snapshot) -> EgressOptions {
    let config::snapshot::Egress { proxy, no_proxy, ca_file, client } = snapshot.egress.clone();
    EgressOptions { proxy, no_proxy, ca_file, client }
}
