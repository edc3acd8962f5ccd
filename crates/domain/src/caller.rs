//! Who a call is made by, as far as the gateway could tell.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{KeyId, Labels, Scope};

/// Whoever was identified at the door.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caller {
    pub kind: CallerKind,
    /// The key's name, or `anonymous`.
    pub name: Arc<str>,
    pub scope: Scope,
    /// `None` where nothing is written on the key.
    pub labels: Option<Arc<Labels>>,
}

/// What identified the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallerKind {
    /// A virtual key.
    Key(KeyId),
    /// Nobody said who they are, and the server's `anonymous` setting lets them in.
    Anonymous,
}

impl Caller {
    pub fn key(&self) -> Option<KeyId> {
        match self.kind {
            CallerKind::Key(id) => Some(id),
            CallerKind::Anonymous => None,
        }
    }
}
