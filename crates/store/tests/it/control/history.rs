//! Every change says who made it.

use domain::{ObjectKind, Scope};
use store::{AuditEntry, AuditQuery};

use super::{ALL, actor, apply, credential, delete, object, put, sealed};
use crate::backend::each;

fn line(entry: &AuditEntry) -> String {
    let AuditEntry { actor, action, name, detail, .. } = entry;
    format!("{actor} {action} {name}: {detail}")
}

#[test]
fn each_change_of_an_object_is_an_entry_in_its_transaction() {
    each(|pair| async move {
        let mut openai = credential("openai");
        openai.secrets = vec![sealed("api_key", b"canary", "m")];
        apply(&*pair.one.control, &[put(&openai)]).await.unwrap();
        openai.name = "openai-main".to_owned();
        openai.body = r#"{"provider":"openai","base_url":"https://example.com","tags":[]}"#.to_owned();
        apply(&*pair.one.control, &[put(&openai)]).await.unwrap();
        let mut ci = object(ObjectKind::Key, "ci");
        apply(&*pair.one.control, &[put(&ci)]).await.unwrap();
        ci.key.as_mut().unwrap().revoked_at_ms = Some(1);
        apply(&*pair.one.control, &[put(&ci)]).await.unwrap();
        apply(&*pair.two.control, &[delete(&openai)]).await.unwrap();
        pair.two.control.note(Scope::DEFAULT, &actor(), "vault.rotate", "3 secrets").await.unwrap();

        let log = pair.two.control.audit(ALL, &AuditQuery::default()).await.unwrap();
        assert_eq!(
            log.entries.iter().map(line).collect::<Vec<_>>(),
            [
                "admin vault.rotate : 3 secrets",
                "admin delete openai-main: ",
                "admin revoke ci: revoked",
                "admin create ci: ",
                "admin update openai-main: name, api_key, base_url, tags",
                "admin create openai: ",
            ]
        );
        assert_eq!(log.next, None);
        let [note, deletion, ..] = &log.entries[..] else { panic!("{log:?}") };
        assert_eq!((note.object, note.revision), (None, None));
        assert_eq!(deletion.object, Some((openai.kind, openai.id)));
        assert_eq!(deletion.revision, Some(5));
        assert_eq!(deletion.address, actor().address);
        assert!(deletion.at_ms > 0);
    });
}

#[test]
fn a_refused_write_leaves_no_entry() {
    each(|pair| async move {
        let openai = credential("openai");
        apply(&*pair.one.control, &[put(&openai), delete(&credential("nobody"))]).await.unwrap_err();
        assert!(pair.two.control.audit(ALL, &AuditQuery::default()).await.unwrap().entries.is_empty());
    });
}

#[test]
fn the_log_is_filtered_and_paged() {
    each(|pair| async move {
        for name in ["a", "b", "c"] {
            apply(&*pair.one.control, &[put(&credential(name))]).await.unwrap();
        }
        apply(&*pair.one.control, &[delete(&credential("b"))]).await.unwrap();
        let names = async |query: AuditQuery| {
            let page = pair.two.control.audit(ALL, &query).await.unwrap();
            (page.entries.into_iter().map(|entry| entry.name).collect::<Vec<_>>(), page.next)
        };
        let any = AuditQuery::default;
        assert_eq!(
            names(AuditQuery { limit: 2, ..any() }).await,
            (vec!["b".to_owned(), "c".to_owned()], Some(3))
        );
        assert_eq!(names(AuditQuery { before: Some(3), limit: 2, ..any() }).await.0, ["b", "a"]);
        assert_eq!(names(AuditQuery { action: Some("delete".to_owned()), ..any() }).await.0, ["b"]);
        assert_eq!(names(AuditQuery { object: Some(credential("b").id), ..any() }).await.0, ["b", "b"]);
        assert_eq!(names(AuditQuery { kind: Some(ObjectKind::Key), ..any() }).await.0, [""; 0]);
        assert_eq!(names(AuditQuery { actor: Some("mallory".to_owned()), ..any() }).await.0, [""; 0]);
        assert_eq!(names(AuditQuery { since_ms: Some(i64::MAX), ..any() }).await.0, [""; 0]);
        assert_eq!(names(AuditQuery { until_ms: Some(0), ..any() }).await.0, [""; 0]);
    });
}
