//! What may stand where, as data: the JSON Schema and the reference document are two ways of printing it.

use serde_json::Value;

/// The form of one value.
pub(crate) enum Shape {
    /// Text. `what` names it for people: "a duration such as `5s`".
    Text {
        what: &'static str,
        pattern: Option<&'static str>,
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
    },
    /// A section with one field for each of some words.
    Table {
        keys: &'static [&'static str],
        of: Box<Self>,
    },
    Section(fn() -> Description),
    Either(Vec<Self>),
}

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
