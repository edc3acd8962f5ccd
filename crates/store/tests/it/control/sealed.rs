//! Sealed secrets under several master keys.

use store::{Reseal, SealedRow, StoreError};

use super::{ALL, apply, credential, put, sealed};
use crate::backend::each;

#[test]
fn secrets_are_resealed_unless_they_changed_meanwhile() {
    each(|pair| async move {
        let (mut a, mut b) = (credential("a"), credential("b"));
        a.secrets = vec![sealed("x", b"old", "m1"), sealed("y", b"old", "m1")];
        b.secrets = vec![sealed("x", b"new", "m2")];
        apply(&*pair.one.control, &[put(&a), put(&b)]).await.unwrap();
        let counts = async || pair.two.control.sealed_under().await.unwrap();
        assert_eq!(counts().await, [("m1".to_owned(), 2), ("m2".to_owned(), 1)]);

        let first = pair.two.control.sealed_not_under("m2", None, 1).await.unwrap();
        let rest = pair.two.control.sealed_not_under("m2", first.last(), 10).await.unwrap();
        let fields = |rows: &[SealedRow]| rows.iter().map(|row| row.field.clone()).collect::<Vec<_>>();
        assert_eq!((fields(&first), fields(&rest)), (vec!["x".to_owned()], vec!["y".to_owned()]));

        // Somebody stores another secret in `y` before the new one gets there.
        let mut changed = a.clone();
        changed.secrets = vec![sealed("y", b"newer", "m1")];
        changed.keep_secrets = vec!["x".to_owned()];
        apply(&*pair.one.control, &[put(&changed)]).await.unwrap();
        let reseal =
            |row: &SealedRow| Reseal { was: row.clone(), sealed: b"re".to_vec(), key_id: "m2".to_owned() };
        let rows: Vec<_> = first.iter().chain(&rest).map(reseal).collect();
        assert_eq!(pair.two.control.reseal(&rows).await.unwrap(), 1);

        let found = pair.one.control.get(ALL, a.kind, a.id).await.unwrap().unwrap();
        assert_eq!(found.secrets, [sealed("x", b"re", "m2"), sealed("y", b"newer", "m1")]);
        assert_eq!(found.revision, 3, "as the change left it");
        assert_eq!(pair.one.control.revision().await.unwrap(), 3);
        assert_eq!(counts().await, [("m1".to_owned(), 1), ("m2".to_owned(), 2)]);
    });
}

#[test]
fn a_master_key_is_given_up_when_nothing_is_under_it_and_then_for_good() {
    each(|pair| async move {
        let mut a = credential("a");
        a.secrets = vec![sealed("x", b"old", "m1")];
        apply(&*pair.one.control, &[put(&a)]).await.unwrap();
        assert!(!pair.two.control.retire_vault_key("m1").await.unwrap(), "it is in use");
        let rows = pair.two.control.sealed_not_under("m2", None, 10).await.unwrap();
        let reseal = |was| Reseal { was, sealed: b"re".to_vec(), key_id: "m2".to_owned() };
        pair.two.control.reseal(&rows.into_iter().map(reseal).collect::<Vec<_>>()).await.unwrap();
        assert!(pair.two.control.retire_vault_key("m1").await.unwrap());
        assert!(pair.one.control.retire_vault_key("m1").await.unwrap(), "it is");

        // Sealed before, written after.
        let refused = apply(&*pair.one.control, &[put(&a)]).await;
        let Err(error @ StoreError::RetiredVaultKey { .. }) = refused else { panic!("{refused:?}") };
        assert!(error.to_string().contains("send the request again"), "{error}");
        let found = pair.one.control.get(ALL, a.kind, a.id).await.unwrap().unwrap();
        assert_eq!(found.secrets, [sealed("x", b"re", "m2")]);
    });
}
