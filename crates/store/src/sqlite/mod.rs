//! The embedded backend: SQLite files below the data directory.
//!
//! `control.db` holds configuration, `ledger.db` money, and `traces/` one pair of files per UTC day with an index
//! beside them. They are apart because they differ in what may be lost, how fast they grow and how they are deleted.

mod aside;
mod backup;
mod check;
mod control;
mod database;
mod insert;
mod ledger;
mod migrate;
mod trace;

use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use backup::{BackupOptions, BackupReport, Manifest, backup, restore};
pub use check::{MigrationCheck, check_migrations};

use crate::files::create_private_dir;
use crate::journal::{Journal, JournalOptions};
use crate::{ControlStore, Ledger, StoreError, TraceStore};

/// Everything that is kept in one data directory.
#[derive(Clone)]
pub struct Stores {
    pub control: Arc<dyn ControlStore>,
    pub ledger: Arc<dyn Ledger>,
    pub traces: Arc<dyn TraceStore>,
    /// Databases that could not be read at the start and were put aside for new ones.
    pub put_aside: Vec<PathBuf>,
}

/// Opens the files below `data_dir`, creates what is missing and brings older schemas up to date.
pub async fn open(data_dir: &Path) -> Result<Stores, StoreError> {
    create_private_dir(data_dir)?;
    if data_dir.join(backup::RESTORING).exists() {
        return Err(StoreError::Unfinished { path: data_dir.to_owned() });
    }
    let (control, (ledger, ledger_aside), (traces, index_aside)) = tokio::try_join!(
        // Without the stored keys nobody would be asked for one, so this file is never replaced by an empty one.
        control::SqliteControl::open(data_dir),
        or_anew(data_dir.join("ledger.db"), || ledger::SqliteLedger::open(data_dir)),
        or_anew(data_dir.join("traces/index.db"), || trace::SqliteTraces::open(data_dir)),
    )?;
    let put_aside = ledger_aside.into_iter().chain(index_aside).collect();
    Ok(Stores { control: Arc::new(control), ledger: Arc::new(ledger), traces: Arc::new(traces), put_aside })
}

/// Opens a file, or a new one in its place if it is damaged: what a gateway wrote down must not keep it from serving.
async fn or_anew<T, F: Future<Output = Result<T, StoreError>>>(
    path: PathBuf,
    open: impl Fn() -> F,
) -> Result<(T, Option<PathBuf>), StoreError> {
    match open().await {
        Ok(opened) => Ok((opened, None)),
        Err(StoreError::Corrupt { .. }) => {
            let aside = aside::put_aside(&path)?;
            Ok((open().await?, Some(aside)))
        }
        Err(error) => Err(error),
    }
}

/// Opens the journal of a data directory. Fails while another process has it open.
pub fn open_journal(data_dir: &Path) -> Result<Arc<Journal>, StoreError> {
    open_journal_with(data_dir, JournalOptions::default())
}

/// The same within other limits.
pub fn open_journal_with(data_dir: &Path, options: JournalOptions) -> Result<Arc<Journal>, StoreError> {
    Journal::open_with(&data_dir.join("journal"), options)
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
