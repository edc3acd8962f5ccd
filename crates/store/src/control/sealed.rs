//! Sealed secrets as whoever rotates the master key sees them.

use std::fmt;

use domain::ObjectId;

/// A sealed secret and where it belongs.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedRow {
    pub object: ObjectId,
    pub field: String,
    pub sealed: Vec<u8>,
    pub key_id: String,
}

/// A sealed secret that takes the place of another. What it holds is the same, its master key is not.
#[derive(Clone, PartialEq, Eq)]
pub struct Reseal {
    pub was: SealedRow,
    pub sealed: Vec<u8>,
    pub key_id: String,
}

impl fmt::Debug for SealedRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealedRow")
            .field("object", &self.object)
            .field("field", &self.field)
            .field("key_id", &self.key_id)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Reseal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reseal").field("was", &self.was).field("key_id", &self.key_id).finish_non_exhaustive()
    }
}
