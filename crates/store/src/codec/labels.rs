//! The byte form of what is written on a key.

use std::sync::Arc;

use domain::Labels;
use serde::{Deserialize, Serialize};

/// Borrowed from the bytes; the domain's own type has the same form and is what gets written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LabelsV1<'a> {
    #[serde(borrow)]
    pub(crate) tags: Vec<&'a str>,
    #[serde(borrow)]
    pub(crate) metadata: Vec<(&'a str, &'a str)>,
}

impl LabelsV1<'_> {
    pub(crate) fn labels(&self) -> Arc<Labels> {
        Arc::new(Labels {
            tags: self.tags.iter().map(|&tag| tag.into()).collect(),
            metadata: self.metadata.iter().map(|&(name, value)| (name.into(), value.into())).collect(),
        })
    }
}
