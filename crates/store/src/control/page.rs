//! Lists of objects, one page at a time.

use std::fmt;
use std::str::FromStr;

use domain::{ObjectId, ProjectId};

use super::StoredObject;
use crate::StoreError;

/// What a list keeps, and which page of it is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListQuery {
    /// A part of the name, whatever its case.
    pub name_contains: Option<String>,
    pub project: Option<ProjectId>,
    pub after: Option<ObjectCursor>,
    /// At most 500.
    pub limit: usize,
}

/// Some objects, and where the next page begins.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ObjectPage {
    pub objects: Vec<StoredObject>,
    /// Absent at the end of the list.
    pub next: Option<ObjectCursor>,
}

/// A place in a list by name. Opaque: prints as a text that reads back and fits into a URL, whatever the name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectCursor {
    pub(crate) name: String,
    pub(crate) id: ObjectId,
}

impl ObjectCursor {
    pub fn behind(object: &StoredObject) -> Self {
        Self::at((&object.name, object.id))
    }

    /// Behind whatever stands at this place.
    pub fn at((name, id): (&str, ObjectId)) -> Self {
        Self { name: name.to_owned(), id }
    }

    /// Whether what stands at this place comes after it.
    pub fn is_before(&self, place: (&str, ObjectId)) -> bool {
        (self.name.as_str(), self.id) < place
    }
}

impl Default for ListQuery {
    fn default() -> Self {
        Self { name_contains: None, project: None, after: None, limit: 100 }
    }
}

impl fmt::Display for ObjectCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.id.0)?;
        self.name.bytes().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for ObjectCursor {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self, StoreError> {
        let bad = || StoreError::BadCursor { given: text.chars().take(40).collect() };
        let hex = |text: &str| text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let (id, name) = text.split_at_checked(32).filter(|_| hex(text)).ok_or_else(bad)?;
        let (pairs, rest) = name.as_bytes().as_chunks::<2>();
        if !rest.is_empty() {
            return Err(bad());
        }
        let digit = |byte: u8| if byte.is_ascii_digit() { byte - b'0' } else { byte - b'a' + 10 };
        let name = pairs.iter().map(|[high, low]| digit(*high) << 4 | digit(*low)).collect();
        Ok(Self {
            id: ObjectId(u128::from_str_radix(id, 16).map_err(|_| bad())?),
            name: String::from_utf8(name).map_err(|_| bad())?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_whatever_the_name() {
        for name in ["chat", "", "näme 中文", "a'b\"c", "100%_\\", "a/b?c&d#e", "\0\n"] {
            let cursor = ObjectCursor { name: name.to_owned(), id: ObjectId(u128::MAX - 7) };
            let text = cursor.to_string();
            assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{text}");
            assert_eq!(text.parse::<ObjectCursor>().unwrap(), cursor);
        }
    }

    #[test]
    fn rubbish_is_refused() {
        let id = "0".repeat(32);
        let some = ["".to_owned(), "chat".to_owned(), format!("{id}6"), format!("{id}ff"), format!("{id}6A")];
        for text in some.iter().chain([&"ä".repeat(40), &"+".repeat(33)]) {
            assert!(matches!(text.parse::<ObjectCursor>(), Err(StoreError::BadCursor { .. })), "{text}");
        }
    }
}
