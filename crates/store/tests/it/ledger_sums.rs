//! Sums are exact: over any range, by any grouping, they are what adding the records up by hand gives.

use std::collections::HashMap;
use std::sync::Arc;

use domain::{EndpointId, KeyId, PicoUsd, Scope, Usage, UsageRecord};
use proptest::prelude::*;
use store::{UsageBy, UsageQuery, UsageTotals, Within};

use crate::backend::{each, run};
use crate::ledger::fill;
use crate::records::{HOUR_MS, NOON_ISH_MS, OTHER, usage};

const HERE: Within = Within::project(Scope::DEFAULT);

fn group_of(by: UsageBy, record: &UsageRecord) -> String {
    match by {
        UsageBy::Endpoint => record.endpoint.to_string(),
        UsageBy::Key => record.key.map_or_else(|| record.caller.to_string(), |key| key.to_string()),
        UsageBy::Model => format!("{}/{}", record.provider, record.model),
        UsageBy::Provider => record.provider.to_string(),
        UsageBy::Project => record.scope.project.to_string(),
    }
}

fn add(totals: &mut UsageTotals, record: &UsageRecord) {
    totals.calls += 1;
    totals.attempts += 1;
    totals.usage.input += record.usage.input;
    totals.usage.cache_read += record.usage.cache_read;
    totals.usage.audio_output += record.usage.audio_output;
    match record.cost {
        Some(cost) => totals.cost = totals.cost + cost,
        None => totals.unknown_cost += 1,
    }
}

prop_compose! {
    fn some_usage()(
        offset_ms in -3 * HOUR_MS..3 * HOUR_MS,
        endpoint in 1_u128..4,
        key in proptest::option::of(1_u128..3),
        provider in proptest::sample::select(vec!["openai", "anthropic"]),
        model in proptest::sample::select(vec!["small", "large"]),
        cost in proptest::option::of(-5_i128..2_000_000_000_000),
        input in 0_u64..1_000_000,
        cache_read in 0_u64..3,
        audio_output in 0_u64..2,
        elsewhere in any::<bool>(),
    ) -> UsageRecord {
        UsageRecord {
            scope: if elsewhere { OTHER } else { Scope::DEFAULT },
            settled_at_ms: NOON_ISH_MS + offset_ms,
            endpoint: EndpointId(endpoint),
            endpoint_name: Arc::from(format!("endpoint-{endpoint}")),
            key: key.map(KeyId),
            caller: Arc::from(key.map_or("anonymous".to_owned(), |key| format!("key-{key}"))),
            provider: Arc::from(provider),
            model: Arc::from(model),
            cost: cost.map(PicoUsd),
            usage: Usage { input, cache_read, audio_output, ..Usage::default() },
            ..usage(NOON_ISH_MS, 0)
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn sums_are_those_of_the_records(
        records in proptest::collection::vec(some_usage(), 1..60),
        since in proptest::option::of(-4 * HOUR_MS..4 * HOUR_MS),
        length in proptest::option::of(0..5 * HOUR_MS),
        split in 0_usize..60,
    ) {
        let records: Vec<_> = (0..).zip(records).map(|(n, record): (u64, UsageRecord)| {
            let ids = usage(NOON_ISH_MS, n);
            UsageRecord { attempt: ids.attempt, call: ids.call, trace: ids.trace, ..record }
        }).collect();
        let since_ms = since.map(|since| NOON_ISH_MS + since);
        let until_ms = length.map(|length| since_ms.unwrap_or(NOON_ISH_MS) + length);
        run(async {
            let dir = tempfile::tempdir().unwrap();
            let stores = store::sqlite::open(dir.path()).await.unwrap();
            let (early, late) = records.split_at(split.min(records.len()));
            fill(&*stores.ledger, dir.path(), early).await;
            fill(&*stores.ledger, dir.path(), late).await;
            for within in [HERE, Within::organization(Scope::DEFAULT.organization)] {
                for by in UsageBy::ALL {
                    let query = UsageQuery { by, since_ms, until_ms };
                    let report = stores.ledger.usage(within, query).await.unwrap();
                    let (mut expected, mut total) = (HashMap::new(), UsageTotals::default());
                    for record in records.iter().filter(|record| {
                        within.contains(record.scope)
                            && since_ms.is_none_or(|since| record.settled_at_ms >= since)
                            && until_ms.is_none_or(|until| record.settled_at_ms < until)
                    }) {
                        add(expected.entry(group_of(by, record)).or_default(), record);
                        add(&mut total, record);
                    }
                    let found: HashMap<_, _> = report
                        .groups
                        .into_iter()
                        .map(|group| (group.id.unwrap_or(group.name), group.totals))
                        .collect();
                    assert_eq!(found, expected, "by {}", by.name());
                    assert_eq!(report.total, total);
                }
            }
        });
    }
}

#[test]
fn a_renamed_endpoint_is_one_group_under_its_newest_name() {
    each(|pair| async move {
        let renamed = UsageRecord { endpoint_name: Arc::from("chat-2"), ..usage(NOON_ISH_MS, 2) };
        fill(&*pair.one.ledger, pair.dir(), &[usage(NOON_ISH_MS, 1), renamed]).await;
        let query = UsageQuery { by: UsageBy::Endpoint, since_ms: None, until_ms: None };
        let report = pair.two.ledger.usage(HERE, query).await.unwrap();
        let [group] = &report.groups[..] else { panic!("{:?}", report.groups) };
        assert_eq!((group.name.as_str(), group.totals.attempts), ("chat-2", 2));
        assert_eq!(group.id.as_deref(), Some(&*EndpointId(1).to_string()));
    });
}

#[test]
fn an_unknown_cost_is_counted_and_not_free() {
    each(|pair| async move {
        let unknown = UsageRecord { cost: None, ..usage(NOON_ISH_MS, 1) };
        fill(&*pair.one.ledger, pair.dir(), &[unknown, usage(NOON_ISH_MS, 2)]).await;
        let query = UsageQuery { by: UsageBy::Key, since_ms: None, until_ms: None };
        let total = pair.two.ledger.usage(HERE, query).await.unwrap().total;
        assert_eq!((total.unknown_cost, total.cost), (1, PicoUsd(225_000_000)));
    });
}
