//! Growing patience with something that fails.

use std::time::Duration;

use tokio::time::Instant;

pub(crate) const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

#[derive(Debug, Default)]
pub(crate) struct Pause {
    pub(crate) until: Option<Instant>,
    length: Duration,
}

impl Pause {
    pub(crate) fn is_on(&self) -> bool {
        self.until.is_some_and(|until| Instant::now() < until)
    }

    pub(crate) fn begin(&mut self) {
        self.length = (self.length * 2).clamp(FIRST_PAUSE, LONGEST_PAUSE);
        self.until = Some(Instant::now() + self.length);
    }

    pub(crate) fn end(&mut self) {
        *self = Self::default();
    }
}
