//! The journal: records of money that are finished but not yet in the ledger.
//!
//! Each executor appends to a segment file of its own, so a record survives the death of the process as soon as
//! `append` returns. The ledger is filled by reading the files back, in normal running as after a crash: there is
//! one path, and it is exercised all the time.
//!
//! The journal is bounded. While the ledger takes nothing in, segments gather up to the bound; then `append` fails,
//! and whoever called keeps the record in memory. What is in the journal is never given up to make room.

mod append;
mod batch;
mod disk;
mod frame;
mod mapping;
mod options;
mod reader;
mod segment;
mod segments;
mod writer;

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

pub use batch::{Damage, DamageKind, JournalBatch, JournalPosition};
pub use disk::{Disk, Operation};
pub use options::JournalOptions;
pub use reader::JournalReader;
pub use writer::JournalWriter;

use self::append::AppendFile;
use self::segments::{SegmentState, Segments};
use crate::StoreError;

const LOCK_FILE: &str = "lock";
const SUFFIX: &str = ".journal";

/// The directory of segments. Exactly one process has it open.
#[derive(Debug)]
pub struct Journal {
    dir: PathBuf,
    options: JournalOptions,
    started_at_ms: u64,
    /// Of the next segment. A name is never used twice: the ledger may still have a position for the first one.
    sequence: AtomicU64,
    segments: Segments,
    /// Raised when a segment can no longer be trusted; writers then begin a new one.
    generation: AtomicU64,
    _lock: File,
}

impl Journal {
    /// Takes the directory for this process and finds the segments that earlier ones left behind.
    pub fn open(dir: &Path) -> Result<Arc<Self>, StoreError> {
        Self::open_with(dir, JournalOptions::default())
    }

    /// The same within other limits.
    pub fn open_with(dir: &Path, options: JournalOptions) -> Result<Arc<Self>, StoreError> {
        crate::files::create_private_dir(dir)?;
        let lock = take_lock(&dir.join(LOCK_FILE))?;
        let segments = Segments::new(options.bound_bytes);
        for entry in fs::read_dir(dir).map_err(|source| StoreError::io(dir, source))? {
            let entry = entry.map_err(|source| StoreError::io(dir, source))?;
            let name = entry.file_name();
            if let Some(name) = name.to_str().filter(|name| name.ends_with(SUFFIX)) {
                let bytes = entry.metadata().map_or(0, |metadata| metadata.len());
                segments.insert(name.to_owned(), SegmentState::Closed, bytes);
            }
        }
        let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Ok(Arc::new(Self {
            dir: dir.to_owned(),
            options,
            started_at_ms: u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX),
            sequence: AtomicU64::new(0),
            segments,
            generation: AtomicU64::new(0),
            _lock: lock,
        }))
    }

    /// The end of one executor. Its segment begins with its first record.
    pub fn writer(self: &Arc<Self>, executor: usize) -> JournalWriter {
        JournalWriter::new(Arc::clone(self), executor)
    }

    /// Reads every segment from where the ledger says it has come to.
    pub fn reader(self: &Arc<Self>, positions: Vec<JournalPosition>) -> JournalReader {
        JournalReader::new(Arc::clone(self), positions)
    }

    /// What the segments take up on the disk, with the room that is set aside in open ones.
    pub fn held_bytes(&self) -> u64 {
        self.segments.held_bytes()
    }

    /// What they may take up.
    pub const fn bound_bytes(&self) -> u64 {
        self.options.bound_bytes
    }

    fn next_name(&self, executor: usize) -> String {
        let sequence = self.sequence.fetch_add(1, Ordering::Relaxed);
        format!("ledger-{executor}-{}-{sequence}{SUFFIX}", self.started_at_ms)
    }

    fn path(&self, segment: &str) -> PathBuf {
        self.dir.join(segment)
    }

    fn retire(&self, name: String, file: AppendFile) {
        let bytes = file.finish();
        self.segments.insert(name, SegmentState::Closed, bytes);
    }

    fn generation(&self) -> u64 {
        self.generation.load(Ordering::Relaxed)
    }

    fn abandon_open_segments(&self) {
        self.generation.fetch_add(1, Ordering::Relaxed);
    }
}

/// How much of a segment's bytes was written: without the room behind the last record, and without one that was being
/// written while the bytes were read.
pub(crate) fn written(bytes: &[u8]) -> usize {
    let whole = frame::whole(bytes);
    match frame::resync(&bytes[whole..]) {
        // Damage in the middle is copied as it is: there is something behind it.
        Some(_) => bytes.len(),
        None => whole,
    }
}

fn take_lock(path: &Path) -> Result<File, StoreError> {
    let opened = File::options().create(true).truncate(false).write(true).open(path);
    let file = opened.map_err(|source| StoreError::io(path, source))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::Busy { file: path.display().to_string() }),
        Err(TryLockError::Error(source)) => Err(StoreError::io(path, source)),
    }
}
