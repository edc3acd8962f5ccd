//! What a record of the journal is: its first byte. A number is never given twice.

/// The kinds of records. A new form of one is a new kind; 0 is left out so that a run of zeros is never a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Usage,
    /// A usage record with what is written on the key.
    LabelledUsage,
    Reservation,
    Decision,
}

impl Kind {
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Usage => 1,
            Self::LabelledUsage => 2,
            Self::Reservation => 3,
            Self::Decision => 4,
        }
    }

    /// `None` for a kind that a later version gave a number to.
    pub(crate) fn of(payload: &[u8]) -> Option<Self> {
        let code = *payload.first()?;
        let all = [Self::Usage, Self::LabelledUsage, Self::Reservation, Self::Decision];
        all.into_iter().find(|kind| kind.code() == code)
    }
}
