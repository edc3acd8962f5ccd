//! What the owner of a key wrote on it, so that traces and bills can be told apart by more than the key's name.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// The tags and the metadata of a key. They land on every trace and every usage record of its calls.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Labels {
    /// In the order they were written.
    pub tags: Box<[Arc<str>]>,
    /// By name.
    pub metadata: Box<[(Arc<str>, Arc<str>)]>,
}

impl Labels {
    pub fn is_empty(&self) -> bool {
        self.tags.is_empty() && self.metadata.is_empty()
    }

    pub fn has_tag(&self, tag: &str) -> bool {
        self.tags.iter().any(|own| **own == *tag)
    }
}
