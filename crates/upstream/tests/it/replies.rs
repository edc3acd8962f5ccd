//! Replies of every shape: those that can be read to a certain end are read, all others are refused and say why.

use bytes::Bytes;
use upstream::{BodyError, SendError};

use crate::server::{Step, post, read, talk, with_server};

async fn answered(pieces: &[&'static [u8]], then: Step) -> Result<(u16, String), String> {
    let script = vec![Step::Answer(pieces.to_vec()), then];
    with_server(script, async |client, origin| talk(client, origin).await).await.1
}

#[tokio::test]
async fn a_body_ends_where_its_head_says() {
    let keep = || Step::Answer(Vec::new());
    for (pieces, body) in [
        (&[&b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello"[..]][..], "hello"),
        (&[b"HTTP/1.1 200 OK\r\ncontent-le", b"ngth: 5\r\n\r", b"\nhel", b"lo"], "hello"),
        (&[b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"], ""),
        (&[b"HTTP/1.1 204 No Content\r\n\r\n"], ""),
        (
            &[
                b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nhel\r",
                b"\n2\r\nlo\r\n0\r\nx: y\r\n\r\n",
            ],
            "hello",
        ),
        (&[b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi"], "hi"),
    ] {
        let answered = answered(pieces, keep()).await.unwrap();
        assert_eq!(
            answered,
            (if pieces[0].starts_with(b"HTTP/1.1 204") { 204 } else { 200 }, body.to_owned())
        );
    }
    let until_close = answered(&[b"HTTP/1.1 200 OK\r\n\r\nhel", b"lo"], Step::Close).await;
    assert_eq!(until_close.unwrap(), (200, "hello".to_owned()));
}

#[tokio::test]
async fn a_body_that_breaks_off_is_never_a_whole_one() {
    for (head, step) in [
        (&b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhello"[..], Step::Close),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n", Step::Close),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n", Step::Close),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n9\r\nhello", Step::Close),
    ] {
        let script = vec![Step::Answer(vec![head]), step];
        let exchange = async |client: &_, origin: &_| read(post(client, origin, &[]).await.unwrap()).await;
        let (body, error) = with_server(script, exchange).await.1.unwrap_err();
        assert_eq!(body, b"hello", "{}", head.escape_ascii());
        assert!(matches!(error, BodyError::CutShort), "{error:?}");
    }
    let bad =
        answered(&[b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhelloX\r\n"], Step::Close)
            .await;
    assert_eq!(bad.unwrap_err(), "what came is not valid HTTP: its chunks are malformed");
}

#[tokio::test]
async fn what_is_no_reply_is_refused() {
    for (bytes, reason) in [
        (&b"SSH-2.0-OpenSSH_9.6\r\n\r\n"[..], "its head is malformed"),
        (b"HTTP/1.1 200 OK\r\nbad header\r\n\r\n", "its head is malformed"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 1, 2\r\n\r\nab", "its `content-length` is not one number"),
        (
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\nab",
            "it has a transfer coding that nobody asked for",
        ),
        (b"HTTP/1.1 101 Switching Protocols\r\n\r\n", "it switches to another protocol"),
    ] {
        let refused = answered(&[bytes], Step::Answer(Vec::new())).await.unwrap_err();
        assert_eq!(refused, format!("the reply is not valid HTTP: {reason}"));
    }
}

#[tokio::test]
async fn an_endless_head_is_not_read_to_the_end() {
    let exchange = async |client: &_, origin: &_| post(client, origin, &[]).await.map(|_| ());
    let endless: &'static [u8] =
        [b"HTTP/1.1 200 OK\r\na: ".as_slice(), &b"b".repeat(100_000)].concat().leak();
    let (_, error) = with_server(vec![Step::Answer(vec![endless])], exchange).await;
    assert!(matches!(error.unwrap_err(), SendError::Garbage(upstream::BadReply::HeadTooLarge)));
}

#[tokio::test]
async fn no_reply_at_all_is_told_and_not_tried_again_on_a_new_connection() {
    for step in [Step::Close, Step::Reset] {
        let script = vec![Step::Answer(vec![b"HTTP/1.1 20"]), step];
        let (requests, result) = with_server(script, async |client, origin| talk(client, origin).await).await;
        assert!(result.unwrap_err().starts_with("the connection broke before the reply: "));
        assert_eq!(requests.len(), 1);
    }
}

#[tokio::test]
async fn a_server_may_refuse_before_it_has_read_everything() {
    const REFUSAL: &[u8] = b"HTTP/1.1 413 Too Large\r\ncontent-length: 3\r\n\r\nbig";
    let body = [Bytes::from(vec![b'x'; 64 * 1024 * 1024])];
    let exchange = async |client: &_, origin: &_| {
        let response = post(client, origin, &body).await.unwrap();
        (response.status.as_u16(), read(response).await.unwrap())
    };
    // The server reads nothing, so most of the request stays here.
    let (_, (status, refusal)) = with_server(vec![Step::Say(REFUSAL)], exchange).await;
    assert_eq!((status, refusal.as_slice()), (413, &b"big"[..]));
}

#[tokio::test]
async fn a_large_request_goes_out_in_one_piece_whatever_its_parts_are() {
    let body = [Bytes::from(vec![b'a'; 3_000_000]), Bytes::new(), Bytes::from_static(b"end")];
    let script = vec![Step::Answer(vec![b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"])];
    let exchange = async |client: &_, origin: &_| post(client, origin, &body).await.unwrap().status;
    let (requests, status) = with_server(script, exchange).await;
    assert_eq!(status, 200);
    let (head, sent) = requests[0].1.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /v1/x HTTP/1.1\r\nhost: here\r\n"), "{head}");
    assert!(head.ends_with("content-length: 3000003"), "{head}");
    assert!(sent.len() == 3_000_003 && sent.ends_with("aend"));
}

#[tokio::test]
async fn a_large_reply_is_read_whole() {
    let large: &'static [u8] =
        [b"HTTP/1.1 200 OK\r\ncontent-length: 5000000\r\n\r\n".as_slice(), &b"y".repeat(5_000_000)]
            .concat()
            .leak();
    let (status, body) = answered(&[large], Step::Answer(Vec::new())).await.unwrap();
    assert_eq!((status, body.len()), (200, 5_000_000));
}
