//! Records of every kind lie side by side; what a reader does not know it passes over, and says so.

use std::sync::Arc;

use domain::{
    Api, AttemptId, CallId, CredentialId, DecisionRecord, EndpointId, KeyId, PicoUsd, ReservationRecord,
    Scope, TargetId, TraceId, Verdict,
};
use store::journal::Journal;
use store::{decode_decision, decode_reservation, encode_decision, encode_reservation};

use crate::backend::run;
use crate::ledger::all;
use crate::records::{NOON_ISH_MS, usage, uuid};

fn reservation(cost: Option<i128>) -> ReservationRecord {
    ReservationRecord {
        attempt: AttemptId(uuid(NOON_ISH_MS, 1)),
        call: CallId(uuid(NOON_ISH_MS, 2)),
        trace: TraceId(3),
        opened_at_ms: NOON_ISH_MS,
        scope: Scope::DEFAULT,
        key: cost.is_some().then_some(KeyId(7)),
        caller: Arc::from("ci"),
        endpoint: EndpointId(1),
        endpoint_name: Arc::from("chat"),
        target: TargetId(2),
        credential: CredentialId(3),
        provider: Arc::from("openai"),
        model: Arc::from("gpt-5"),
        api: Api::Chat,
        cost: cost.map(PicoUsd),
        tokens: 8_192,
    }
}

fn decision(verdict: Verdict) -> DecisionRecord {
    DecisionRecord {
        call: CallId(uuid(NOON_ISH_MS, 2)),
        number: 1,
        trace: TraceId(3),
        decided_at_ms: NOON_ISH_MS,
        scope: Scope::DEFAULT,
        key: None,
        caller: Arc::from("anonymous"),
        verdict,
        rule: Arc::from("web-monthly"),
        rule_revision: 12,
        subject: Arc::from("chat"),
        reason: Arc::from("the budget is spent"),
    }
}

#[test]
fn every_kind_reads_back() {
    for cost in [None, Some(0), Some(i128::MAX), Some(-1)] {
        let mut bytes = Vec::new();
        encode_reservation(&reservation(cost), &mut bytes).unwrap();
        assert_eq!(decode_reservation(&bytes).unwrap(), reservation(cost));
        assert!(decode_decision(&bytes).is_err());
        for cut in 0..bytes.len() {
            assert!(decode_reservation(&bytes[..cut]).is_err(), "cut at {cut}");
        }
    }
    for verdict in Verdict::ALL {
        let mut bytes = Vec::new();
        encode_decision(&decision(verdict), &mut bytes).unwrap();
        assert_eq!(decode_decision(&bytes).unwrap(), decision(verdict));
        assert!(decode_reservation(&bytes).is_err());
    }
}

#[test]
fn kinds_lie_side_by_side_in_a_segment() {
    let dir = tempfile::tempdir().unwrap();
    let journal = Journal::open(dir.path()).unwrap();
    let mut writer = journal.writer(0);
    writer.append_reservation(&reservation(Some(5))).unwrap();
    writer.append_decision(&decision(Verdict::Masked)).unwrap();
    writer.append(&usage(NOON_ISH_MS, 1)).unwrap();
    let batch = journal.reader(Vec::new()).read().unwrap();
    assert_eq!(batch.reservations().collect::<Vec<_>>(), [reservation(Some(5))]);
    assert_eq!(batch.decisions().collect::<Vec<_>>(), [decision(Verdict::Masked)]);
    assert_eq!(batch.usage().flatten().count(), 1);
    assert_eq!(batch.unknown_kinds(), 0);
    assert!(reservation(None).is_settled_by(&usage(NOON_ISH_MS, 1)));
    assert!(!reservation(None).is_settled_by(&usage(NOON_ISH_MS, 2)));
}

#[test]
fn a_kind_from_the_future_is_passed_over_and_kept() {
    run(async {
        let dir = tempfile::tempdir().unwrap();
        let stores = store::sqlite::open(dir.path()).await.unwrap();
        let path = dir.path().join("journal/ledger-0-1-0.journal");
        {
            let journal = store::sqlite::open_journal(dir.path()).unwrap();
            let mut writer = journal.writer(0);
            writer.append(&usage(NOON_ISH_MS, 1)).unwrap();
            drop(writer);
            let written = std::fs::read_dir(dir.path().join("journal")).unwrap();
            let written = written.map(|entry| entry.unwrap().path()).find(|path| path.extension().is_some());
            std::fs::rename(written.unwrap(), &path).unwrap();
        }
        // The same frame once more, with another kind.
        let mut bytes = std::fs::read(&path).unwrap();
        let mut later = bytes.clone();
        later[8] = 200;
        let checksum = crc32fast::hash(&later[8..]).to_le_bytes();
        later[4..8].copy_from_slice(&checksum);
        bytes.extend(later);
        std::fs::write(&path, bytes).unwrap();

        let journal = store::sqlite::open_journal(dir.path()).unwrap();
        let mut reader = journal.reader(Vec::new());
        let batch = reader.read().unwrap();
        assert_eq!((batch.len(), batch.unknown_kinds()), (2, 1));
        let applied = stores.ledger.apply(&batch).await.unwrap();
        assert_eq!((applied.added, applied.unreadable), (1, 1));
        reader.keep(&batch);
        reader.applied(&batch).unwrap();
        let here = store::Within::project(Scope::DEFAULT);
        assert_eq!(all(&*stores.ledger, here).await, [usage(NOON_ISH_MS, 1)]);
        assert!(path.with_extension("damaged").exists(), "a later version can take it in");
    });
}
