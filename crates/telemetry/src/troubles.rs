//! What goes wrong at present, per part, and since when.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use crate::health::{Part, Trouble};

/// Each trouble is cleared by the next success of its part.
#[derive(Debug, Default)]
pub(crate) struct Troubles(Mutex<BTreeMap<Part, Trouble>>);

impl Troubles {
    fn list(&self) -> MutexGuard<'_, BTreeMap<Part, Trouble>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that `part` is in trouble, and says so in the log if that is news.
    pub(crate) fn begin(&self, part: Part, error: String) {
        let mut list = self.list();
        let since_ms = list.get(&part).map_or_else(now_ms, |trouble| trouble.since_ms);
        if list.get(&part).is_none_or(|before| before.error != error) {
            tracing::error!(part = part.name(), error, "the recorder cannot write");
        }
        list.insert(part, Trouble { part, error, since_ms });
    }

    /// The same without a word in the log: nothing went wrong, it has only ended.
    pub(crate) fn begin_quietly(&self, part: Part, error: String) {
        self.list().insert(part, Trouble { part, error, since_ms: now_ms() });
    }

    pub(crate) fn end(&self, part: Part) {
        let Some(trouble) = self.list().remove(&part) else { return };
        let seconds = now_ms().saturating_sub(trouble.since_ms) / 1_000;
        tracing::info!(part = part.name(), after_s = seconds, "the recorder writes again");
    }

    pub(crate) fn is_in(&self, part: Part) -> bool {
        self.list().contains_key(&part)
    }

    pub(crate) fn all(&self) -> Vec<Trouble> {
        self.list().values().cloned().collect()
    }
}

fn now_ms() -> i64 {
    let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX)
}
