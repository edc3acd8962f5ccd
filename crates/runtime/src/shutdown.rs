//! Two steps down: first *stop* (take no new work, let what runs finish), then *kill* (the grace period is over).

use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

/// The shutdown token. Clones share one state.
#[derive(Debug, Clone, Default)]
pub struct Shutdown {
    stop: CancellationToken,
    kill: CancellationToken,
}

impl Shutdown {
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks for an orderly stop.
    pub fn stop(&self) {
        self.stop.cancel();
    }

    /// Ends the grace period.
    pub fn kill(&self) {
        self.stop.cancel();
        self.kill.cancel();
    }

    pub fn is_stopping(&self) -> bool {
        self.stop.is_cancelled()
    }

    pub fn is_killed(&self) -> bool {
        self.kill.is_cancelled()
    }

    pub async fn stopping(&self) {
        self.stop.cancelled().await;
    }

    pub async fn killed(&self) {
        self.kill.cancelled().await;
    }

    /// The same as a future that owns what it waits for.
    pub fn killed_owned(&self) -> WaitForCancellationFutureOwned {
        self.kill.clone().cancelled_owned()
    }
}
