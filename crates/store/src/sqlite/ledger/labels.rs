//! What is written on a key, as the ledger's text: JSON, so that a person with a SQLite shell can query it.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::Labels;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Text {
    tags: Vec<Arc<str>>,
    metadata: BTreeMap<Arc<str>, Arc<str>>,
}

pub(super) fn to_json(labels: &Labels) -> String {
    let text = Text { tags: labels.tags.to_vec(), metadata: labels.metadata.iter().cloned().collect() };
    serde_json::to_string(&text).unwrap_or_default()
}

/// `None` for the empty text, and for one that nobody of us wrote: the record counts all the same.
pub(super) fn from_json(text: &str) -> Option<Arc<Labels>> {
    let text: Text = serde_json::from_str(text).ok()?;
    Some(Arc::new(Labels { tags: text.tags.into(), metadata: text.metadata.into_iter().collect() }))
}
