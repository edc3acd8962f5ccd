//! What may stand where, as data: the JSON Schema and the reference document are two ways of printing it.

use serde_json::Value;

/// The form of one value.
pub(crate) enum Shape {
    /// Text. `what` names it for people: "a duration such as `5s`".
    Text {
        what: &'static str,
        pattern: Option<&'static str>,
        /// For documents of the admin API, where nothing can be a reference: matches only what is accepted. `None` where
        /// `pattern` does so already.
        exact: Option<&'static str>,
        /// In characters.
        most: usize,
    },
    /// Visible ASCII that is never shown.
    Secret {
        /// In characters.
        least: usize,
        most: usize,
    },
    Boolean,
    Whole {
        least: u64,
        most: u64,
    },
    /// A decimal number, with or without quotes.
    Decimal,
    Choice(&'static [&'static str]),
    List {
        of: Box<Self>,
        /// At least one item.
        filled: bool,
        /// No item twice.
        distinct: bool,
        /// `None` for the lists at the top of the file, which hold as many objects as there are.
        most: Option<usize>,
    },
    /// A section whose keys people choose.
    Map {
        key_pattern: &'static str,
        of: Box<Self>,
        most: usize,
    },
    /// A section with one field for each of some words.
    Table {
        keys: &'static [&'static str],
        of: Box<Self>,
    },
    Section(fn() -> Description),
    Either(Vec<Self>),
}

impl Shape {
    /// Text that is bounded and described by one pattern.
    pub(crate) const fn text(what: &'static str, pattern: &'static str, most: usize) -> Self {
        Self::Text { what, pattern: Some(pattern), exact: None, most }
    }

    /// A list of at most [`MOST_ITEMS`].
    pub(crate) fn list(of: Self) -> Self {
        Self::List { of: Box::new(of), filled: false, distinct: false, most: Some(MOST_ITEMS) }
    }
}

/// The most items of any list that is inside of an object.
pub(crate) const MOST_ITEMS: usize = 100;

/// A section and its fields.
pub(crate) struct Description {
    /// The type's name, which is also its name in the JSON Schema.
    pub(crate) name: &'static str,
    pub(crate) docs: &'static [&'static str],
    pub(crate) fields: Vec<FieldDescription>,
    /// Fields that the design names and that no version has yet.
    pub(crate) later: &'static [&'static str],
}

pub(crate) struct FieldDescription {
    pub(crate) key: &'static str,
    pub(crate) docs: &'static [&'static str],
    pub(crate) shape: Shape,
    pub(crate) presence: Presence,
}

pub(crate) enum Presence {
    Required,
    Optional,
    /// What stands there when nothing is written; `None` where the default is an empty list or section.
    Default(Option<Value>),
}
