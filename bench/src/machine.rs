//! What the kernel says about processes and cores: CPU time, memory, pinning.

use std::fs;
use std::path::Path;

use anyhow::Context;
use rustix::thread::{CpuSet, sched_setaffinity};

/// Keeps the calling thread, and what it starts, on one core.
pub(crate) fn pin(core: usize) -> anyhow::Result<()> {
    let mut cores = CpuSet::new();
    cores.set(core);
    sched_setaffinity(None, &cores).with_context(|| format!("cannot stay on core {core}"))
}

pub(crate) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// CPU time in nanoseconds that a process and its descendants have used so far, all threads, user and system.
pub(crate) fn cpu_time(process: u32) -> u64 {
    family(process).into_iter().map(own_cpu_time).sum()
}

fn own_cpu_time(process: u32) -> u64 {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // The name in brackets may contain anything, so count from its end: utime and stime are fields 14 and 15.
    let after_name = text.rsplit_once(')').map_or("", |(_, rest)| rest);
    let fields = after_name.split_whitespace().skip(11).take(2);
    fields.filter_map(|field| field.parse::<u64>().ok()).sum::<u64>() * NANOSECONDS_PER_TICK
}

/// Resident memory now and at its highest, in bytes, of a process and its descendants.
pub(crate) fn memory(process: u32) -> (u64, u64) {
    family(process).into_iter().map(own_memory).fold((0, 0), |sum, own| (sum.0 + own.0, sum.1 + own.1))
}

fn own_memory(process: u32) -> (u64, u64) {
    let text = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let kibibytes = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        line.and_then(|value| value.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0)
    };
    (kibibytes("VmRSS:") * 1024, kibibytes("VmHWM:") * 1024)
}

/// A process and everything it has started.
fn family(process: u32) -> Vec<u32> {
    let mut members = vec![process];
    let mut at = 0;
    while let Some(parent) = members.get(at).copied() {
        let children =
            fs::read_to_string(format!("/proc/{parent}/task/{parent}/children")).unwrap_or_default();
        members.extend(children.split_whitespace().filter_map(|child| child.parse::<u32>().ok()));
        at += 1;
    }
    members
}

/// Busy and total ticks of a core since the machine started.
pub(crate) fn core_ticks(core: usize) -> (u64, u64) {
    let text = fs::read_to_string("/proc/stat").unwrap_or_default();
    let name = format!("cpu{core} ");
    let line = text.lines().find_map(|line| line.strip_prefix(&name)).unwrap_or_default();
    let ticks: Vec<u64> = line.split_whitespace().filter_map(|field| field.parse().ok()).collect();
    let total: u64 = ticks.iter().sum();
    let idle: u64 = ticks.iter().skip(3).take(2).sum();
    (total - idle, total)
}

/// How many processes wanted to run during the last minute, on average.
pub(crate) fn load_average() -> f64 {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().next().and_then(|number| number.parse().ok()).unwrap_or(0.0)
}

pub(crate) fn processor() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("model name"));
    line.map_or("unknown", |line| line.trim_start_matches([' ', '\t', ':'])).to_owned()
}

pub(crate) fn kernel() -> String {
    fs::read_to_string(Path::new("/proc/sys/kernel/osrelease"))
        .map_or_else(|_| String::new(), |text| text.trim().to_owned())
}

/// `/proc` counts in ticks of 1/100 s on every Linux, whatever the kernel's own rate.
const NANOSECONDS_PER_TICK: u64 = 10_000_000;
