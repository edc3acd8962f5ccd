//! What is shown at `/metrics`: what was counted, exactly, under bounded names, in a form that parses.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use domain::{CallRecord, CaptureMode, PicoUsd};
use telemetry::{ExecutorRecorder, Metrics, Options, Recorder, Watched, metrics_markdown};

use crate::records::{call, usage};

fn recorder(dir: &std::path::Path) -> Recorder {
    let options = Options { interval: Duration::from_secs(3_600), ..Options::default() };
    Recorder::start(dir, options).unwrap()
}

/// The samples of a scrape, by name and labels. Panics on a line that is not of the format.
fn samples(metrics: &Metrics) -> BTreeMap<String, f64> {
    let text = metrics.render();
    assert!(text.ends_with("# EOF\n"), "{text}");
    let mut samples = BTreeMap::new();
    let mut described = BTreeSet::new();
    for line in text.lines() {
        if let Some(described_as) = line.strip_prefix("# TYPE ") {
            let name = described_as.split(' ').next().unwrap();
            assert!(described.insert(name.to_owned()), "`{name}` is described twice");
            continue;
        }
        if line.starts_with('#') {
            continue;
        }
        let (series, value) = line.rsplit_once(' ').unwrap();
        let name = series.split('{').next().unwrap();
        assert!(described.iter().any(|family| name.starts_with(family.as_str())), "{line}");
        assert!(series.contains('{') == series.ends_with('}'), "{line}");
        let before = samples.insert(series.to_owned(), value.parse().unwrap());
        assert_eq!(before, None, "`{series}` is there twice");
    }
    samples
}

fn at(samples: &BTreeMap<String, f64>, series: &str) -> f64 {
    *samples.get(series).unwrap_or_else(|| panic!("no `{series}` in {samples:#?}"))
}

/// A call that may keep no trace.
fn plain(n: u64) -> CallRecord {
    CallRecord { capture: CaptureMode::None, ..call(n) }
}

fn costing(n: u64, pico: i128) -> CallRecord {
    let mut record = plain(n);
    for attempt in &mut record.attempts {
        attempt.cost = Some(PicoUsd(pico));
    }
    record
}

fn named(n: u64, endpoint: &str, model: &str) -> CallRecord {
    let mut record = CallRecord { endpoint_name: Some(Arc::from(endpoint)), ..plain(n) };
    for attempt in &mut record.attempts {
        attempt.model = Arc::from(model);
    }
    record
}

#[test]
fn calls_and_attempts_of_all_executors_are_counted() {
    let dir = tempfile::tempdir().unwrap();
    let recorder = recorder(dir.path());
    let mut executors: Vec<ExecutorRecorder> = (0..3).map(|index| recorder.executor(index)).collect();
    for (n, executor) in executors.iter_mut().enumerate() {
        executor.record_call(&plain(n as u64));
        executor.record_call(&call(n as u64));
    }
    let samples = samples(&recorder.metrics());
    let project = domain::Scope::DEFAULT.project;
    let calls = format!(
        "gatewright_calls_total{{endpoint=\"chat\",project=\"{project}\",status=\"2xx\",outcome=\"succeeded\"}}"
    );
    assert_eq!(at(&samples, &calls), 6.0);
    assert_eq!(at(&samples, "gatewright_call_duration_seconds_count{endpoint=\"chat\"}"), 6.0);
    assert_eq!(at(&samples, "gatewright_call_duration_seconds_bucket{le=\"0.5\",endpoint=\"chat\"}"), 0.0);
    assert_eq!(at(&samples, "gatewright_call_duration_seconds_bucket{le=\"1.0\",endpoint=\"chat\"}"), 6.0);
    assert_eq!(at(&samples, "gatewright_time_to_first_token_seconds_count{endpoint=\"chat\"}"), 6.0);
    let failed = "endpoint=\"chat\",provider=\"bedrock\",model=\"claude-sonnet-4-5\"";
    let attempts = format!("gatewright_attempts_total{{{failed},outcome=\"provider_overloaded\"}}");
    assert_eq!(at(&samples, &attempts), 6.0);
    let went = "endpoint=\"chat\",provider=\"openai\",model=\"gpt-5\"";
    assert_eq!(at(&samples, &format!("gatewright_tokens_total{{{went},kind=\"input\"}}")), 600.0);
    assert_eq!(at(&samples, &format!("gatewright_tokens_total{{{went},kind=\"reasoning\"}}")), 30.0);
    assert_eq!(at(&samples, &format!("gatewright_unknown_cost_attempts_total{{{went}}}")), 6.0);
    assert!(!samples.contains_key(&format!("gatewright_tokens_total{{{failed},kind=\"input\"}}")));
}

#[test]
fn a_cost_is_summed_exactly_and_rounded_once() {
    let dir = tempfile::tempdir().unwrap();
    let recorder = recorder(dir.path());
    let mut executor = recorder.executor(0);
    // A tenth of a dollar is no binary fraction: ten floating point additions of it are not one dollar.
    for n in 0..10 {
        executor.record_call(&costing(n, 100_000_000_000));
    }
    let samples = samples(&recorder.metrics());
    let series = "gatewright_cost_usd_total{endpoint=\"chat\",provider=\"openai\",model=\"gpt-5\"}";
    assert_eq!(at(&samples, series), 1.0);
}

#[test]
fn names_are_bounded_and_the_rest_is_other() {
    let dir = tempfile::tempdir().unwrap();
    let recorder = recorder(dir.path());
    let mut executors = [recorder.executor(0), recorder.executor(1)];
    for n in 0..1_500 {
        let record = named(n, &format!("e{n}"), &format!("m{n}"));
        for executor in &mut executors {
            executor.record_call(&record);
        }
    }
    let samples = samples(&recorder.metrics());
    let family =
        |name: &str| samples.iter().filter(|(series, _)| series.starts_with(name)).collect::<Vec<_>>();
    let calls = family("gatewright_calls_total{");
    assert_eq!(calls.len(), 1_001);
    assert_eq!(calls.iter().map(|(_, count)| **count).sum::<f64>(), 3_000.0, "none is lost");
    let other = calls.iter().find(|(series, _)| series.contains("endpoint=\"other\"")).unwrap();
    assert_eq!(*other.1, 1_000.0);
    // Two attempts per call, at two providers.
    let attempts = family("gatewright_attempts_total{");
    assert_eq!(attempts.iter().map(|(_, count)| **count).sum::<f64>(), 6_000.0);
    assert!(attempts.len() <= 1_002, "{}", attempts.len());
    assert!(samples.contains_key(
        "gatewright_attempts_total{endpoint=\"other\",provider=\"other\",model=\"other\",outcome=\"succeeded\"}"
    ));
}

#[test]
fn odd_names_cannot_break_out_of_their_label() {
    let dir = tempfile::tempdir().unwrap();
    let recorder = recorder(dir.path());
    recorder.executor(0).record_call(&named(1, "a\"b\\c\nd} 5", "{le=\"1\"}"));
    let samples = samples(&recorder.metrics());
    assert!(samples.keys().any(|series| series.contains(r#"endpoint="a\"b\\c\nd} 5""#)), "{samples:#?}");
}

#[test]
fn health_is_shown_and_what_nobody_tells_is_left_out() {
    let dir = tempfile::tempdir().unwrap();
    let recorder = recorder(dir.path());
    let metrics = recorder.metrics();
    recorder.executor(0).settle(&usage(1));
    let before = samples(&metrics);
    assert_eq!(at(&before, "gatewright_money_at_risk"), 0.0);
    assert_eq!(at(&before, "gatewright_trouble{part=\"ledger\"}"), 0.0);
    assert_eq!(at(&before, "gatewright_usage_records_lost_total"), 0.0);
    assert!(at(&before, "gatewright_journal_held_bytes") > 0.0);
    assert!(at(&before, "gatewright_journal_bound_bytes") > 1e9);
    assert!(at(&before, "process_open_fds") > 2.0 && at(&before, "process_resident_memory_bytes") > 1e6);
    assert!(before.keys().any(|series| series.starts_with("gatewright_build_info{version=")));
    assert!(!before.keys().any(|series| series.contains("in_flight") || series.contains("breakers")));

    metrics.watch(Watched::CallsInFlight, || 7);
    metrics.watch(Watched::ConfigReloads, || 3);
    let after = samples(&metrics);
    assert_eq!(at(&after, "gatewright_calls_in_flight"), 7.0);
    assert_eq!(at(&after, "gatewright_config_reloads_total"), 3.0);
    recorder.shutdown();
    assert_eq!(at(&samples(&metrics), "gatewright_trouble{part=\"writer\"}"), 1.0);
}

#[test]
fn every_series_is_in_the_reference() {
    let dir = tempfile::tempdir().unwrap();
    let recorder = recorder(dir.path());
    recorder.executor(0).record_call(&call(1));
    let reference = metrics_markdown();
    for series in samples(&recorder.metrics()).keys() {
        let name = series.split('{').next().unwrap();
        let name =
            ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
        assert!(reference.contains(&format!("`{name}`")), "{name}");
    }
    assert_eq!(reference.lines().filter(|line| line.starts_with("| `gatewright_")).count(), 28);
}
