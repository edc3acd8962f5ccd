//! Sessions and login codes.

use store::Session;

use crate::backend::each;

fn session(hash: u8, created_at_ms: i64, expires_at_ms: i64) -> Session {
    Session { hash: [hash; 32], actor: "admin".to_owned(), created_at_ms, expires_at_ms }
}

#[test]
fn a_session_is_there_until_it_is_over_or_ended() {
    each(|pair| async move {
        let (one, two) = (session(1, 0, 100), session(2, 0, 200));
        pair.one.control.put_session(&one).await.unwrap();
        pair.one.control.put_session(&two).await.unwrap();
        assert_eq!(pair.two.control.session([1; 32], 99).await.unwrap(), Some(one));
        assert_eq!(pair.two.control.session([1; 32], 100).await.unwrap(), None);
        assert_eq!(pair.two.control.session([3; 32], 0).await.unwrap(), None);
        assert!(pair.two.control.delete_session([2; 32]).await.unwrap());
        assert!(!pair.one.control.delete_session([2; 32]).await.unwrap());
        assert_eq!(pair.one.control.session([2; 32], 0).await.unwrap(), None);
        // The next one clears away what is over.
        pair.one.control.put_session(&session(4, 150, 300)).await.unwrap();
        assert!(!pair.one.control.delete_session([1; 32]).await.unwrap());
    });
}

#[test]
fn a_code_lets_exactly_one_in() {
    each(|pair| async move {
        pair.one.control.put_code([1; 32], 0, 100).await.unwrap();
        let (a, b) =
            tokio::join!(pair.one.control.take_code([1; 32], 50), pair.two.control.take_code([1; 32], 50));
        assert_ne!(a.unwrap(), b.unwrap());
        pair.one.control.put_code([2; 32], 0, 100).await.unwrap();
        assert!(!pair.two.control.take_code([2; 32], 100).await.unwrap(), "it is over");
        assert!(!pair.two.control.take_code([2; 32], 50).await.unwrap(), "and was used up by that");
        assert!(!pair.two.control.take_code([9; 32], 0).await.unwrap());
    });
}

#[test]
fn codes_are_bounded() {
    each(|pair| async move {
        for number in 0..1_003_i64 {
            let mut hash = [0; 32];
            hash[..8].copy_from_slice(&number.to_be_bytes());
            pair.one.control.put_code(hash, 0, 1_000 + number).await.unwrap();
        }
        let mut hash = [0; 32];
        assert!(!pair.one.control.take_code(hash, 0).await.unwrap(), "the oldest made room");
        hash[..8].copy_from_slice(&3_i64.to_be_bytes());
        assert!(pair.one.control.take_code(hash, 0).await.unwrap());
    });
}
