//! What a key is found by, and that it never is another key's.

use domain::{ObjectId, ObjectKind};
use store::{KeyTombstone, NewObject, StoreError};

use super::{ALL, apply, delete, key_row, object, put};
use crate::backend::each;

#[test]
fn a_deleted_key_leaves_a_tombstone_that_nobody_can_take() {
    each(|pair| async move {
        let ci = object(ObjectKind::Key, "ci");
        apply(&*pair.one.control, &[put(&ci)]).await.unwrap();
        apply(&*pair.two.control, &[delete(&ci)]).await.unwrap();
        let row = ci.key.unwrap();
        let tombstone = KeyTombstone { hash: row.hash, prefix: row.prefix, length: row.length, key: ci.id };
        assert_eq!(pair.one.control.tombstones(None, 10).await.unwrap(), [tombstone]);
        assert!(pair.one.control.tombstones(Some(row.hash), 10).await.unwrap().is_empty());

        for id in [ci.id, ObjectId(5)] {
            let again = apply(&*pair.one.control, &[put(&NewObject { id, ..ci.clone() })]).await;
            let Err(error @ StoreError::SecretReused { .. }) = again else { panic!("{again:?}") };
            assert!(error.to_string().contains("key `ci`"), "{error}");
        }
        // The same name with another secret is another key.
        apply(&*pair.one.control, &[put(&NewObject { id: ObjectId(5), key: Some(key_row(6)), ..ci })])
            .await
            .unwrap();
    });
}

#[test]
fn two_keys_have_two_secrets() {
    each(|pair| async move {
        let one = object(ObjectKind::Key, "one");
        let two = NewObject { key: one.key, ..object(ObjectKind::Key, "two") };
        apply(&*pair.one.control, &[put(&one)]).await.unwrap();
        let refused = apply(&*pair.two.control, &[put(&two)]).await;
        assert!(matches!(refused, Err(StoreError::SecretReused { .. })), "{refused:?}");
        let refused = apply(&*pair.two.control, &[put(&NewObject { key: None, ..two })]).await;
        assert!(matches!(refused, Err(StoreError::MissingSecret { .. })), "{refused:?}");
    });
}

#[test]
fn a_key_keeps_its_secret_through_changes_and_retires_it_with_another() {
    each(|pair| async move {
        let mut ci = object(ObjectKind::Key, "ci");
        apply(&*pair.one.control, &[put(&ci)]).await.unwrap();
        let first = ci.key.take();
        ci.body = r#"{"endpoints":["chat"]}"#.to_owned();
        let kept = apply(&*pair.two.control, &[put(&ci)]).await.unwrap();
        assert_eq!(kept.objects[0].key, first);

        ci.key = Some(key_row(8));
        let renewed = apply(&*pair.two.control, &[put(&ci)]).await.unwrap();
        assert_eq!(renewed.objects[0].key, ci.key);
        let tombstones = pair.one.control.tombstones(None, 10).await.unwrap();
        assert_eq!(tombstones.iter().map(|stone| stone.hash).collect::<Vec<_>>(), [first.unwrap().hash]);
    });
}

#[test]
fn a_revoked_key_stays_revoked_and_can_still_be_read() {
    each(|pair| async move {
        let mut ci = object(ObjectKind::Key, "ci");
        apply(&*pair.one.control, &[put(&ci)]).await.unwrap();
        for (revoked_at_ms, revision) in [(Some(1_000), 2), (Some(2_000), 2), (None, 2)] {
            ci.key.as_mut().unwrap().revoked_at_ms = revoked_at_ms;
            let committed = apply(&*pair.two.control, &[put(&ci)]).await.unwrap();
            assert_eq!(committed.revision, revision, "nothing is new");
            let found = pair.one.control.get(ALL, ci.kind, ci.id).await.unwrap().unwrap();
            assert_eq!(found.key.unwrap().revoked_at_ms, Some(1_000));
        }
        assert!(pair.one.control.tombstones(None, 10).await.unwrap().is_empty(), "it is still a key");
    });
}

#[test]
fn the_last_use_of_a_key_only_moves_forward() {
    each(|pair| async move {
        let ci = object(ObjectKind::Key, "ci");
        apply(&*pair.one.control, &[put(&ci)]).await.unwrap();
        let declared = ObjectId(u128::MAX);
        pair.one.control.touch_keys(&[]).await.unwrap();
        pair.one.control.touch_keys(&[(ci.id, 50), (declared, 70)]).await.unwrap();
        pair.two.control.touch_keys(&[(ci.id, 40), (declared, 80)]).await.unwrap();
        let mut used = pair.one.control.last_used(&[ci.id, declared, ObjectId(3)]).await.unwrap();
        used.sort();
        assert_eq!(used, [(ci.id, 50), (declared, 80)]);
        assert_eq!(pair.one.control.revision().await.unwrap(), 1, "a use is no change");
        apply(&*pair.one.control, &[delete(&ci)]).await.unwrap();
        assert!(pair.two.control.last_used(&[ci.id]).await.unwrap().is_empty());
    });
}
