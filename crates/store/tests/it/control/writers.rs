//! Many writers at once.

use std::sync::Arc;

use domain::ObjectKind;
use store::{ControlStore, Expect, ListQuery, StoreError};

use super::{ALL, apply, credential, put, put_if};
use crate::backend::each;

const WRITERS: usize = 200;

#[test]
fn two_hundred_writers_each_get_their_change_in() {
    each(|pair| async move {
        let mut tasks = tokio::task::JoinSet::new();
        for number in 0..WRITERS {
            let pair = [&pair.one, &pair.two];
            let control: Arc<dyn ControlStore> = Arc::clone(&pair[number % 2].control);
            tasks.spawn(async move {
                let committed =
                    apply(&*control, &[put(&credential(&format!("c{number:03}")))]).await.unwrap();
                committed.revision
            });
        }
        let mut revisions = tasks.join_all().await;
        revisions.sort_unstable();
        assert_eq!(revisions, (1..=200).collect::<Vec<i64>>(), "each saw a revision of its own");
        let query = ListQuery { limit: 500, ..ListQuery::default() };
        let page = pair.one.control.list(ALL, ObjectKind::Credential, &query).await.unwrap();
        assert_eq!(page.objects.len(), WRITERS);
    });
}

#[test]
fn of_two_hundred_writers_on_one_state_one_wins() {
    each(|pair| async move {
        apply(&*pair.one.control, &[put(&credential("shared"))]).await.unwrap();
        let mut tasks = tokio::task::JoinSet::new();
        for number in 0..WRITERS {
            let control = Arc::clone(&[&pair.one, &pair.two][number % 2].control);
            let mut mine = credential("shared");
            mine.body = format!(r#"{{"n":{number}}}"#);
            tasks.spawn(async move { apply(&*control, &[put_if(&mine, Expect::Revision(1))]).await });
        }
        let mut won = 0;
        for result in tasks.join_all().await {
            match result {
                Ok(_) => won += 1,
                Err(StoreError::Stale { found: 2, .. }) => {}
                Err(other) => panic!("{other:?}"),
            }
        }
        assert_eq!(won, 1);
    });
}

#[test]
fn a_counter_that_everybody_raises_misses_nobody() {
    each(|pair| async move {
        let mut counter = credential("counter");
        counter.body = r#"{"n":0}"#.to_owned();
        apply(&*pair.one.control, &[put(&counter)]).await.unwrap();
        let mut tasks = tokio::task::JoinSet::new();
        for number in 0..20 {
            let control = Arc::clone(&[&pair.one, &pair.two][number % 2].control);
            tasks.spawn(async move {
                loop {
                    let found = control
                        .get(ALL, ObjectKind::Credential, credential("counter").id)
                        .await
                        .unwrap()
                        .unwrap();
                    let count: u64 = found.body.trim_matches(|c: char| !c.is_ascii_digit()).parse().unwrap();
                    let mut raised = credential("counter");
                    raised.body = format!(r#"{{"n":{}}}"#, count + 1);
                    match apply(&*control, &[put_if(&raised, Expect::Revision(found.revision))]).await {
                        Ok(_) => return,
                        Err(StoreError::Stale { .. }) => {}
                        Err(other) => panic!("{other:?}"),
                    }
                }
            });
        }
        tasks.join_all().await;
        let found = pair.two.control.get(ALL, counter.kind, counter.id).await.unwrap().unwrap();
        assert_eq!(found.body, r#"{"n":20}"#);
    });
}
