//! The journal: usage records that are finished but not yet in the ledger.
//!
//! Each executor appends to a segment file of its own, so a record survives the death of the process as soon as
//! `append` returns. The ledger is filled by reading the files back, in normal running as after a crash: there is
//! one path, and it is exercised all the time.

mod batch;
mod frame;
mod reader;
mod segment;
mod writer;

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

pub use batch::{Damage, DamageKind, JournalBatch, JournalPosition};
pub use reader::JournalReader;
pub use writer::JournalWriter;

use crate::StoreError;

/// A segment is closed once it holds this much.
pub const SEGMENT_BYTES: u64 = 16 << 20;

const LOCK_FILE: &str = "lock";
const SUFFIX: &str = ".journal";

/// The directory of segments. Exactly one process has it open.
#[derive(Debug)]
pub struct Journal {
    dir: PathBuf,
    segment_bytes: u64,
    started_at_ms: u64,
    segments: Mutex<BTreeMap<String, SegmentState>>,
    /// Raised when a segment can no longer be trusted; writers then begin a new one.
    generation: AtomicU64,
    _lock: File,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SegmentState {
    /// A writer of this process appends to it.
    Open,
    /// Nothing will be added: retired, or left behind by an earlier process.
    Closed,
}

impl Journal {
    /// Takes the directory for this process and finds the segments that earlier ones left behind.
    pub fn open(dir: &Path) -> Result<Arc<Self>, StoreError> {
        Self::open_with(dir, SEGMENT_BYTES)
    }

    /// The same with segments of another size.
    pub fn open_with(dir: &Path, segment_bytes: u64) -> Result<Arc<Self>, StoreError> {
        crate::files::create_private_dir(dir)?;
        let lock = take_lock(&dir.join(LOCK_FILE))?;
        let mut segments = BTreeMap::new();
        for entry in fs::read_dir(dir).map_err(|source| StoreError::io(dir, source))? {
            let name = entry.map_err(|source| StoreError::io(dir, source))?.file_name();
            if let Some(name) = name.to_str().filter(|name| name.ends_with(SUFFIX)) {
                segments.insert(name.to_owned(), SegmentState::Closed);
            }
        }
        let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Ok(Arc::new(Self {
            dir: dir.to_owned(),
            segment_bytes,
            started_at_ms: u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX),
            segments: Mutex::new(segments),
            generation: AtomicU64::new(0),
            _lock: lock,
        }))
    }

    /// Begins a segment for one executor.
    pub fn writer(self: &Arc<Self>, executor: usize) -> std::io::Result<JournalWriter> {
        JournalWriter::open(Arc::clone(self), executor)
    }

    /// Reads every segment from where the ledger says it has come to.
    pub fn reader(self: &Arc<Self>, positions: Vec<JournalPosition>) -> JournalReader {
        JournalReader::new(Arc::clone(self), positions)
    }

    fn path(&self, segment: &str) -> PathBuf {
        self.dir.join(segment)
    }

    fn segments(&self) -> MutexGuard<'_, BTreeMap<String, SegmentState>> {
        self.segments.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn generation(&self) -> u64 {
        self.generation.load(Ordering::Relaxed)
    }

    fn abandon_open_segments(&self) {
        self.generation.fetch_add(1, Ordering::Relaxed);
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
