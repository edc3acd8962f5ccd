//! The writer's thread: when to write. What a round does is in `rounds`.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;

use tokio::time::{Instant, sleep_until};

use crate::Options;
use crate::recorder::{Opened, StartError};
use crate::rounds::Rounds;
use crate::shared::Shared;

/// The body of the thread. A runtime of its own keeps the store's waiting away from the executors.
pub(crate) fn run(shared: &Arc<Shared>, data_dir: &Path, opened: &SyncSender<Opened>) {
    let _gone = Gone(shared);
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_time().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let _ = opened.send(Err(StartError::Thread(error)));
            return;
        }
    };
    runtime.block_on(async {
        let (stores, journal) = match open(data_dir, &shared.options).await {
            Ok(parts) => parts,
            Err(error) => {
                let _ = opened.send(Err(error));
                return;
            }
        };
        let positions = match stores.ledger.positions().await {
            Ok(positions) => positions,
            Err(error) => {
                let _ = opened.send(Err(error.into()));
                return;
            }
        };
        let reader = journal.reader(positions);
        if opened.send(Ok((stores.clone(), Arc::clone(&journal)))).is_err() {
            return;
        }
        Rounds::new(Arc::clone(shared), stores, reader).run_until_stopped().await;
    });
}

async fn open(data_dir: &Path, options: &Options) -> Opened {
    let journal = store::sqlite::open_journal_with(data_dir, options.journal.clone())?;
    let stores = store::sqlite::open(data_dir).await?;
    Ok((stores, journal))
}

/// Tells everyone that the writer has ended, by a panic too.
struct Gone<'a>(&'a Shared);

impl Drop for Gone<'_> {
    fn drop(&mut self) {
        self.0.writer_is_gone(std::thread::panicking());
    }
}

impl Rounds {
    /// Sleeps while there is nothing to do; then lets records gather for an interval, and writes.
    async fn run_until_stopped(mut self) {
        // An earlier process may have left something.
        let mut left_behind = true;
        loop {
            if !left_behind {
                self.wait_for_work().await;
            }
            left_behind = false;
            let began = self.gather().await;
            let asked = self.shared.begin_round();
            self.round(began, self.shared.is_awaited()).await;
            self.shared.end_round(asked);
            if self.shared.is_stopping() {
                break;
            }
        }
        self.finish().await;
    }

    async fn wait_for_work(&self) {
        let shared = &self.shared;
        match self.retry_at() {
            Some(retry) => tokio::select! {
                () = shared.work.notified() => {}
                () = sleep_until(retry) => {}
            },
            None => shared.work.notified().await,
        }
    }

    /// Lets records gather, and takes content away early where a buffer is full. Returns when it began.
    async fn gather(&mut self) -> Instant {
        let began = Instant::now();
        let deadline = began + self.patience();
        while !self.shared.is_awaited() {
            tokio::select! {
                () = sleep_until(deadline) => break,
                () = self.shared.hurry.notified() => {}
            }
            if !self.shared.is_awaited() {
                self.write_content(false).await;
            }
        }
        began
    }
}
