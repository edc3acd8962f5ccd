//! The contract of [`store::ControlStore`].

use domain::Scope;
use store::{Change, ChangeKind, ControlWrite, StoreError};

use crate::backend::each;
use crate::records::OTHER;

fn put(id: &str) -> ControlWrite {
    ControlWrite { object: "endpoint".to_owned(), id: id.to_owned(), kind: ChangeKind::Put }
}

#[test]
fn changes_are_followed_from_another_handle() {
    each(|pair| async move {
        assert_eq!(pair.two.control.revision().await.unwrap(), 0);
        let delete = ControlWrite { kind: ChangeKind::Delete, ..put("e-1") };
        let revision =
            pair.one.control.apply(Scope::DEFAULT, "admin", 0, &[put("e-1"), put("e-2")]).await.unwrap();
        assert_eq!(revision, 2);
        pair.two.control.apply(Scope::DEFAULT, "admin", 2, &[delete]).await.unwrap();
        let changes = pair.one.control.changes_since(Scope::DEFAULT, 1, 10).await.unwrap();
        let change = |revision, id: &str, kind| Change {
            revision,
            object: "endpoint".to_owned(),
            id: id.to_owned(),
            kind,
        };
        assert_eq!(changes, [change(2, "e-2", ChangeKind::Put), change(3, "e-1", ChangeKind::Delete)]);
        assert_eq!(pair.one.control.changes_since(Scope::DEFAULT, 0, 1).await.unwrap().len(), 1);
        assert!(pair.one.control.changes_since(OTHER, 0, 10).await.unwrap().is_empty());
    });
}

#[test]
fn a_write_on_an_old_state_changes_nothing() {
    each(|pair| async move {
        pair.one.control.apply(Scope::DEFAULT, "one", 0, &[put("e-1")]).await.unwrap();
        let late = pair.two.control.apply(Scope::DEFAULT, "two", 0, &[put("e-2")]).await;
        assert!(matches!(late, Err(StoreError::Conflict { expected: 0, found: 1 })), "{late:?}");
        assert_eq!(pair.one.control.revision().await.unwrap(), 1);
        pair.two.control.apply(Scope::DEFAULT, "two", 1, &[put("e-2")]).await.unwrap();
    });
}
