//! Lists by name, page by page, whatever the names.

use domain::{ObjectKind, ProjectId};
use store::{ListQuery, NewObject, StoreError};

use super::names::project;
use super::{ALL, apply, credential, put};
use crate::backend::{Pair, each};

/// Names that a careless query would trip over, in the order of their bytes.
const ODD: [&str; 12] =
    ["", " ", "\"quoted\"", "%", "'; DROP TABLE objects; --", "A", "\\_", "_", "a", "a%b_c", "näme", "中文"];

async fn walk(pair: &Pair, query: ListQuery) -> Vec<String> {
    let mut names = Vec::new();
    let mut query = query;
    loop {
        let page = pair.two.control.list(ALL, ObjectKind::Credential, &query).await.unwrap();
        assert!(page.objects.len() <= query.limit);
        names.extend(page.objects.into_iter().map(|object| object.name));
        match page.next {
            // As a client hands it back.
            Some(next) => query.after = Some(next.to_string().parse().unwrap()),
            None => return names,
        }
    }
}

#[test]
fn pages_of_any_size_show_every_name_once_and_in_order() {
    each(|pair| async move {
        let writes: Vec<_> = ODD.iter().rev().map(|name| put(&credential(name))).collect();
        apply(&*pair.one.control, &writes).await.unwrap();
        for limit in [1, 5, 11, 12, 13, 500] {
            assert_eq!(walk(&pair, ListQuery { limit, ..ListQuery::default() }).await, ODD, "{limit}");
        }
    });
}

#[test]
fn the_same_name_in_several_projects_is_paged_by_id() {
    each(|pair| async move {
        let mut writes = Vec::new();
        for name in ["one", "two", "three"] {
            let project = project(name);
            let id = domain::ObjectId(project.id.0 + 1);
            writes
                .extend([put(&project), put(&NewObject { id, scope: project.scope, ..credential("same") })]);
        }
        apply(&*pair.one.control, &writes).await.unwrap();
        assert_eq!(walk(&pair, ListQuery { limit: 1, ..ListQuery::default() }).await, ["same"; 3]);
        let one = ListQuery { project: Some(ProjectId(project("two").id.0)), ..ListQuery::default() };
        assert_eq!(walk(&pair, one).await, ["same"]);
    });
}

#[test]
fn a_part_of_a_name_is_taken_literally_and_in_any_case() {
    each(|pair| async move {
        let writes: Vec<_> = ODD.iter().map(|name| put(&credential(name))).collect();
        apply(&*pair.one.control, &writes).await.unwrap();
        for (part, expected) in [
            ("%", &["%", "a%b_c"][..]),
            ("_", &["\\_", "_", "a%b_c"]),
            ("drop table", &["'; DROP TABLE objects; --"]),
            ("文", &["中文"]),
            ("nowhere", &[]),
        ] {
            let query = ListQuery { name_contains: Some(part.to_owned()), limit: 2, ..ListQuery::default() };
            assert_eq!(walk(&pair, query).await, expected, "{part}");
        }
    });
}

#[test]
fn what_comes_between_two_pages_repeats_and_hides_nothing() {
    each(|pair| async move {
        apply(&*pair.one.control, &["b", "d", "f"].map(|name| put(&credential(name)))).await.unwrap();
        let mut query = ListQuery { limit: 2, ..ListQuery::default() };
        let page = pair.two.control.list(ALL, ObjectKind::Credential, &query).await.unwrap();
        apply(&*pair.one.control, &["a", "e"].map(|name| put(&credential(name)))).await.unwrap();
        query.after = page.next;
        assert_eq!(walk(&pair, query).await, ["e", "f"]);
        let bad = "e-1".parse::<store::ObjectCursor>();
        assert!(matches!(bad, Err(StoreError::BadCursor { .. })), "{bad:?}");
    });
}
