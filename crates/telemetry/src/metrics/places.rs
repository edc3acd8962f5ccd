//! What calls and attempts are counted by, and how many different ones there may be.
//!
//! Some of these names come from callers, so their number is bounded: what comes after is counted under `other`.
//! Which ones are counted by name is decided once for all executors.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hash};
use std::sync::{Arc, Mutex, PoisonError};

use domain::ProjectId;

pub(super) const OTHER: &str = "other";

/// Where a call came in. An unknown endpoint is an empty name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct CallPlace {
    pub(super) endpoint: Arc<str>,
    /// `None` stands for others.
    pub(super) project: Option<ProjectId>,
}

/// Where an attempt went.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct AttemptPlace {
    pub(super) endpoint: Arc<str>,
    pub(super) provider: Arc<str>,
    pub(super) model: Arc<str>,
}

/// A place as a record names it: nothing is cloned to find it.
pub(super) trait Lookup: Hash {
    type Place;

    fn is(&self, place: &Self::Place) -> bool;

    fn place(&self) -> Self::Place;

    /// The place that stands for all that are not counted by name.
    fn other() -> Self::Place;
}

#[derive(Debug, Clone, Copy, Hash)]
pub(super) struct CallLookup<'a> {
    pub(super) endpoint: &'a str,
    pub(super) project: ProjectId,
}

#[derive(Debug, Clone, Copy, Hash)]
pub(super) struct AttemptLookup<'a> {
    pub(super) endpoint: &'a str,
    pub(super) provider: &'a str,
    pub(super) model: &'a str,
}

impl Lookup for CallLookup<'_> {
    type Place = CallPlace;

    fn is(&self, place: &CallPlace) -> bool {
        place.project == Some(self.project) && *place.endpoint == *self.endpoint
    }

    fn place(&self) -> CallPlace {
        CallPlace { endpoint: self.endpoint.into(), project: Some(self.project) }
    }

    fn other() -> CallPlace {
        CallPlace { endpoint: OTHER.into(), project: None }
    }
}

impl Lookup for AttemptLookup<'_> {
    type Place = AttemptPlace;

    fn is(&self, place: &AttemptPlace) -> bool {
        *place.model == *self.model && *place.provider == *self.provider && *place.endpoint == *self.endpoint
    }

    fn place(&self) -> AttemptPlace {
        let (endpoint, provider, model) = (self.endpoint.into(), self.provider.into(), self.model.into());
        AttemptPlace { endpoint, provider, model }
    }

    fn other() -> AttemptPlace {
        AttemptPlace { endpoint: OTHER.into(), provider: OTHER.into(), model: OTHER.into() }
    }
}

/// The hashes of the places that are counted by name, the same for all executors.
#[derive(Debug)]
pub(super) struct Admitted {
    hasher: RandomState,
    bound: usize,
    calls: Mutex<HashMap<u64, ()>>,
    attempts: Mutex<HashMap<u64, ()>>,
}

impl Admitted {
    pub(super) fn new(bound: usize) -> Self {
        Self { hasher: RandomState::new(), bound, calls: Mutex::default(), attempts: Mutex::default() }
    }

    pub(super) fn call(&self, hash: u64) -> bool {
        self.admit(&self.calls, hash)
    }

    pub(super) fn attempt(&self, hash: u64) -> bool {
        self.admit(&self.attempts, hash)
    }

    fn admit(&self, list: &Mutex<HashMap<u64, ()>>, hash: u64) -> bool {
        let mut list = list.lock().unwrap_or_else(PoisonError::into_inner);
        if list.contains_key(&hash) {
            return true;
        }
        let has_room = list.len() < self.bound;
        if has_room {
            list.insert(hash, ());
        }
        has_room
    }

    pub(super) fn hash(&self, place: &impl Hash) -> u64 {
        self.hasher.hash_one(place)
    }
}
