//! What the reader hands to the ledger: records, and how far each segment has then been read.

use std::ops::Range;

use domain::{DecisionRecord, ReservationRecord};

use crate::codec::{Kind, UsageFrame, decode_decision, decode_reservation};

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

    fn payloads(&self) -> impl Iterator<Item = &[u8]> {
        self.payloads.iter().map(|payload| &self.bytes[payload.clone()])
    }

    /// The usage records; `None` stands for a record of another kind, or of a form that is not known here.
    pub fn usage(&self) -> impl Iterator<Item = Option<UsageFrame<'_>>> {
        self.payloads().map(|payload| UsageFrame::parse(payload).ok())
    }

    /// The reservations among the records.
    pub fn reservations(&self) -> impl Iterator<Item = ReservationRecord> {
        self.payloads().filter_map(|payload| decode_reservation(payload).ok())
    }

    /// The decisions among the records.
    pub fn decisions(&self) -> impl Iterator<Item = DecisionRecord> {
        self.payloads().filter_map(|payload| decode_decision(payload).ok())
    }

    /// How many records are of a kind that this version does not know: a later one wrote them.
    pub fn unknown_kinds(&self) -> usize {
        self.payloads().filter(|payload| Kind::of(payload).is_none()).count()
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
