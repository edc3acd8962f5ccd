//! Why something could not be renewed, remembered between looks, so that it is told once and not every second.

use std::sync::{Mutex, PoisonError};

/// The reason for which the newest version of something is not in use.
#[derive(Debug, Default)]
pub struct Trouble {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    reason: Option<String>,
    seen: u32,
}

impl Trouble {
    /// It is in use.
    pub fn over(&self) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = State::default();
    }

    /// It is not. True when it is time to say so, which is the second time that the same is seen: two files cannot be
    /// replaced at once, so for a moment they do not fit each other.
    pub fn seen(&self, reason: &str) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.reason.as_deref() == Some(reason) {
            state.seen = state.seen.saturating_add(1);
        } else {
            *state = State { reason: Some(reason.to_owned()), seen: 1 };
        }
        state.seen == 2
    }

    pub fn reason(&self) -> Option<String> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).reason.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stays_is_told_once() {
        let trouble = Trouble::default();
        assert!(!trouble.seen("a") && trouble.seen("a") && !trouble.seen("a"));
        assert!(!trouble.seen("b") && trouble.seen("b"), "another reason is news");
        assert_eq!(trouble.reason().as_deref(), Some("b"));
        trouble.over();
        assert!(trouble.reason().is_none() && !trouble.seen("b"));
    }
}
