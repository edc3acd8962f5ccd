//! How the gateway reaches providers: whom it trusts may change while it runs, and an address that never answers costs
//! the connect deadline and then the fallback answers.

use std::time::Duration;

use socket2::{Domain, Socket, Type};
use tempfile::TempDir;
use testkit::gateway::Setup;
use testkit::{Authority, MockProvider, Pair};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::books::{Books, eventually};
use crate::scene::{BINARY, ENDPOINTS, config};
use crate::talk::{Told, chat};

/// Speaks TLS in front of a provider that does not; ends with the set.
async fn tls_in_front(of: &MockProvider, pair: &Pair, running: &mut JoinSet<()>) -> String {
    let identity =
        runtime::IdentityBytes::new(pair.cert.clone().into(), pair.key.clone().into()).identity().unwrap();
    let config = rustls::ServerConfig::builder_with_provider(runtime::identity::crypto_provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(std::sync::Arc::new(rustls::sign::SingleCertAndKey::from(identity.certified)));
    let acceptor = TlsAcceptor::from(std::sync::Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://localhost:{}/v1", listener.local_addr().unwrap().port());
    let behind = of.url().trim_start_matches("http://").to_owned();
    running.spawn(async move {
        let mut open = JoinSet::new();
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let (acceptor, behind) = (acceptor.clone(), behind.clone());
            open.spawn(async move {
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                let mut to = TcpStream::connect(behind).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut stream, &mut to).await;
            });
        }
    });
    url
}

#[tokio::test]
async fn trust_in_a_provider_follows_the_file_of_authorities() {
    let (ours, theirs) = (Authority::new(), Authority::new());
    let (directory, provider, mut running) =
        (TempDir::new().unwrap(), MockProvider::start().await, JoinSet::new());
    let url = tls_in_front(&provider, &theirs.issue(&["localhost"]), &mut running).await;
    let file = directory.path().join("ca.pem");
    std::fs::write(&file, ours.pem()).unwrap();
    let rest = format!(
        "  - {{ name: secure, provider: openai-compatible, base_url: \"{url}\", api_key: sk-canary-secure }}\n\
         endpoints:\n  - {{ name: secure, targets: [ {{ credential: secure, model: gpt-4o }} ], retry: {{ attempts: 1 }} }}\n\
         egress: {{ ca_file: {} }}\n",
        file.display()
    );
    let gateway = Setup::new(BINARY).config(config(&provider, &rest)).start().await;
    let ask = async || gateway.client().post("/v1/chat/completions", &chat("secure", "hello")).await;
    let refused = ask().await;
    let id = refused.header("x-gatewright-call-id").to_owned();
    assert_eq!(refused.status, 502);
    let told = Books::of(&gateway).call(&id).await.to_string();
    assert!(told.contains("nobody whom we trust has signed its certificate"), "{told}");
    assert!(told.contains("egress.ca_file") && !told.contains("canary"), "{told}");

    std::fs::write(&file, theirs.pem()).unwrap();
    let reply = eventually("trust in the new authority", async || match ask().await {
        reply if reply.status == 200 => Ok(reply),
        reply => Err(reply.text().await),
    })
    .await;
    assert_eq!(Told::by_chat(&reply.expect_json(200).await).text, "echo: hello");
}

#[tokio::test]
async fn an_address_that_never_answers_costs_the_connect_deadline() {
    let hole = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    hole.bind(&"127.0.0.1:0".parse::<std::net::SocketAddr>().unwrap().into()).unwrap();
    hole.listen(0).unwrap();
    let address = hole.local_addr().unwrap();
    // The queue is full, and the kernel is silent to whoever comes next.
    let waiting: Vec<Socket> = (0..8)
        .map(|_| {
            let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
            socket.set_nonblocking(true).unwrap();
            let _ = socket.connect(&address);
            socket
        })
        .collect();
    let port = address.as_socket().unwrap().port();
    let rest = format!(
        "  - {{ name: silent, provider: openai-compatible, base_url: \"http://127.0.0.1:{port}/v1\", api_key: sk-x }}\n\
         endpoints:\n  - name: chat\n    targets: [ {{ credential: silent, model: gpt-4o }} ]\n    \
         fallbacks: [ {{ credential: openai, model: gpt-4o }} ]\n    retry: {{ attempts: 1 }}\n    \
         timeouts: {{ connect: 300ms }}\n"
    );
    let provider = MockProvider::start().await;
    let gateway = Setup::new(BINARY).config(config(&provider, &rest)).start().await;
    let begun = std::time::Instant::now();
    let reply = gateway.client().post("/v1/chat/completions", &chat("chat", "hello")).await;
    assert_eq!(reply.header("x-gatewright-attempts"), "2");
    assert_eq!(Told::by_chat(&reply.expect_json(200).await).text, "echo: hello");
    assert!(begun.elapsed() >= Duration::from_millis(250), "{:?}", begun.elapsed());
    drop(waiting);
}

#[tokio::test]
async fn check_says_what_is_wrong_with_the_files_of_egress() {
    let directory = TempDir::new().unwrap();
    let text = "egress:\n  ca_file: missing.pem\n  client_cert: cert.pem\n  client_key: key.pem\n";
    std::fs::write(
        directory.path().join("gatewright.yaml"),
        format!("{text}{}", ENDPOINTS.replace("endpoints:", "x-endpoints:")),
    )
    .unwrap();
    let (pair, other) = (Pair::self_signed(&["x"]), Pair::self_signed(&["x"]));
    Pair { key: other.key, ..pair }.write(directory.path());
    let ran = crate::program::run_in(directory.path(), &["check"]).await;
    for expected in [
        "gatewright.yaml:2:12: error: cannot read `missing.pem`",
        "gatewright.yaml:3:16: error:",
        "does not belong",
    ] {
        assert!(ran.code == 1 && ran.err.contains(expected), "{expected}: {ran:?}");
    }
}
