//! Settings that change under way: new ones are followed, broken ones are not, and no connection of old ones is used
//! again.

use std::sync::Arc;

use testkit::Authority;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use upstream::{Client, Egress, EgressOptions, Origin};

use crate::server::{post, read, talk};
use crate::tls::{acceptor, options, serve_tls};

#[tokio::test]
async fn trust_follows_the_file() {
    let directory = tempfile::TempDir::new().unwrap();
    let (first, second) = (Authority::new(), Authority::new());
    let options = options(directory.path(), &first);
    let egress = Arc::new(Egress::start(&options).unwrap());
    let client = Client::following(Arc::clone(&egress));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let origin = Origin { tls: true, host: "localhost".into(), port, allow_private: true };
    let file = options.ca_file.clone().unwrap();
    let story = async {
        assert!(talk(&client, &origin).await.unwrap_err().contains("egress.ca_file"));
        assert!(!egress.refresh(&options), "nothing has changed");

        std::fs::write(&file, "-----BEGIN CERTIFICATE-----\nnothing").unwrap();
        assert!(!egress.refresh(&options));
        assert!(egress.problem().unwrap().contains("ca.pem"), "{:?}", egress.problem());
        let missing = EgressOptions { ca_file: Some("/nowhere/ca.pem".into()), ..options.clone() };
        assert!(!egress.refresh(&missing));

        std::fs::write(&file, second.pem()).unwrap();
        assert!(egress.refresh(&options));
        assert_eq!(egress.problem(), None);
        assert_eq!(talk(&client, &origin).await.unwrap().1, "fine");
    };
    tokio::select! {
        () = serve_tls(listener, acceptor(&second.issue(&["localhost"]), None)) => unreachable!("it serves on"),
        () = story => {}
    }
}

#[tokio::test]
async fn a_connection_of_old_settings_carries_no_further_request() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let egress = Arc::new(Egress::start(&EgressOptions::default()).unwrap());
    let client = Client::following(Arc::clone(&egress));
    let origin = Origin { tls: false, host: "127.0.0.1".into(), port, allow_private: true };
    let accepted = std::cell::Cell::new(0);
    let serve = async {
        let mut open = tokio::task::JoinSet::new();
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            accepted.set(accepted.get() + 1);
            open.spawn(async move {
                let mut bytes = vec![0; 4096];
                while stream.read(&mut bytes).await.is_ok_and(|length| length > 0) {
                    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi").await.unwrap();
                }
            });
        }
    };
    let story = async {
        for _ in 0..3 {
            talk(&client, &origin).await.unwrap();
        }
        assert_eq!(accepted.get(), 1, "connections are used again");
        let open = post(&client, &origin, &[]).await.unwrap();
        let no_proxy = EgressOptions { no_proxy: vec!["example.com".to_owned()], ..EgressOptions::default() };
        assert!(egress.refresh(&no_proxy));
        assert_eq!(read(open).await.unwrap(), b"hi", "what is under way is not disturbed");
        talk(&client, &origin).await.unwrap();
        talk(&client, &origin).await.unwrap();
        assert_eq!(accepted.get(), 2, "one new connection, used again");
    };
    tokio::select! {
        () = serve => unreachable!("it serves on"),
        () = story => {}
    }
}
