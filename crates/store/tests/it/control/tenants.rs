//! What lies outside of the part of the tenant tree that a caller may see does not exist for it.

use domain::{ObjectId, ObjectKind, OrganizationId, Scope};
use store::{AuditQuery, ListQuery, NewObject, StoreError, Within};

use super::names::project;
use super::{ALL, apply, apply_within, credential, delete, put};
use crate::backend::each;

#[test]
fn a_foreign_object_does_not_exist_for_any_read() {
    each(|pair| async move {
        let web = project("web");
        let mine = NewObject { scope: web.scope, id: ObjectId(70), ..credential("mine") };
        apply(&*pair.one.control, &[put(&web), put(&credential("theirs")), put(&mine)]).await.unwrap();
        let control = &*pair.two.control;
        let kind = ObjectKind::Credential;
        for (within, sees_theirs, sees_mine) in [
            (ALL, true, true),
            (Within::team(ALL.organization, Scope::DEFAULT.team), true, true),
            (Within::project(Scope::DEFAULT), true, false),
            (Within::project(web.scope), false, true),
            (Within::organization(OrganizationId(9)), false, false),
            (Within::project(Scope { organization: OrganizationId(9), ..Scope::DEFAULT }), false, false),
        ] {
            let theirs = credential("theirs");
            assert_eq!(
                control.get(within, kind, theirs.id).await.unwrap().is_some(),
                sees_theirs,
                "{within:?}"
            );
            let found = control.find(within, kind, theirs.scope, "theirs").await.unwrap();
            assert_eq!(found.is_some(), sees_theirs, "{within:?}");
            let page = control.list(within, kind, &ListQuery::default()).await.unwrap();
            let names: Vec<_> = page.objects.iter().map(|object| object.name.as_str()).collect();
            let expected: Vec<_> = [("mine", sees_mine), ("theirs", sees_theirs)]
                .iter()
                .filter(|(_, sees)| *sees)
                .map(|(n, _)| *n)
                .collect();
            assert_eq!(names, expected, "{within:?}");
            let log = control.audit(within, &AuditQuery::default()).await.unwrap();
            assert_eq!(log.entries.iter().any(|entry| entry.name == "theirs"), sees_theirs, "{within:?}");
        }
        assert_eq!(control.get(ALL, ObjectKind::Key, mine.id).await.unwrap(), None, "of another kind");
    });
}

#[test]
fn a_foreign_object_does_not_exist_for_any_write() {
    each(|pair| async move {
        let web = project("web");
        apply(&*pair.one.control, &[put(&web), put(&credential("theirs"))]).await.unwrap();
        let within = Within::project(web.scope);
        let stolen = NewObject { scope: web.scope, ..credential("theirs") };
        let planted = NewObject { id: ObjectId(70), ..credential("planted") };
        for write in [delete(&credential("theirs")), put(&credential("theirs")), put(&stolen), put(&planted)]
        {
            let refused = apply_within(&*pair.two.control, within, std::slice::from_ref(&write)).await;
            assert!(matches!(refused, Err(StoreError::NotFound { .. })), "{write:?}: {refused:?}");
        }
        assert_eq!(pair.one.control.revision().await.unwrap(), 2);
    });
}
