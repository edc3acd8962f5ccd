//! Wall time for records, monotonic time for durations and deadlines.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// One reading of both clocks.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    pub unix_us: i64,
    pub instant: Instant,
}

impl Moment {
    pub const fn unix_ms(&self) -> i64 {
        self.unix_us / 1_000
    }

    /// Time passed since; a wall clock that jumps does not change it.
    pub fn elapsed(&self) -> Duration {
        self.instant.elapsed()
    }

    /// `elapsed` in whole microseconds, as records keep it.
    pub fn elapsed_us(&self) -> u64 {
        u64::try_from(self.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
}

/// Where the time comes from; a value, so that what depends on time says so in its arguments.
#[derive(Debug, Clone, Copy, Default)]
pub struct Clock;

impl Clock {
    pub fn now(self) -> Moment {
        let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Moment { unix_us: i64::try_from(unix.as_micros()).unwrap_or(i64::MAX), instant: Instant::now() }
    }
}
