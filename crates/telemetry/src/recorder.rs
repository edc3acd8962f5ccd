//! The recorder as the composition root sees it.

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;

use store::journal::Journal;
use store::sqlite::Stores;
use store::{ControlStore, Ledger, StoreError, TraceStore};

use crate::executor::ExecutorRecorder;
use crate::health::Health;
use crate::lane::Lane;
use crate::metrics::{Counting, Metrics};
use crate::options::Options;
use crate::shared::Shared;
use crate::writer;

/// Opens the store of a data directory and writes behind, on a thread of its own.
#[derive(Debug)]
pub struct Recorder {
    shared: Arc<Shared>,
    stores: Stores,
    journal: Arc<Journal>,
    counting: Counting,
    metrics: Arc<Metrics>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// Why the recorder cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the recorder's thread cannot be started: {0}")]
    Thread(#[from] io::Error),
    #[error("the recorder's thread ended while it started; see the log")]
    Died,
}

/// What the writer's thread tells when it is ready.
pub(crate) type Opened = Result<(Stores, Arc<Journal>), StartError>;

impl Recorder {
    /// Returns once the store is open. Records that an earlier process left in the journal are taken in behind.
    pub fn start(data_dir: &Path, options: Options) -> Result<Self, StartError> {
        let shared = Arc::new(Shared::new(options));
        let (opened, ready) = mpsc::sync_channel(1);
        let thread = {
            let (shared, data_dir) = (Arc::clone(&shared), data_dir.to_owned());
            let body = move || writer::run(&shared, &data_dir, &opened);
            std::thread::Builder::new().name("recorder".to_owned()).spawn(body)?
        };
        let (stores, journal) = ready.recv().map_err(|_| StartError::Died)??;
        for file in &stores.put_aside {
            shared.was_put_aside(file.clone());
        }
        let metrics = Arc::new(Metrics::new(Arc::clone(&shared), Arc::clone(&journal)));
        let counting = Counting::default();
        Ok(Self { shared, stores, journal, counting, metrics, thread: Mutex::new(Some(thread)) })
    }

    /// The end of one executor; each executor takes one. It starts however the disk is.
    pub fn executor(&self, index: usize) -> ExecutorRecorder {
        let lane = Arc::new(Lane::new(self.journal.writer(index), self.counting.executor()));
        self.shared.add_lane(Arc::clone(&lane));
        ExecutorRecorder::new(Arc::clone(&self.shared), lane)
    }

    pub fn control(&self) -> Arc<dyn ControlStore> {
        Arc::clone(&self.stores.control)
    }

    pub fn ledger(&self) -> Arc<dyn Ledger> {
        Arc::clone(&self.stores.ledger)
    }

    pub fn traces(&self) -> Arc<dyn TraceStore> {
        Arc::clone(&self.stores.traces)
    }

    pub fn metrics(&self) -> Arc<Metrics> {
        Arc::clone(&self.metrics)
    }

    pub fn health(&self) -> Health {
        self.shared.health(&self.journal)
    }

    /// Waits until everything that was recorded before this call is in the store, or could not be written.
    pub async fn flush(&self) {
        self.shared.flush().await;
    }

    /// Writes everything down that was recorded, and ends. Blocks. To be called after the executors have ended:
    /// what is settled later stays in the journal for the next start, what is recorded later is dropped and counted.
    pub fn shutdown(&self) {
        self.shared.stop();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread
            && thread.join().is_err()
        {
            tracing::error!("the recorder's thread panicked; the journal is taken in at the next start");
        }
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.shutdown();
    }
}
