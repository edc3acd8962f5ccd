//! Three steps down: *stop* (traffic should go elsewhere, what comes all the same is served), *close* (no new
//! connections, let what runs finish), *kill* (the grace period is over).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

/// The shutdown token. Clones share one state.
#[derive(Debug, Clone, Default)]
pub struct Shutdown {
    stop: Step,
    close: Step,
    kill: Step,
}

/// One step. Whether it was taken is asked for every call, on every executor, so that must not take a lock.
#[derive(Debug, Clone, Default)]
struct Step {
    taken: Arc<AtomicBool>,
    token: CancellationToken,
}

impl Step {
    fn take(&self) {
        self.taken.store(true, Ordering::Release);
        self.token.cancel();
    }

    fn is_taken(&self) -> bool {
        self.taken.load(Ordering::Acquire)
    }
}

impl Shutdown {
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks for an orderly stop.
    pub fn stop(&self) {
        self.stop.take();
    }

    /// Ends the time in which new connections are still taken.
    pub fn close(&self) {
        self.stop.take();
        self.close.take();
    }

    /// Ends the grace period.
    pub fn kill(&self) {
        self.close();
        self.kill.take();
    }

    pub fn is_stopping(&self) -> bool {
        self.stop.is_taken()
    }

    pub fn is_killed(&self) -> bool {
        self.kill.is_taken()
    }

    pub async fn stopping(&self) {
        self.stop.token.cancelled().await;
    }

    pub async fn closing(&self) {
        self.close.token.cancelled().await;
    }

    pub async fn killed(&self) {
        self.kill.token.cancelled().await;
    }

    /// The same as a future that owns what it waits for.
    pub fn killed_owned(&self) -> WaitForCancellationFutureOwned {
        self.kill.token.clone().cancelled_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_later_step_takes_the_earlier_ones() {
        let shutdown = Shutdown::new();
        let clone = shutdown.clone();
        assert!(!clone.is_stopping());
        shutdown.stop();
        clone.stopping().await;
        assert!(clone.is_stopping() && !clone.is_killed());
        shutdown.kill();
        clone.closing().await;
        clone.killed().await;
        assert!(clone.is_killed());
    }
}
