//! The embedded backend: SQLite files below the data directory.
//!
//! `control.db` holds configuration, `ledger.db` money, and `traces/` one pair of files per UTC day with an index
//! beside them. They are apart because they differ in what may be lost, how fast they grow and how they are deleted.

mod control;
mod database;
mod insert;
mod ledger;
mod migrate;
mod trace;

use std::path::Path;
use std::sync::Arc;

use crate::files::create_private_dir;
use crate::journal::Journal;
use crate::{ControlStore, Ledger, StoreError, TraceStore};

/// Everything that is kept in one data directory.
#[derive(Clone)]
pub struct Stores {
    pub control: Arc<dyn ControlStore>,
    pub ledger: Arc<dyn Ledger>,
    pub traces: Arc<dyn TraceStore>,
}

/// Opens the files below `data_dir`, creates what is missing and brings older schemas up to date.
pub async fn open(data_dir: &Path) -> Result<Stores, StoreError> {
    create_private_dir(data_dir)?;
    let (control, ledger, traces) = tokio::try_join!(
        control::SqliteControl::open(data_dir),
        ledger::SqliteLedger::open(data_dir),
        trace::SqliteTraces::open(data_dir),
    )?;
    Ok(Stores { control: Arc::new(control), ledger: Arc::new(ledger), traces: Arc::new(traces) })
}

/// Opens the journal of a data directory. Fails while another process has it open.
pub fn open_journal(data_dir: &Path) -> Result<Arc<Journal>, StoreError> {
    Journal::open(&data_dir.join("journal"))
}

impl Stores {
    /// Closes the files, so that a copy of them is complete without their write-ahead logs.
    pub async fn close(&self) -> Result<(), StoreError> {
        self.control.close().await?;
        self.ledger.close().await?;
        self.traces.close().await
    }
}

impl std::fmt::Debug for Stores {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Stores")
    }
}
