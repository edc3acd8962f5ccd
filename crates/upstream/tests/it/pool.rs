//! Which connections are used again, and which must not be.

use bytes::Bytes;

use crate::server::{Step, post, read, talk, with_server};

const FINE: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/// The numbers of the connections over which the requests of `count` exchanges came.
async fn connections(script: Vec<Step>, count: usize) -> Vec<usize> {
    let exchange = async |client: &_, origin: &_| {
        for _ in 0..count {
            let (status, body) = talk(client, origin).await.unwrap();
            assert!(status == 200 && body == "ok", "{status} {body}");
        }
    };
    let (requests, ()) = with_server(script, exchange).await;
    requests.into_iter().map(|(connection, _)| connection).collect()
}

fn answer(bytes: &'static [u8]) -> Step {
    Step::Answer(vec![bytes])
}

#[tokio::test]
async fn a_connection_whose_reply_was_read_serves_the_next_request() {
    let chunked = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n";
    assert_eq!(connections(vec![answer(FINE), answer(chunked), answer(FINE)], 3).await, [0, 0, 0]);
}

#[tokio::test]
async fn a_connection_that_the_server_ends_is_not_used_again() {
    for last in [
        &b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok"[..],
        b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    ] {
        assert_eq!(connections(vec![answer(last), Step::Close, answer(FINE)], 2).await, [0, 1]);
    }
}

#[tokio::test]
async fn bytes_that_nobody_asked_for_spoil_a_connection() {
    // A second reply after the first would be taken for the reply to the next request.
    let both =
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokHTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil";
    assert_eq!(connections(vec![answer(both), Step::Close, answer(FINE)], 2).await, [0, 1]);
}

#[tokio::test]
async fn a_connection_that_was_closed_while_it_rested_is_replaced_without_a_word() {
    for step in [Step::Close, Step::Reset] {
        assert_eq!(connections(vec![answer(FINE), step, answer(FINE)], 2).await, [0, 1]);
    }
}

#[tokio::test]
async fn a_request_that_met_a_closing_connection_goes_out_once_more_and_only_once() {
    // The server closes after it has read the second request: from here it looks like one that was closed at rest.
    let script = vec![answer(FINE), Step::Answer(Vec::new()), Step::Close, answer(FINE)];
    assert_eq!(connections(script, 2).await, [0, 0, 1]);
    let script = vec![
        answer(FINE),
        Step::Answer(Vec::new()),
        Step::Close,
        Step::Answer(Vec::new()),
        Step::Close,
        answer(FINE),
    ];
    let exchange = async |client: &_, origin: &_| {
        talk(client, origin).await.unwrap();
        talk(client, origin).await.unwrap_err()
    };
    let (requests, error) = with_server(script, exchange).await;
    assert!(error.starts_with("the connection broke before the reply"), "{error}");
    assert_eq!(requests.len(), 3);
}

#[tokio::test]
async fn a_reply_that_has_begun_is_never_asked_for_again() {
    let script = vec![answer(FINE), answer(b"HTTP/1.1 2"), Step::Close, answer(FINE)];
    let exchange = async |client: &_, origin: &_| {
        talk(client, origin).await.unwrap();
        talk(client, origin).await.unwrap_err()
    };
    let (requests, _) = with_server(script, exchange).await;
    assert_eq!(requests.len(), 2);
}

#[tokio::test]
async fn a_reply_that_is_dropped_closes_its_connection() {
    let endless = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n";
    let script = vec![answer(endless), Step::Answer(Vec::new()), answer(FINE)];
    let exchange = async |client: &_, origin: &_| {
        let mut response = post(client, origin, &[]).await.unwrap();
        assert_eq!(response.body.chunk().await.unwrap().unwrap(), "ok");
        drop(response);
        talk(client, origin).await.unwrap()
    };
    // The server's second step ends by itself when it sees that the client has closed.
    let (requests, _) = with_server(script, exchange).await;
    assert_eq!(requests.iter().map(|(connection, _)| *connection).collect::<Vec<_>>(), [0, 1]);
}

#[tokio::test]
async fn what_was_refused_half_sent_is_not_continued() {
    const REFUSAL: &[u8] = b"HTTP/1.1 413 Too Large\r\ncontent-length: 3\r\n\r\nbig";
    let script = vec![Step::Say(REFUSAL), Step::Close, answer(FINE)];
    let exchange = async |client: &_, origin: &_| {
        let large = [Bytes::from(vec![b'x'; 64 * 1024 * 1024])];
        let refused = post(client, origin, &large).await;
        if let Ok(refused) = refused {
            let _ = read(refused).await;
        }
        talk(client, origin).await.unwrap()
    };
    let (requests, (status, _)) = with_server(script, exchange).await;
    assert_eq!((status, requests.len()), (200, 1));
    assert!(requests[0].1.ends_with("{}"));
}
