//! What the operating system says about this process. What it does not say is left out.

use std::time::{Duration, SystemTime};

use rustix::process::{Resource, getrlimit};
use rustix::time::{ClockId, clock_gettime};

#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Process {
    pub(super) resident_bytes: Option<f64>,
    pub(super) open_files: Option<f64>,
    pub(super) most_files: Option<f64>,
    pub(super) cpu_seconds: Option<f64>,
    pub(super) started_at_seconds: Option<f64>,
}

impl Process {
    /// `started` is when the recorder was, which is about when the process was.
    pub(super) fn read(started: SystemTime) -> Self {
        let cpu = clock_gettime(ClockId::ProcessCPUTime);
        let cpu = Duration::new(cpu.tv_sec.try_into().unwrap_or(0), cpu.tv_nsec.try_into().unwrap_or(0));
        let since_epoch = started.duration_since(SystemTime::UNIX_EPOCH).ok();
        Self {
            resident_bytes: resident_bytes(),
            open_files: std::fs::read_dir("/proc/self/fd").ok().map(|entries| float(entries.count() as u64)),
            most_files: getrlimit(Resource::Nofile).current.map(float),
            cpu_seconds: Some(cpu.as_secs_f64()),
            started_at_seconds: since_epoch.map(|since| since.as_secs_f64()),
        }
    }
}

/// The second number of `statm` is resident pages: <https://man7.org/linux/man-pages/man5/proc_pid_statm.5.html>.
fn resident_bytes() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = text.split(' ').nth(1)?.parse().ok()?;
    Some(float(pages * rustix::param::page_size() as u64))
}

#[expect(clippy::cast_precision_loss, reason = "the exposition format has floating point only")]
fn float(number: u64) -> f64 {
    number as f64
}
