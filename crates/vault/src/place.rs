//! Where a sealed value belongs. It is authenticated with the value, so that a value which somebody moved does not
//! open.

use std::fmt;

use domain::ObjectId;

/// A table, a row in it and a field of that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    pub table: &'a str,
    pub row: u128,
    pub field: &'a str,
}

impl<'a> Place<'a> {
    /// A secret field of a stored object.
    pub const fn of_object(id: ObjectId, field: &'a str) -> Self {
        Self { table: "secrets", row: id.0, field }
    }

    /// What is authenticated: a length before each text, so that no two places have the same bytes.
    pub(crate) fn to_bytes(self, purpose: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(purpose.len() + self.table.len() + self.field.len() + 40);
        let mut text = |text: &[u8]| {
            bytes.extend_from_slice(&(text.len() as u64).to_be_bytes());
            bytes.extend_from_slice(text);
        };
        text(purpose);
        text(self.table.as_bytes());
        text(&self.row.to_be_bytes());
        text(self.field.as_bytes());
        bytes
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{:032x}/{}", self.table, self.row, self.field)
    }
}
