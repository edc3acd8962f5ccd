//! What the reader hands to the ledger: records, and how far each segment has then been read.

use std::ops::Range;

use crate::codec::UsageFrame;

/// How far the ledger has taken a segment in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalPosition {
    pub segment: String,
    pub offset: u64,
}

/// Part of a segment that held no record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    pub segment: String,
    pub offset: u64,
    pub bytes: u64,
    pub kind: DamageKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DamageKind {
    /// The last frame of a process that died while writing. Its record was not finished: nothing was released for it.
    TornEnd,
    /// Bytes between whole records; something other than us wrote here.
    Corrupt,
}

/// Records to apply in one transaction, together with the positions behind them.
#[derive(Debug, Default)]
pub struct JournalBatch {
    pub(super) bytes: Vec<u8>,
    pub(super) payloads: Vec<Range<usize>>,
    pub(super) positions: Vec<JournalPosition>,
    /// Segments that are closed and, with this batch, read to their end.
    pub(super) finished: Vec<String>,
    /// Segments that are gone; their positions need no keeping.
    pub(super) forgotten: Vec<String>,
    pub(super) damage: Vec<Damage>,
}

impl JournalBatch {
    /// Nothing to tell the ledger.
    pub fn is_empty(&self) -> bool {
        self.payloads.is_empty()
            && self.positions.is_empty()
            && self.finished.is_empty()
            && self.forgotten.is_empty()
    }

    /// How many records there are.
    pub fn len(&self) -> usize {
        self.payloads.len()
    }

    /// The payloads, parsed; `None` stands for one that is no record of a form known here.
    pub fn usage(&self) -> impl Iterator<Item = Option<UsageFrame<'_>>> {
        self.payloads.iter().map(|payload| UsageFrame::parse(&self.bytes[payload.clone()]).ok())
    }

    pub fn positions(&self) -> &[JournalPosition] {
        &self.positions
    }

    pub fn forgotten(&self) -> &[String] {
        &self.forgotten
    }

    /// What had to be passed over.
    pub fn damage(&self) -> &[Damage] {
        &self.damage
    }
}
