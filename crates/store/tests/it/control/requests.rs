//! A request that is sent twice is done once.

use sqlx::{ConnectOptions, Connection, Executor};
use store::{Apply, Committed, ControlStore, ControlWrite, Idempotency, StoreError, StoredResponse};

use super::{ALL, actor, credential, delete, put};
use crate::backend::each;

const REQUEST: Idempotency<'static> = Idempotency { caller: "admin", key: "k-1", request_hash: [1; 32] };

async fn send(
    store: &dyn ControlStore,
    writes: &[ControlWrite],
    request: Idempotency<'_>,
) -> Result<Committed, StoreError> {
    store.apply(Apply { within: ALL, actor: &actor(), writes, idempotency: Some(request) }).await
}

#[test]
fn the_second_time_gives_what_the_first_time_gave() {
    each(|pair| async move {
        let writes = [put(&credential("a")), put(&credential("b"))];
        assert_eq!(pair.one.control.replay(REQUEST).await.unwrap(), None);
        let first = send(&*pair.one.control, &writes, REQUEST).await.unwrap();
        assert_eq!(pair.two.control.replay(REQUEST).await.unwrap(), None, "not answered yet");
        let again = send(&*pair.two.control, &writes, REQUEST).await.unwrap();
        assert_eq!(again, Committed { replayed: true, ..first });

        let answer = StoredResponse { status: 201, body: b"{}".to_vec() };
        pair.one.control.remember(REQUEST, &answer).await.unwrap();
        let late = StoredResponse { status: 200, body: b"late".to_vec() };
        pair.two.control.remember(REQUEST, &late).await.unwrap();
        assert_eq!(pair.two.control.replay(REQUEST).await.unwrap(), Some(answer), "the first answer stands");
        assert_eq!(pair.two.control.revision().await.unwrap(), 2);
    });
}

#[test]
fn another_request_under_the_same_key_is_refused_and_another_callers_is_not() {
    each(|pair| async move {
        send(&*pair.one.control, &[put(&credential("a"))], REQUEST).await.unwrap();
        let other = Idempotency { request_hash: [2; 32], ..REQUEST };
        let refused = send(&*pair.two.control, &[put(&credential("b"))], other).await;
        assert!(matches!(refused, Err(StoreError::IdempotencyReuse { .. })), "{refused:?}");
        let refused = pair.two.control.replay(other).await;
        assert!(matches!(refused, Err(StoreError::IdempotencyReuse { .. })), "{refused:?}");
        let another = Idempotency { caller: "service", ..other };
        assert!(!send(&*pair.two.control, &[put(&credential("b"))], another).await.unwrap().replayed);
    });
}

#[test]
fn a_refused_request_may_be_sent_again_under_its_key() {
    each(|pair| async move {
        send(&*pair.one.control, &[delete(&credential("a"))], REQUEST).await.unwrap_err();
        assert!(!send(&*pair.one.control, &[put(&credential("a"))], REQUEST).await.unwrap().replayed);
    });
}

#[test]
fn a_key_is_forgotten_after_a_day() {
    each(|pair| async move {
        let answer = StoredResponse { status: 204, body: Vec::new() };
        send(&*pair.one.control, &[put(&credential("a"))], REQUEST).await.unwrap();
        pair.one.control.remember(REQUEST, &answer).await.unwrap();
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(pair.dir().join("control.db"));
        let mut other = options.connect().await.unwrap();
        other.execute("UPDATE idempotency SET at_ms = at_ms - 24 * 3600 * 1000").await.unwrap();
        other.close().await.unwrap();
        assert_eq!(pair.two.control.replay(REQUEST).await.unwrap(), None);
        let again = send(&*pair.two.control, &[delete(&credential("a"))], REQUEST).await.unwrap();
        assert!(!again.replayed);
    });
}
