//! The segments there are, how far each is written, and what they take up on the disk.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What readers may know about a segment that is being written. The writer publishes after each record, so a reader
/// never looks at half of one.
#[derive(Debug)]
pub(super) struct Extent {
    pub(super) file: File,
    written: AtomicU64,
}

impl Extent {
    pub(super) const fn new(file: File) -> Self {
        Self { file, written: AtomicU64::new(0) }
    }

    /// Everything before `length` is whole.
    pub(super) fn publish(&self, length: u64) {
        self.written.store(length, Ordering::Release);
    }

    pub(super) fn written(&self) -> u64 {
        self.written.load(Ordering::Acquire)
    }
}

#[derive(Debug, Clone)]
pub(super) enum SegmentState {
    /// A writer of this process appends to it.
    Open(Arc<Extent>),
    /// Nothing will be added: retired, or left behind by an earlier process.
    Closed,
}

impl SegmentState {
    pub(super) const fn is_closed(&self) -> bool {
        matches!(self, Self::Closed)
    }
}

/// The table of segments. Locked when one begins or ends and when the reader looks, never per record.
#[derive(Debug)]
pub(super) struct Segments {
    bound_bytes: u64,
    table: Mutex<Table>,
}

#[derive(Debug, Default)]
struct Table {
    states: BTreeMap<String, (SegmentState, u64)>,
    held_bytes: u64,
}

impl Segments {
    pub(super) fn new(bound_bytes: u64) -> Self {
        Self { bound_bytes, table: Mutex::default() }
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Is there room for one more segment of `bytes`?
    pub(super) fn room_for(&self, bytes: u64) -> io::Result<()> {
        let held = self.table().held_bytes;
        if held.saturating_add(bytes) > self.bound_bytes {
            let bound = self.bound_bytes;
            let message =
                format!("the journal is full ({held} of {bound} bytes): the ledger does not take it in");
            return Err(io::Error::new(io::ErrorKind::QuotaExceeded, message));
        }
        Ok(())
    }

    pub(super) fn insert(&self, name: String, state: SegmentState, bytes: u64) {
        let mut table = self.table();
        let before = table.states.insert(name, (state, bytes)).map_or(0, |(_, bytes)| bytes);
        table.held_bytes = table.held_bytes.saturating_sub(before).saturating_add(bytes);
    }

    pub(super) fn remove(&self, name: &str) {
        let mut table = self.table();
        if let Some((_, bytes)) = table.states.remove(name) {
            table.held_bytes = table.held_bytes.saturating_sub(bytes);
        }
    }

    pub(super) fn states(&self) -> BTreeMap<String, SegmentState> {
        self.table().states.iter().map(|(name, (state, _))| (name.clone(), state.clone())).collect()
    }

    pub(super) fn contains(&self, name: &str) -> bool {
        self.table().states.contains_key(name)
    }

    pub(super) fn held_bytes(&self) -> u64 {
        self.table().held_bytes
    }
}
