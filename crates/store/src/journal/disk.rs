//! The journal's file operations as a place where something can go wrong on purpose.
//!
//! A disk that is full or dying cannot be had in a test at will, so each operation asks first. In production nobody
//! is asked: there is no [`Disk`], and the hot path pays one comparison for that.

use std::fmt::Debug;
use std::io;
use std::sync::Arc;

/// What the journal is about to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// Begin a segment: create its file and allocate its blocks.
    Begin,
    Append,
    Read,
    Sync,
    Remove,
}

/// Decides whether an operation fails.
pub trait Disk: Debug + Send + Sync {
    fn before(&self, operation: Operation) -> io::Result<()>;
}

/// Asks `disk`, if there is one.
pub(super) fn ask(disk: Option<&Arc<dyn Disk>>, operation: Operation) -> io::Result<()> {
    disk.map_or(Ok(()), |disk| disk.before(operation))
}
