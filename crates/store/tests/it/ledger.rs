//! The contract of [`store::Ledger`]: every record once, whatever happens between the journal and the rows.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use domain::{AttemptId, ErrorKind, OrganizationId, Outcome, PicoUsd, Scope, TeamId, Usage, UsageRecord};
use store::journal::{Journal, JournalReader};
use store::{Applied, Ledger, UsageBy, UsageQuery, UsageTotals, Within};

use crate::backend::{each, run};
use crate::records::{NOON_ISH_MS, OTHER, labels, odd_usage, usage};

/// Writes `records` as one executor would.
pub(crate) fn write(journal: &Arc<Journal>, records: &[UsageRecord]) {
    let mut writer = journal.writer(0);
    for record in records {
        writer.append(record).unwrap();
    }
}

pub(crate) async fn drain(ledger: &dyn Ledger, reader: &mut JournalReader) -> Applied {
    let mut all = Applied::default();
    loop {
        let batch = reader.read().unwrap();
        if batch.is_empty() {
            return all;
        }
        let applied = ledger.apply(&batch).await.unwrap();
        all.added += applied.added;
        all.known += applied.known;
        all.unreadable += applied.unreadable;
        reader.applied(&batch).unwrap();
    }
}

/// Puts `records` into the ledger of `dir`.
pub(crate) async fn fill(ledger: &dyn Ledger, dir: &Path, records: &[UsageRecord]) -> Applied {
    let journal = store::sqlite::open_journal(dir).unwrap();
    write(&journal, records);
    let mut reader = journal.reader(ledger.positions().await.unwrap());
    drain(ledger, &mut reader).await
}

pub(crate) async fn all(ledger: &dyn Ledger, within: Within) -> Vec<UsageRecord> {
    ledger.records(within, None, 500).await.unwrap().records
}

pub(crate) async fn total(ledger: &dyn Ledger, within: Within) -> UsageTotals {
    let query = UsageQuery { by: UsageBy::Endpoint, since_ms: None, until_ms: None };
    ledger.usage(within, query).await.unwrap().total
}

const HERE: Within = Within::project(Scope::DEFAULT);

#[test]
fn a_record_reads_back_whole() {
    each(|pair| async move {
        let records = [usage(NOON_ISH_MS, 1), odd_usage(NOON_ISH_MS, 2)];
        let applied = fill(&*pair.one.ledger, pair.dir(), &records).await;
        assert_eq!(applied, Applied { added: 2, ..Applied::default() });
        assert_eq!(all(&*pair.two.ledger, HERE).await, records);
    });
}

#[test]
fn the_same_segments_twice_change_nothing() {
    each(|pair| async move {
        let dir = tempfile::tempdir().unwrap();
        let records: Vec<_> = (0..200).map(|n| usage(NOON_ISH_MS, n)).collect();
        let journal = Journal::open(dir.path()).unwrap();
        write(&journal, &records);
        let segment = dir.path().join(
            std::fs::read_dir(dir.path())
                .unwrap()
                .map(|entry| entry.unwrap().file_name())
                .find(|name| name != "lock")
                .unwrap(),
        );
        let copy = std::fs::read(&segment).unwrap();
        let mut reader = journal.reader(Vec::new());
        assert_eq!(drain(&*pair.one.ledger, &mut reader).await.added, 200);
        let before = total(&*pair.two.ledger, HERE).await;
        drop((reader, journal));

        // The file comes back, under a name that no position is known for, with one record more.
        std::fs::write(dir.path().join("ledger-9-9-9.journal"), copy).unwrap();
        let journal = Journal::open(dir.path()).unwrap();
        write(&journal, &[usage(NOON_ISH_MS, 200), usage(NOON_ISH_MS, 200)]);
        let mut reader = journal.reader(pair.two.ledger.positions().await.unwrap());
        let again = drain(&*pair.two.ledger, &mut reader).await;
        assert_eq!(again, Applied { added: 1, known: 201, unreadable: 0 });
        let after = total(&*pair.one.ledger, HERE).await;
        assert_eq!((before.attempts, after.attempts, after.calls), (200, 201, 201));
    });
}

#[test]
fn positions_move_with_the_rows_or_not_at_all() {
    each(|pair| async move {
        let journal = store::sqlite::open_journal(pair.dir()).unwrap();
        let mut writer = journal.writer(0);
        let mut reader = journal.reader(Vec::new());
        writer.append(&usage(NOON_ISH_MS, 1)).unwrap();
        let batch = reader.read().unwrap();
        pair.one.ledger.apply(&batch).await.unwrap();
        // The process dies here: nobody tells the reader. What the next one finds is in the file alone.
        assert_eq!(pair.two.ledger.positions().await.unwrap(), batch.positions());
        writer.append(&usage(NOON_ISH_MS, 2)).unwrap();
        let mut next = journal.reader(pair.two.ledger.positions().await.unwrap());
        let applied = drain(&*pair.two.ledger, &mut next).await;
        assert_eq!(
            applied,
            Applied { added: 1, known: 0, unreadable: 0 },
            "what was applied is not even read"
        );
    });
}

#[test]
fn positions_of_removed_segments_are_forgotten() {
    each(|pair| async move {
        fill(&*pair.one.ledger, pair.dir(), &[usage(NOON_ISH_MS, 1)]).await;
        assert!(pair.two.ledger.positions().await.unwrap().is_empty());
    });
}

#[test]
fn a_retried_call_is_counted_once_wherever_its_attempts_went() {
    each(|pair| async move {
        let failed = |n| UsageRecord {
            outcome: Outcome::Failed(ErrorKind::ProviderOverloaded),
            ..usage(NOON_ISH_MS, n)
        };
        let again = |n, call: &UsageRecord| UsageRecord {
            call: call.call,
            trace: call.trace,
            provider: Arc::from("anthropic"),
            ..usage(NOON_ISH_MS, n)
        };
        // Both attempts in one batch, then the second alone after another process took over.
        let first = failed(1);
        fill(&*pair.one.ledger, pair.dir(), &[first.clone(), again(2, &first), usage(NOON_ISH_MS, 3)]).await;
        let second = failed(4);
        fill(&*pair.one.ledger, pair.dir(), std::slice::from_ref(&second)).await;
        fill(&*pair.two.ledger, pair.dir(), &[again(5, &second)]).await;

        let query = UsageQuery { by: UsageBy::Provider, since_ms: None, until_ms: None };
        let report = pair.one.ledger.usage(HERE, query).await.unwrap();
        let counts: Vec<_> = report
            .groups
            .iter()
            .map(|group| (&*group.name, group.totals.calls, group.totals.attempts))
            .collect();
        assert_eq!(counts, [("openai", 3, 3), ("anthropic", 0, 2)]);
        assert_eq!((report.total.calls, report.total.attempts), (3, 5));
    });
}

#[test]
fn what_is_written_on_a_key_stays_with_the_records_of_its_time() {
    each(|pair| async move {
        let labelled = UsageRecord { labels: Some(labels()), ..usage(NOON_ISH_MS, 2) };
        let records = [usage(NOON_ISH_MS, 1), labelled, usage(NOON_ISH_MS, 3)];
        fill(&*pair.one.ledger, pair.dir(), &records).await;
        assert_eq!(all(&*pair.two.ledger, HERE).await, records);
        let query = UsageQuery { by: UsageBy::Key, since_ms: None, until_ms: None };
        let report = pair.two.ledger.usage(HERE, query).await.unwrap();
        assert_eq!(report.groups.len(), 1, "it is one key: {:?}", report.groups);
        assert_eq!(report.groups[0].totals.attempts, 3);
    });
}

#[test]
fn a_foreign_scope_sees_nothing() {
    each(|pair| async move {
        let theirs = UsageRecord { scope: OTHER, ..usage(NOON_ISH_MS, 2) };
        fill(&*pair.one.ledger, pair.dir(), &[usage(NOON_ISH_MS, 1), theirs.clone()]).await;
        let ledger = &*pair.two.ledger;
        assert_eq!(all(ledger, HERE).await, [usage(NOON_ISH_MS, 1)]);
        assert_eq!(all(ledger, Within::project(OTHER)).await, [theirs]);
        assert_eq!(total(ledger, HERE).await.attempts, 1);
        let organization = Within::organization(Scope::DEFAULT.organization);
        assert_eq!(total(ledger, organization).await.attempts, 2);
        assert_eq!(total(ledger, Within::team(Scope::DEFAULT.organization, TeamId(1))).await.attempts, 2);
        for stranger in [
            Within::organization(OrganizationId(9)),
            Within::team(OrganizationId(9), TeamId(1)),
            Within::team(Scope::DEFAULT.organization, TeamId(9)),
        ] {
            assert!(all(ledger, stranger).await.is_empty());
            assert_eq!(total(ledger, stranger).await, UsageTotals::default());
        }
    });
}

#[test]
fn records_are_paged_without_gap_or_repeat() {
    each(|pair| async move {
        let records: Vec<_> = (0..23).map(|n| usage(NOON_ISH_MS, n)).collect();
        fill(&*pair.one.ledger, pair.dir(), &records).await;
        let (mut after, mut seen): (Option<AttemptId>, Vec<UsageRecord>) = (None, Vec::new());
        loop {
            let page = pair.two.ledger.records(HERE, after, 5).await.unwrap();
            seen.extend(page.records);
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(seen, records);
    });
}

#[test]
fn impossible_numbers_are_cut_and_never_wrap() {
    each(|pair| async move {
        let huge = |n| UsageRecord {
            usage: Usage { input: u64::MAX, audio_output: u64::MAX, ..Usage::default() },
            cost: Some(PicoUsd(i128::MAX)),
            duration_ms: u64::MAX,
            ..usage(NOON_ISH_MS, n)
        };
        let records: Vec<_> = (0..100).map(huge).collect();
        fill(&*pair.one.ledger, pair.dir(), &records).await;
        let sum = total(&*pair.two.ledger, HERE).await;
        assert_eq!(sum.usage.input, 100 << 40);
        assert_eq!(sum.cost, PicoUsd(i128::from(i64::MAX) * 100));
    });
}

/// Twenty lives, each of which ends at another step and tells nobody: all that the next one has is the files.
#[test]
fn dying_at_any_step_loses_nothing_and_doubles_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut written = BTreeSet::new();
    for life in 0..20_u64 {
        run(async {
            let stores = store::sqlite::open(dir.path()).await.unwrap();
            let journal = store::sqlite::open_journal(dir.path()).unwrap();
            let mut writer = journal.writer(0);
            let mut reader = journal.reader(stores.ledger.positions().await.unwrap());
            for step in 0..10_u64 {
                for n in 0..5 {
                    let record = usage(NOON_ISH_MS, life * 1_000 + step * 10 + n);
                    writer.append(&record).unwrap();
                    written.insert(record.attempt);
                }
                let batch = reader.read().unwrap();
                // Each life ends at another place: before the rows, between rows and reader, or after both.
                if (step, life % 3) == (life % 10, 0) {
                    break;
                }
                stores.ledger.apply(&batch).await.unwrap();
                if (step, life % 3) == (life % 10, 1) {
                    break;
                }
                reader.applied(&batch).unwrap();
            }
        });
    }
    run(async {
        let stores = store::sqlite::open(dir.path()).await.unwrap();
        fill(&*stores.ledger, dir.path(), &[]).await;
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let page = stores.ledger.records(HERE, after, 500).await.unwrap();
            found.extend(page.records.iter().map(|record| record.attempt));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(found, written.into_iter().collect::<Vec<_>>());
        assert_eq!(total(&*stores.ledger, HERE).await.attempts, found.len() as u64);
    });
}

#[test]
fn a_batch_that_could_not_be_written_can_be_tried_again() {
    each(|pair| async move {
        let journal = store::sqlite::open_journal(pair.dir()).unwrap();
        write(&journal, &[usage(NOON_ISH_MS, 1)]);
        let mut reader = journal.reader(Vec::new());
        let batch = reader.read().unwrap();
        // The file is out of reach for a while.
        let (ledger, aside) = (pair.dir().join("ledger.db"), pair.dir().join("aside.db"));
        pair.one.close().await.unwrap();
        pair.two.close().await.unwrap();
        std::fs::rename(&ledger, &aside).unwrap();
        std::fs::create_dir(&ledger).unwrap();
        pair.one.ledger.apply(&batch).await.unwrap_err();
        pair.one.ledger.apply(&reader.read().unwrap()).await.unwrap_err();
        std::fs::remove_dir(&ledger).unwrap();
        std::fs::rename(&aside, &ledger).unwrap();
        assert_eq!(drain(&*pair.one.ledger, &mut reader).await.added, 1);
    });
}
