//! The way through a forward proxy, from end to end: TLS to the provider inside a tunnel that the proxy cannot look
//! into, to a proxy that speaks http or https, with a login or refused without.

use std::cell::RefCell;
use std::sync::Arc;

use testkit::{Authority, Pair};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use upstream::{Client, Egress, EgressOptions, Origin};

use crate::server::talk;
use crate::tls::{acceptor, options, serve_tls};

/// What a proxy was asked, head by head.
type Heads = RefCell<Vec<String>>;

/// Opens tunnels to `provider`, whatever host is asked for, for whoever has the login `me:p@ss`.
async fn proxy(listener: TcpListener, own: Option<Pair>, provider: u16, heads: &Heads) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        match &own {
            None => tunnel(stream, provider, heads).await,
            Some(pair) => tunnel(acceptor(pair, None).accept(stream).await.unwrap(), provider, heads).await,
        }
    }
}

async fn tunnel(mut stream: impl AsyncRead + AsyncWrite + Unpin, provider: u16, heads: &Heads) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let Ok(byte) = stream.read_u8().await else { return };
        head.push(byte);
    }
    let head = String::from_utf8(head).unwrap();
    // `me:p@ss` in base64.
    let known = head.contains("proxy-authorization: Basic bWU6cEBzcw==\r\n");
    heads.borrow_mut().push(head);
    if !known {
        stream.write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n").await.unwrap();
        return;
    }
    stream.write_all(b"HTTP/1.1 200 Connection established\r\nvia: us\r\n\r\n").await.unwrap();
    let mut to = TcpStream::connect(("127.0.0.1", provider)).await.unwrap();
    let _ = copy_bidirectional(&mut stream, &mut to).await;
}

/// What a client hears from `https://api.provider.example` by way of a proxy, and what the proxy was asked.
async fn heard(scheme: &str, login: &str, no_proxy: &[&str]) -> (Result<String, String>, Vec<String>) {
    let directory = tempfile::TempDir::new().unwrap();
    let authority = Authority::new();
    let (provider, middle) = (listener().await, listener().await);
    let port = provider.local_addr().unwrap().port();
    let own = (scheme == "https").then(|| authority.issue(&["127.0.0.1"]));
    let options = EgressOptions {
        // The proxy is not in `no_proxy` by being on this machine: only origins are looked for there.
        proxy: Some(format!("{scheme}://{login}127.0.0.1:{}", middle.local_addr().unwrap().port())),
        no_proxy: no_proxy.iter().map(|entry| (*entry).to_owned()).collect(),
        ..options(directory.path(), &authority)
    };
    let client = Client::following(Arc::new(Egress::start(&options).unwrap()));
    let origin = Origin { tls: true, host: "api.provider.example".into(), port: 443, allow_private: false };
    let heads = Heads::default();
    let pair = authority.issue(&["api.provider.example"]);
    let talked = tokio::select! {
        () = serve_tls(provider, acceptor(&pair, None)) => unreachable!("it serves on"),
        () = proxy(middle, own, port, &heads) => unreachable!("it serves on"),
        talked = talk(&client, &origin) => talked.map(|(_, body)| body),
    };
    (talked, heads.take())
}

async fn listener() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").await.unwrap()
}

#[tokio::test]
async fn a_provider_is_reached_through_a_proxy_with_a_login() {
    for scheme in ["http", "https"] {
        let (heard, heads) = heard(scheme, "me:p%40ss@", &[]).await;
        assert_eq!(heard.as_deref(), Ok("fine"), "by {scheme}");
        assert_eq!(heads.len(), 1);
        let expected = "CONNECT api.provider.example:443 HTTP/1.1\r\nhost: api.provider.example:443\r\n";
        assert!(heads[0].starts_with(expected), "{heads:?}");
    }
}

#[tokio::test]
async fn a_proxy_that_refuses_is_named_and_its_login_is_not() {
    let (refused, heads) = heard("http", "me:canary@", &[]).await;
    let error = refused.unwrap_err();
    assert!(error.contains("answered 407") && error.contains("wants a login"), "{error}");
    assert!(error.contains("127.0.0.1:") && !error.contains("canary"), "{error}");
    assert_eq!(heads.len(), 1, "nothing went out a second time");
}

#[tokio::test]
async fn what_is_reached_directly_does_not_meet_the_proxy() {
    // The name does not exist, and asking the proxy would have found somebody.
    let (direct, heads) = heard("http", "me:p%40ss@", &[".provider.example"]).await;
    assert!(direct.unwrap_err().contains("cannot resolve"), "it was looked up here");
    assert!(heads.is_empty());
}
