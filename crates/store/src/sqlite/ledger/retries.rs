//! Tells the first attempt of a call from later ones, so that calls are counted once whatever the grouping.
//!
//! Only a failed attempt is followed by another, so only the calls of failed attempts are remembered.

use std::collections::{HashSet, VecDeque};

/// More than fail between two attempts of one call, by far.
const REMEMBERED: usize = 65_536;

pub(super) type CallBytes = [u8; 16];

/// The calls whose last known attempt failed, the oldest forgotten first.
#[derive(Debug, Default)]
pub(super) struct FailedCalls {
    known: HashSet<CallBytes>,
    order: VecDeque<CallBytes>,
}

impl FailedCalls {
    pub(super) fn contains(&self, call: &CallBytes) -> bool {
        !self.known.is_empty() && self.known.contains(call)
    }

    pub(super) fn remember(&mut self, calls: impl IntoIterator<Item = CallBytes>) {
        for call in calls {
            if self.known.insert(call) {
                self.order.push_back(call);
            }
            if self.order.len() > REMEMBERED
                && let Some(oldest) = self.order.pop_front()
            {
                self.known.remove(&oldest);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_is_forgotten_first() {
        let call = |n: usize| u128::try_from(n).unwrap().to_be_bytes();
        let mut failed = FailedCalls::default();
        failed.remember((0..=REMEMBERED).map(call));
        assert!(!failed.contains(&call(0)));
        assert!(failed.contains(&call(1)) && failed.contains(&call(REMEMBERED)));
        assert_eq!(failed.known.len(), failed.order.len());
    }
}
