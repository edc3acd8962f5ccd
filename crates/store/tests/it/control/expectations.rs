//! A write is made on the state that its writer saw, or not at all.

use domain::ObjectKind;
use store::{ControlWrite, Expect, StoreError};

use super::{ALL, apply, credential, delete, object, put, put_if};
use crate::backend::each;

#[test]
fn a_write_on_an_old_state_changes_nothing() {
    each(|pair| async move {
        let mut openai = credential("openai");
        apply(&*pair.one.control, &[put(&openai)]).await.unwrap();
        openai.body = r#"{"n":1}"#.to_owned();
        apply(&*pair.one.control, &[put_if(&openai, Expect::Revision(1))]).await.unwrap();
        openai.body = r#"{"n":2}"#.to_owned();
        let late =
            apply(&*pair.two.control, &[put(&credential("x")), put_if(&openai, Expect::Revision(1))]).await;
        let Err(StoreError::Stale { object, found: 2 }) = late else { panic!("{late:?}") };
        assert_eq!(object, "credential `openai`");
        assert_eq!(pair.one.control.revision().await.unwrap(), 2, "not the other object either");
        assert!(pair.one.control.get(ALL, openai.kind, credential("x").id).await.unwrap().is_none());
    });
}

#[test]
fn what_is_expected_to_be_absent_is_not_replaced() {
    each(|pair| async move {
        let openai = credential("openai");
        apply(&*pair.one.control, &[put_if(&openai, Expect::Absent)]).await.unwrap();
        let again = apply(&*pair.two.control, &[put_if(&openai, Expect::Absent)]).await;
        assert!(matches!(again, Err(StoreError::Exists { .. })), "{again:?}");
    });
}

#[test]
fn what_is_gone_is_not_brought_back_by_an_update() {
    each(|pair| async move {
        let openai = credential("openai");
        apply(&*pair.one.control, &[put(&openai)]).await.unwrap();
        apply(&*pair.one.control, &[delete(&openai)]).await.unwrap();
        let late = apply(&*pair.two.control, &[put_if(&openai, Expect::Revision(1))]).await;
        assert!(matches!(late, Err(StoreError::NotFound { .. })), "{late:?}");
        let twice = apply(&*pair.two.control, &[delete(&openai)]).await;
        assert!(matches!(twice, Err(StoreError::NotFound { .. })), "{twice:?}");
        let (kind, id) = (openai.kind, openai.id);
        let absent = ControlWrite::Delete { kind, id, expect: Expect::Absent };
        apply(&*pair.two.control, &[absent]).await.unwrap();
    });
}

#[test]
fn a_deletion_is_held_to_its_expectation() {
    each(|pair| async move {
        let openai = credential("openai");
        apply(&*pair.one.control, &[put(&openai)]).await.unwrap();
        for (kind, expect, stale) in
            [(openai.kind, Expect::Revision(7), true), (ObjectKind::Endpoint, Expect::Anything, false)]
        {
            let refused =
                apply(&*pair.two.control, &[ControlWrite::Delete { kind, id: openai.id, expect }]).await;
            match refused {
                Err(StoreError::Stale { found: 1, .. }) if stale => {}
                Err(StoreError::NotFound { .. }) if !stale => {}
                other => panic!("{other:?}"),
            }
        }
    });
}

#[test]
fn an_id_is_of_one_kind() {
    each(|pair| async move {
        let openai = credential("openai");
        apply(&*pair.one.control, &[put(&openai)]).await.unwrap();
        let mut price = object(ObjectKind::Price, "price");
        price.id = openai.id;
        let refused = apply(&*pair.two.control, &[put(&price)]).await;
        assert!(matches!(refused, Err(StoreError::Exists { .. })), "{refused:?}");
    });
}
