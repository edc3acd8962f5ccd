//! Idle connections of one executor, newest first.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use crate::Origin;
use crate::connect::Sender;

/// More idle connections than this to one origin are closed: they would only hold descriptors.
const MAX_IDLE_PER_ORIGIN: usize = 1024;

/// A connection that rested longer is not used again: middleboxes forget connections without telling.
const MAX_IDLE: Duration = Duration::from_secs(60);

#[derive(Debug)]
struct Idle {
    sender: Sender,
    since: Instant,
}

/// Origins are few (one per provider), so a list beats a map.
#[derive(Debug, Default)]
pub(crate) struct Pool {
    origins: RefCell<Vec<(Origin, Vec<Idle>)>>,
}

impl Pool {
    /// The connection that was used last and is still open: the warmest one, and the others may age out.
    pub(crate) fn take(&self, origin: &Origin) -> Option<Sender> {
        let mut origins = self.origins.borrow_mut();
        let (_, idle) = origins.iter_mut().find(|(known, _)| known == origin)?;
        while let Some(connection) = idle.pop() {
            if connection.since.elapsed() > MAX_IDLE {
                // The rest is older still.
                idle.clear();
                return None;
            }
            if !connection.sender.is_closed() {
                return Some(connection.sender);
            }
        }
        None
    }

    pub(crate) fn put(&self, origin: Origin, sender: Sender) {
        if sender.is_closed() {
            return;
        }
        let mut origins = self.origins.borrow_mut();
        let idle = Idle { sender, since: Instant::now() };
        match origins.iter_mut().find(|(known, _)| *known == origin) {
            Some((_, connections)) if connections.len() >= MAX_IDLE_PER_ORIGIN => {}
            Some((_, connections)) => connections.push(idle),
            None => origins.push((origin, vec![idle])),
        }
    }

    /// Closes the idle connections to one origin.
    pub(crate) fn forget(&self, origin: &Origin) {
        self.origins.borrow_mut().retain(|(known, _)| known != origin);
    }
}
