//! Objects are read as they were written, through any handle.

use domain::{ObjectKind, Scope};
use store::{Change, SealedField};

use super::{ALL, apply, credential, delete, object, put, sealed};
use crate::backend::each;

#[test]
fn an_object_is_read_back_whole_through_the_other_handle() {
    each(|pair| async move {
        let mut openai = credential("openai");
        openai.body = r#"{"provider":"openai","z":1,"a":[1.50]}"#.to_owned();
        openai.secrets = vec![sealed("auth.token", b"\0\xff", "m2"), sealed("api_key", b"abc", "m1")];
        let mut chat = object(ObjectKind::Endpoint, "chat");
        chat.references = vec![openai.id, openai.id];
        let committed = apply(&*pair.one.control, &[put(&openai), put(&chat)]).await.unwrap();
        assert_eq!((committed.revision, committed.replayed), (2, false));

        let found = pair.two.control.get(ALL, openai.kind, openai.id).await.unwrap().unwrap();
        assert_eq!(found, committed.objects[0]);
        assert_eq!((found.name.as_str(), found.scope, found.revision), ("openai", Scope::DEFAULT, 1));
        assert_eq!(found.body, openai.body, "not a byte is another");
        openai.secrets.sort_by(|a, b| a.field.cmp(&b.field));
        assert_eq!(found.secrets, openai.secrets);
        assert!(found.created_at_ms > 0 && found.updated_at_ms == found.created_at_ms);
        assert_eq!(committed.objects[1].references, [openai.id], "once");
        assert_eq!(pair.two.control.revision().await.unwrap(), 2);
    });
}

#[test]
fn a_put_replaces_what_changed_and_keeps_the_secrets_it_names() {
    each(|pair| async move {
        let mut openai = credential("openai");
        openai.secrets = vec![sealed("a", b"1", "m"), sealed("b", b"2", "m"), sealed("c", b"3", "m")];
        let first = apply(&*pair.one.control, &[put(&openai)]).await.unwrap().objects.remove(0);
        openai.body = "{}".to_owned();
        openai.secrets = vec![sealed("b", b"4", "m")];
        openai.keep_secrets = vec!["a".to_owned(), "b".to_owned()];
        let second = apply(&*pair.two.control, &[put(&openai)]).await.unwrap().objects.remove(0);
        assert_eq!(second.secrets, [sealed("a", b"1", "m"), sealed("b", b"4", "m")]);
        assert_eq!((second.revision, second.created_at_ms), (2, first.created_at_ms));
        assert_eq!(second.body, "{}");
        let shown = format!("{second:?}");
        assert!(!shown.contains("wxyz") && !shown.contains("[49]"), "{shown}");
    });
}

#[test]
fn a_put_that_changes_nothing_is_no_change() {
    each(|pair| async move {
        let mut openai = credential("openai");
        openai.secrets = vec![sealed("api_key", b"1", "m")];
        let first = apply(&*pair.one.control, &[put(&openai)]).await.unwrap();
        openai.secrets = Vec::<SealedField>::new();
        openai.keep_secrets = vec!["api_key".to_owned()];
        // Another spelling of the same body.
        openai.body = r#"{ "provider": "openai" }"#.to_owned();
        let second = apply(&*pair.two.control, &[put(&openai)]).await.unwrap();
        assert_eq!(second, first);
    });
}

#[test]
fn changes_are_followed_from_another_handle() {
    each(|pair| async move {
        let (one, two) = (credential("one"), credential("two"));
        assert_eq!(pair.two.control.revision().await.unwrap(), 0);
        apply(&*pair.one.control, &[put(&one), put(&two)]).await.unwrap();
        apply(&*pair.two.control, &[delete(&one)]).await.unwrap();
        let changes = pair.one.control.changes_since(1, 10).await.unwrap();
        let change = |revision, id, deleted| Change { revision, kind: ObjectKind::Credential, id, deleted };
        assert_eq!(changes, [change(2, two.id, false), change(3, one.id, true)]);
        assert_eq!(pair.one.control.changes_since(0, 1).await.unwrap().len(), 1);
        let loaded = pair.one.control.load(&[one.id, two.id]).await.unwrap();
        assert_eq!(loaded.iter().map(|object| object.id).collect::<Vec<_>>(), [two.id]);
    });
}

#[test]
fn everything_is_read_page_by_page() {
    each(|pair| async move {
        let mut writes = Vec::new();
        for number in 0..7 {
            writes.push(put(&credential(&format!("c{number}"))));
            writes.push(put(&object(ObjectKind::Key, &format!("k{number}"))));
        }
        apply(&*pair.one.control, &writes).await.unwrap();
        let (mut after, mut names) = (None, Vec::new());
        loop {
            let page = pair.two.control.all(after, 3).await.unwrap();
            let Some(last) = page.last() else { break };
            after = Some((last.kind, last.id));
            names.extend(page.into_iter().map(|object| object.name));
        }
        names.sort();
        assert_eq!(
            names,
            ["c0", "c1", "c2", "c3", "c4", "c5", "c6", "k0", "k1", "k2", "k3", "k4", "k5", "k6"]
        );
    });
}
