//! Writes the families in the exposition format, with what there is at the moment of a scrape.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use domain::{Outcome, PicoUsd, Usage};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeCounterValue, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Unit;

use super::counters::Totals;
use super::families::{FAMILIES, Family, Kind, Values};
use super::histogram::Histogram;
use super::places::OTHER;
use super::process::Process;
use super::{Inner, VERSION};
use crate::health::{Health, Part};

/// Asked by the registry at each scrape.
#[derive(Debug)]
pub(super) struct Scrape(pub(super) Arc<Inner>);

impl Collector for Scrape {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        let now = Now {
            inner: &self.0,
            totals: self.0.totals(),
            health: self.0.health(),
            process: Process::read(self.0.started),
        };
        for family in FAMILIES.iter().flat_map(|(_, families)| *families) {
            if !now.has(family) {
                continue;
            }
            let unit = family.unit.map(unit);
            let kind = match family.kind {
                Kind::Counter => MetricType::Counter,
                Kind::Gauge => MetricType::Gauge,
                Kind::Histogram => MetricType::Histogram,
                Kind::Info => MetricType::Info,
            };
            let metric = encoder.encode_descriptor(family.name, family.help, unit.as_ref(), kind)?;
            now.encode(family, metric)?;
        }
        Ok(())
    }
}

fn unit(unit: &str) -> Unit {
    match unit {
        "seconds" => Unit::Seconds,
        "bytes" => Unit::Bytes,
        other => Unit::Other(other.to_owned()),
    }
}

/// What there is at one moment.
struct Now<'a> {
    inner: &'a Inner,
    totals: Totals,
    health: Health,
    process: Process,
}

impl Now<'_> {
    /// A family that nobody has a value for does not show at all.
    fn has(&self, family: &Family) -> bool {
        match family.values {
            Values::Watched(watched) => self.inner.watched(watched).is_some(),
            Values::Process(value) => value(&self.process).is_some(),
            _ => true,
        }
    }

    fn encode(&self, family: &Family, mut metric: MetricEncoder<'_>) -> fmt::Result {
        match family.values {
            Values::Calls => self.calls(metric),
            Values::CallDuration => self.by_endpoint(metric, |counts| &counts.duration),
            Values::FirstToken => self.by_endpoint(metric, |counts| &counts.first_token),
            Values::Attempts => self.attempts(metric),
            Values::AttemptDuration => self.attempt_duration(metric),
            Values::Tokens => self.tokens(metric),
            Values::Cost => self.cost(metric),
            Values::UnknownCost => self.unknown_cost(metric),
            Values::Troubles => self.troubles(metric),
            Values::Build => metric.encode_info(&[("version", VERSION)]),
            Values::Health(value) => number(family, &mut metric, value(&self.health)),
            Values::Watched(watched) => {
                number(family, &mut metric, self.inner.watched(watched).unwrap_or_default())
            }
            Values::Process(value) => {
                let value = value(&self.process).unwrap_or_default();
                match family.kind {
                    Kind::Counter => counter(&mut metric, &value),
                    _ => metric.encode_gauge(&value),
                }
            }
        }
    }

    fn calls(&self, mut metric: MetricEncoder<'_>) -> fmt::Result {
        for (place, counts) in &self.totals.calls {
            let project = place.project.map_or_else(|| OTHER.to_owned(), |project| project.to_string());
            for ((class, outcome), count) in &counts.ends {
                let status = format!("{class}xx");
                let labels = [
                    ("endpoint", &*place.endpoint),
                    ("project", &project),
                    ("status", &status),
                    ("outcome", name(*outcome)),
                ];
                counter(&mut metric.encode_family(&labels)?, count)?;
            }
        }
        Ok(())
    }

    fn by_endpoint(
        &self,
        mut metric: MetricEncoder<'_>,
        of: fn(&super::counters::CallCounts) -> &Histogram,
    ) -> fmt::Result {
        let mut endpoints: BTreeMap<&str, Histogram> = BTreeMap::new();
        for (place, counts) in &self.totals.calls {
            endpoints.entry(&*place.endpoint).or_default().merge(of(counts));
        }
        for (endpoint, sums) in endpoints.iter().filter(|(_, sums)| sums.count() > 0) {
            histogram(&mut metric.encode_family(&[("endpoint", *endpoint)])?, sums)?;
        }
        Ok(())
    }

    fn attempts(&self, mut metric: MetricEncoder<'_>) -> fmt::Result {
        for (place, counts) in &self.totals.attempts {
            for (outcome, count) in &counts.ends {
                let labels = [
                    ("endpoint", &*place.endpoint),
                    ("provider", &*place.provider),
                    ("model", &*place.model),
                    ("outcome", name(*outcome)),
                ];
                counter(&mut metric.encode_family(&labels)?, count)?;
            }
        }
        Ok(())
    }

    fn attempt_duration(&self, mut metric: MetricEncoder<'_>) -> fmt::Result {
        let mut models: BTreeMap<(&str, &str), Histogram> = BTreeMap::new();
        for (place, counts) in &self.totals.attempts {
            models.entry((&*place.provider, &*place.model)).or_default().merge(&counts.duration);
        }
        for ((provider, model), sums) in models.iter().filter(|(_, sums)| sums.count() > 0) {
            let labels = [("provider", *provider), ("model", *model)];
            histogram(&mut metric.encode_family(&labels)?, sums)?;
        }
        Ok(())
    }

    fn tokens(&self, mut metric: MetricEncoder<'_>) -> fmt::Result {
        for (place, counts) in &self.totals.attempts {
            for (kind, tokens) in kinds(&counts.usage).into_iter().filter(|(_, tokens)| *tokens > 0) {
                let labels = [
                    ("endpoint", &*place.endpoint),
                    ("provider", &*place.provider),
                    ("model", &*place.model),
                    ("kind", kind),
                ];
                counter(&mut metric.encode_family(&labels)?, &tokens)?;
            }
        }
        Ok(())
    }

    fn cost(&self, mut metric: MetricEncoder<'_>) -> fmt::Result {
        for (place, counts) in self.totals.attempts.iter().filter(|(_, counts)| !counts.ends.is_empty()) {
            let labels =
                [("endpoint", &*place.endpoint), ("provider", &*place.provider), ("model", &*place.model)];
            counter(&mut metric.encode_family(&labels)?, &usd(counts.cost))?;
        }
        Ok(())
    }

    fn unknown_cost(&self, mut metric: MetricEncoder<'_>) -> fmt::Result {
        for (place, counts) in self.totals.attempts.iter().filter(|(_, counts)| counts.unknown_cost > 0) {
            let labels =
                [("endpoint", &*place.endpoint), ("provider", &*place.provider), ("model", &*place.model)];
            counter(&mut metric.encode_family(&labels)?, &counts.unknown_cost)?;
        }
        Ok(())
    }

    fn troubles(&self, mut metric: MetricEncoder<'_>) -> fmt::Result {
        for part in Part::ALL {
            let is_in = self.health.troubles.iter().any(|trouble| trouble.part == part);
            metric.encode_family(&[("part", part.name())])?.encode_gauge(&u64::from(is_in))?;
        }
        Ok(())
    }
}

/// The sum is exact; this is the number nearest to it that the exposition format has.
fn usd(cost: PicoUsd) -> f64 {
    cost.to_string().parse().unwrap_or_default()
}

fn kinds(usage: &Usage) -> [(&'static str, u64); 8] {
    [
        ("input", usage.input),
        ("cache_read", usage.cache_read),
        ("cache_write", usage.cache_write),
        ("cache_write_1h", usage.cache_write_1h),
        ("audio_input", usage.audio_input),
        ("output", usage.output),
        ("reasoning", usage.reasoning),
        ("audio_output", usage.audio_output),
    ]
}

fn name(outcome: Outcome) -> &'static str {
    outcome.error().map_or_else(|| outcome.name(), |error| error.code())
}

fn number(family: &Family, metric: &mut MetricEncoder<'_>, value: u64) -> fmt::Result {
    match family.kind {
        Kind::Counter => counter(metric, &value),
        _ => metric.encode_gauge(&value),
    }
}

fn counter<T: EncodeCounterValue>(metric: &mut MetricEncoder<'_>, value: &T) -> fmt::Result {
    metric.encode_counter::<NoLabelSet, T, u64>(value, None)
}

fn histogram(metric: &mut MetricEncoder<'_>, of: &Histogram) -> fmt::Result {
    metric.encode_histogram::<NoLabelSet>(of.sum_seconds(), of.count(), &of.buckets(), None)
}
