//! How the process of the gateway is doing, from what it counts for Prometheus.

use jiff::Timestamp;

use super::Finding;
use crate::api::Api;
use crate::output::time;

const MIB: f64 = 1024.0 * 1024.0;

pub(super) async fn look(api: &Api, findings: &mut Vec<Finding>) {
    // A token may be allowed to see less than everything: the doctor goes on without.
    if let Ok(text) = api.get_text("/metrics").await {
        findings.extend(judge(&text, Timestamp::now()));
    }
}

fn judge(metrics: &str, now: Timestamp) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(started) = value(metrics, "process_start_time_seconds").and_then(whole) {
        let up = now.as_second().saturating_sub(started).unsigned_abs();
        let memory = value(metrics, "process_resident_memory_bytes").unwrap_or(0.0) / MIB;
        let text = format!("up for {}, {memory:.0} MiB of memory", time::distance(up));
        findings.push(Finding::ok("process", text));
    }
    let (used, most) = (value(metrics, "process_open_fds"), value(metrics, "process_max_fds"));
    if let Some((used, most)) = used.zip(most).filter(|(used, most)| *used > *most * 0.8) {
        let text = format!("{used:.0} of {most:.0} file descriptors are open");
        findings.push(Finding::warn("process", text, "raise the limit (`LimitNOFILE=`, `ulimit -n`)"));
    }
    if let Some(open) = value(metrics, "gatewright_breakers_open").filter(|open| *open > 0.0) {
        let help = "`gatewright traces tail` shows what their providers answer";
        findings.push(Finding::warn(
            "targets",
            format!("{open:.0} get no traffic, because they failed"),
            help,
        ));
    }
    findings
}

/// The value of a family without labels.
fn value(metrics: &str, name: &str) -> Option<f64> {
    let sample = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))?;
    sample.split(' ').next()?.parse().ok()
}

/// Seconds since the epoch, without their fraction.
fn whole(seconds: f64) -> Option<i64> {
    format!("{seconds:.0}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_become_words() {
        let metrics = "# TYPE process_start_time_seconds gauge\n\
            process_start_time_seconds 1000.25\n\
            process_resident_memory_bytes 20971520\n\
            process_open_fds 900\n\
            process_max_fds 1000\n\
            gatewright_breakers_open 2\n";
        let findings = judge(metrics, Timestamp::from_second(4_600).unwrap());
        let said: Vec<_> = findings.iter().map(|finding| finding.json()["text"].clone()).collect();
        let expected = [
            "up for 60 min, 20 MiB of memory",
            "900 of 1000 file descriptors are open",
            "2 get no traffic, because they failed",
        ];
        assert_eq!(said, expected);
        assert!(judge("", Timestamp::UNIX_EPOCH).is_empty());
    }
}
