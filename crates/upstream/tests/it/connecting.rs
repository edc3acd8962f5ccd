//! A connection that does not come about: in bounded time, and with a reason.

use std::time::{Duration, Instant};

use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Method};
use socket2::{Domain, Socket, Type};
use upstream::{Client, Origin, Request, SendError, Tls};

/// A port whose queue is full: the kernel answers nobody, as an address that nobody routes.
fn black_hole() -> (Socket, Vec<Socket>, u16) {
    let listener = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    listener.bind(&"127.0.0.1:0".parse::<std::net::SocketAddr>().unwrap().into()).unwrap();
    listener.listen(0).unwrap();
    let address = listener.local_addr().unwrap();
    let mut waiting = Vec::new();
    // More than any rounding of the queue's length; those that find it full stay half open.
    for _ in 0..8 {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket.set_nonblocking(true).unwrap();
        let _ = socket.connect(&address);
        waiting.push(socket);
    }
    (listener, waiting, address.as_socket().unwrap().port())
}

#[tokio::test]
async fn an_address_that_never_answers_costs_the_connect_deadline_and_no_more() {
    let (_listener, _waiting, port) = black_hole();
    let client = Client::new(Tls::new(None).unwrap(), None);
    let origin = Origin { tls: false, host: "127.0.0.1".into(), port, allow_private: true };
    let request = Request {
        method: &Method::POST,
        path: &PathAndQuery::from_static("/"),
        authority: &HeaderValue::from_static("here"),
        auth: None,
        headers: &HeaderMap::new(),
        body: &[],
    };
    let begun = Instant::now();
    let error = client.send(&origin, Duration::from_millis(300), &request).await.unwrap_err();
    assert!(matches!(error, SendError::ConnectTimeout { .. }) && error.is_timeout(), "{error}");
    assert!(!error.reached(), "it may be tried elsewhere");
    assert!(
        (Duration::from_millis(250)..Duration::from_secs(5)).contains(&begun.elapsed()),
        "{:?}",
        begun.elapsed()
    );
}

#[tokio::test]
async fn a_host_without_a_meaning_is_named() {
    let client = Client::new(Tls::new(None).unwrap(), None);
    let origin = Origin { tls: false, host: "nobody.invalid".into(), port: 80, allow_private: false };
    let error = crate::server::talk(&client, &origin).await.unwrap_err();
    assert!(error.contains("cannot resolve `nobody.invalid`"), "{error}");
}
