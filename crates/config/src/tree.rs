//! YAML as a tree in which every node knows its line and column, and JSON in the same form without places. Anchors,
//! aliases and merge keys are resolved here; what a scalar means is decided by whoever reads it.

mod build;
mod document;
mod merge;
mod scalar;

pub(crate) use build::parse;
pub(crate) use document::document;
pub(crate) use scalar::{Kind, Scalar};

/// Where a node begins; both counted from 1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) line: u32,
    pub(crate) column: u32,
}

/// No `Debug` here: a tree holds what people wrote, secrets included.
#[derive(Clone)]
pub(crate) struct Node {
    pub(crate) place: Place,
    pub(crate) content: Content,
}

#[derive(Clone)]
pub(crate) enum Content {
    Scalar(Scalar),
    List(Vec<Node>),
    Section(Vec<Entry>),
}

/// One key of a section. Keys are unique.
#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) place: Place,
    pub(crate) value: Node,
}

impl Node {
    pub(crate) fn is_null(&self) -> bool {
        matches!(&self.content, Content::Scalar(scalar) if scalar.kind() == Kind::Null)
    }

    /// The value of a key, where this is a section that has it; a key without a value counts as not there.
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        let Content::Section(entries) = &self.content else {
            return None;
        };
        entries
            .iter()
            .find(|entry| entry.key == key)
            .map(|entry| &entry.value)
            .filter(|value| !value.is_null())
    }
}

impl Entry {
    /// The key itself, where it is read like a value.
    pub(crate) fn key_node(&self) -> Node {
        let scalar = Scalar { text: self.key.clone(), quoted: true };
        Node { place: self.place, content: Content::Scalar(scalar) }
    }
}

/// Something wrong with the text itself.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) place: Place,
    pub(crate) message: String,
    pub(crate) help: Option<&'static str>,
}

impl Problem {
    fn new(place: Place, message: impl Into<String>) -> Self {
        Self { place, message: message.into(), help: None }
    }

    fn help(mut self, help: &'static str) -> Self {
        self.help = Some(help);
        self
    }
}
