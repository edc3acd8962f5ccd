//! Idle connections of one executor, newest first.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::Origin;
use crate::http1::Connection;

/// More idle connections than this to one origin are closed: they would only hold descriptors.
const MAX_IDLE_PER_ORIGIN: usize = 1024;

/// A connection that rested longer is not used again: middleboxes forget connections without telling.
const MAX_IDLE: Duration = Duration::from_secs(60);

#[derive(Debug)]
struct Idle {
    connection: Connection,
    since: Instant,
}

/// Origins are few (one per provider), so a list beats a map.
#[derive(Debug, Default)]
pub(crate) struct Pool {
    origins: RefCell<Vec<(Origin, VecDeque<Idle>)>>,
    /// Of the settings that its connections were made under.
    generation: Cell<u64>,
}

impl Pool {
    /// Closes what was opened under older settings.
    pub(crate) fn advance(&self, generation: u64) {
        if self.generation.replace(generation) != generation {
            self.origins.borrow_mut().clear();
        }
    }

    /// The connection that was used last and is still open: the warmest one, and the others may age out.
    pub(crate) fn take(&self, origin: &Origin) -> Option<Connection> {
        let mut origins = self.origins.borrow_mut();
        let (_, idle) = origins.iter_mut().find(|(known, _)| known == origin)?;
        while let Some(Idle { mut connection, since }) = idle.pop_back() {
            if since.elapsed() > MAX_IDLE {
                // The rest is older still.
                idle.clear();
                return None;
            }
            if connection.is_reusable() {
                return Some(connection);
            }
        }
        None
    }

    pub(crate) fn put(&self, origin: Origin, connection: Connection, generation: u64) {
        if generation != self.generation.get() {
            return;
        }
        let now = Instant::now();
        let mut origins = self.origins.borrow_mut();
        for (_, idle) in origins.iter_mut() {
            close_expired(idle, now);
        }
        let rested = Idle { connection, since: now };
        match origins.iter_mut().find(|(known, _)| *known == origin) {
            Some((_, idle)) if idle.len() >= MAX_IDLE_PER_ORIGIN => {}
            Some((_, idle)) => idle.push_back(rested),
            None => origins.push((origin, VecDeque::from([rested]))),
        }
    }

    /// Closes the idle connections to one origin.
    pub(crate) fn forget(&self, origin: &Origin) {
        self.origins.borrow_mut().retain(|(known, _)| known != origin);
    }
}

/// A burst leaves connections that nobody takes from below the newest ones.
fn close_expired(idle: &mut VecDeque<Idle>, now: Instant) {
    while idle.front().is_some_and(|oldest| now.duration_since(oldest.since) > MAX_IDLE) {
        idle.pop_front();
    }
}
