//! Keeps the running configuration up to date until the gateway stops.

use std::time::Duration;

use runtime::Shutdown;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

use super::Live;
use super::watch::FileWatch;

/// How often the store is asked for what other processes changed: a key that was revoked elsewhere is refused here
/// within a second.
const POLL: Duration = Duration::from_millis(500);
/// Whoever writes a file writes it in several steps.
const SETTLE: Duration = Duration::from_millis(100);
/// Network file systems tell nobody what others did.
const LOOK: Duration = Duration::from_secs(3);
/// How often the store learns when keys were used.
const TELL_USES: Duration = Duration::from_secs(10);

impl Live {
    /// Follows the store and the file. One task of the composition root runs this.
    pub async fn follow(&self, shutdown: Shutdown) {
        let watch = FileWatch::new(self.origins.path.as_deref());
        let mut poll = interval(POLL);
        poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut looked, mut told) = (Instant::now(), Instant::now());
        let mut store_fails = false;
        loop {
            tokio::select! {
                biased;
                () = shutdown.stopping() => break,
                () = watch.changed() => {
                    sleep(SETTLE).await;
                    self.reload_if_changed().await;
                }
                _ = poll.tick() => {
                    self.catch_up(&mut store_fails).await;
                    if looked.elapsed() >= LOOK {
                        looked = Instant::now();
                        self.reload_if_changed().await;
                    }
                    if told.elapsed() >= TELL_USES {
                        told = Instant::now();
                        self.tell_uses().await;
                    }
                }
            }
        }
        self.tell_uses().await;
    }

    /// Says once that the store cannot be asked, and once that it can be again.
    async fn catch_up(&self, failed: &mut bool) {
        match self.advance().await {
            Ok(_) if *failed => {
                *failed = false;
                tracing::info!("stored objects are up to date again");
            }
            Ok(_) => {}
            Err(error) => {
                if !*failed {
                    tracing::error!(error = error.to_string(), "stored objects cannot be brought up to date");
                }
                *failed = true;
            }
        }
    }

    async fn tell_uses(&self) {
        let used = self.keys.take_used();
        if used.is_empty() {
            return;
        }
        if let Err(error) = self.origins.control.touch_keys(&used).await {
            tracing::warn!(error = error.to_string(), "when keys were last used cannot be written down");
        }
    }
}
