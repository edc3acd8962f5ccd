//! What a measurement found: counts, latencies, and the CPU time of the watched process over the same window.

use serde::{Deserialize, Serialize};

use crate::clock::{self, SECOND};
use crate::machine;

/// One measurement, as printed.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Report {
    pub(crate) seconds: f64,
    pub(crate) requests: u64,
    pub(crate) events: u64,
    pub(crate) errors: u64,
    /// Connections that had to be made anew because the server closed them.
    pub(crate) reconnects: u64,
    pub(crate) requests_per_second: f64,
    /// Whole request, or first byte of a stream.
    pub(crate) latency: Latency,
    /// CPU time of the watched process over the window.
    pub(crate) cpu_seconds: f64,
    /// How busy the generator's own core was; near 1 it is the generator or the mock that limits.
    pub(crate) rig_busy: f64,
}

/// Microseconds.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Latency {
    pub(crate) p50: f64,
    pub(crate) p90: f64,
    pub(crate) p99: f64,
    pub(crate) p999: f64,
    pub(crate) max: f64,
}

impl Latency {
    fn of(mut samples: Vec<u64>) -> Self {
        samples.sort_unstable();
        let at = |share: f64| {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "an index below the length"
            )]
            let index = ((samples.len() as f64 * share) as usize).min(samples.len().saturating_sub(1));
            samples.get(index).map_or(0.0, |nanoseconds| *nanoseconds as f64 / 1_000.0)
        };
        Self { p50: at(0.5), p90: at(0.9), p99: at(0.99), p999: at(0.999), max: at(1.0) }
    }
}

/// The time that is measured: begins after the warm-up, and knows what the watched process used in it.
#[derive(Debug)]
pub(crate) struct Window {
    begins: u64,
    ends: u64,
    watch: Option<u32>,
    core: Option<usize>,
    opened: Option<Readings>,
    samples: Vec<u64>,
    pub(crate) errors: u64,
    pub(crate) reconnects: u64,
    pub(crate) events: u64,
}

#[derive(Debug, Clone, Copy)]
struct Readings {
    at: u64,
    cpu: u64,
    core: (u64, u64),
}

impl Window {
    pub(crate) fn new(warm_up: f64, seconds: f64, watch: Option<u32>, core: Option<usize>) -> Self {
        let begins = clock::now() + nanoseconds(warm_up);
        Self {
            begins,
            ends: begins + nanoseconds(seconds),
            watch,
            core,
            opened: None,
            samples: Vec::with_capacity(1 << 20),
            errors: 0,
            reconnects: 0,
            events: 0,
        }
    }

    /// Opens the window when its time has come, and says whether it is over.
    pub(crate) fn is_over(&mut self, now: u64) -> bool {
        if self.opened.is_none() && now >= self.begins {
            self.open();
        }
        now >= self.ends
    }

    /// Opens the window now.
    pub(crate) fn open(&mut self) {
        self.opened = Some(self.readings());
    }

    pub(crate) fn ends(&self) -> u64 {
        self.ends
    }

    /// Counts a request that took so long, if the window is open.
    pub(crate) fn count(&mut self, nanoseconds: u64) {
        if self.opened.is_some() {
            self.samples.push(nanoseconds);
        }
    }

    /// How many requests have been counted.
    pub(crate) fn counted(&self) -> usize {
        self.samples.len()
    }

    pub(crate) fn close(self) -> Report {
        let end = self.readings();
        let begin = self.opened.unwrap_or(end);
        let seconds = (end.at - begin.at) as f64 / SECOND as f64;
        let requests = self.samples.len() as u64;
        let (busy, total) = (end.core.0 - begin.core.0, end.core.1 - begin.core.1);
        Report {
            seconds,
            requests,
            events: self.events,
            errors: self.errors,
            reconnects: self.reconnects,
            requests_per_second: if seconds > 0.0 { requests as f64 / seconds } else { 0.0 },
            latency: Latency::of(self.samples),
            cpu_seconds: (end.cpu - begin.cpu) as f64 / SECOND as f64,
            rig_busy: if total > 0 { busy as f64 / total as f64 } else { 0.0 },
        }
    }

    fn readings(&self) -> Readings {
        Readings {
            at: clock::now(),
            cpu: self.watch.map_or(0, machine::cpu_time),
            core: self.core.map_or((0, 0), machine::core_ticks),
        }
    }
}

fn nanoseconds(seconds: f64) -> u64 {
    u64::try_from(std::time::Duration::from_secs_f64(seconds.clamp(0.0, 3600.0)).as_nanos()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_samples() {
        let latency = Latency::of((1..=1000).rev().map(|number| number * 1_000).collect());
        assert_eq!((latency.p50, latency.p99, latency.max), (501.0, 991.0, 1000.0));
        assert_eq!(Latency::of(Vec::new()).max, 0.0);
    }
}
