//! TLS to a provider, for real: who is who they say is talked to, and whoever is not is refused in words that help.

use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::server::WebPkiClientVerifier;
use rustls::sign::SingleCertAndKey;
use rustls::{RootCertStore, ServerConfig};
use testkit::{Authority, Pair};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use upstream::{Client, Egress, EgressOptions, Origin};

use crate::server::talk;

/// What a server's handshake is made of; `clients` must have a certificate of that authority.
pub(crate) fn acceptor(pair: &Pair, clients: Option<&Authority>) -> TlsAcceptor {
    let provider = runtime::identity::crypto_provider();
    let identity =
        runtime::IdentityBytes::new(pair.cert.clone().into(), pair.key.clone().into()).identity().unwrap();
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap();
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(authority) => {
            let mut roots = RootCertStore::empty();
            roots.add(CertificateDer::from_pem_slice(authority.pem().as_bytes()).unwrap()).unwrap();
            let verifier =
                WebPkiClientVerifier::builder_with_provider(roots.into(), provider).build().unwrap();
            builder.with_client_cert_verifier(verifier)
        }
    };
    let resolver = Arc::new(SingleCertAndKey::from(identity.certified));
    TlsAcceptor::from(Arc::new(builder.with_cert_resolver(resolver)))
}

/// Answers every request of every connection with `fine`.
pub(crate) async fn serve_tls(listener: TcpListener, acceptor: TlsAcceptor) {
    let acceptor = Rc::new(acceptor);
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let Ok(mut stream) = acceptor.accept(stream).await else { continue };
        let mut request = vec![0; 64 * 1024];
        while stream.read(&mut request).await.is_ok_and(|length| length > 0) {
            if stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nfine").await.is_err() {
                break;
            }
            let _ = stream.flush().await;
        }
    }
}

pub(crate) fn options(directory: &Path, authority: &Authority) -> EgressOptions {
    let path = directory.join("ca.pem");
    std::fs::write(&path, authority.pem()).unwrap();
    EgressOptions { ca_file: Some(path), ..EgressOptions::default() }
}

/// What a client with these options hears from a server with this certificate, reached as `host`.
async fn heard(
    pair: &Pair,
    clients: Option<&Authority>,
    host: &str,
    options: &EgressOptions,
) -> Result<String, String> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let client = Client::following(Arc::new(Egress::start(options).unwrap()));
    let origin = Origin { tls: true, host: host.into(), port, allow_private: true };
    tokio::select! {
        () = serve_tls(listener, acceptor(pair, clients)) => unreachable!("a server never ends by itself"),
        talked = talk(&client, &origin) => talked.map(|(_, body)| body),
    }
}

#[tokio::test]
async fn only_who_proves_to_be_the_host_is_talked_to() {
    let directory = tempfile::TempDir::new().unwrap();
    let (authority, stranger) = (Authority::new(), Authority::new());
    let options = options(directory.path(), &authority);
    let (local, both) = (["localhost"], ["localhost", "127.0.0.1"]);
    let fine = authority.issue(&both);
    assert_eq!(heard(&fine, None, "localhost", &options).await.as_deref(), Ok("fine"));
    assert_eq!(heard(&fine, None, "127.0.0.1", &options).await.as_deref(), Ok("fine"));
    let refused = [
        (authority.issue(&["api.openai.com"]), "localhost", "not for `localhost`"),
        (authority.issue(&local), "127.0.0.1", "not for `127.0.0.1`"),
        (authority.issue(&["*.localhost"]), "localhost", "not for `localhost`"),
        (authority.issue_until(&local, 2020), "localhost", "has expired; its owner must renew it"),
        (stranger.issue(&local), "localhost", "`egress.ca_file`"),
        (Pair::self_signed(&local), "localhost", "`egress.ca_file`"),
    ];
    for (pair, host, expected) in refused {
        let error = heard(&pair, None, host, &options).await.unwrap_err();
        assert!(error.contains(expected) && error.contains("no TLS session with"), "{expected}: {error}");
    }
    let untold = heard(&fine, None, "localhost", &EgressOptions::default()).await.unwrap_err();
    assert!(untold.contains("nobody whom we trust has signed"), "{untold}");
}

#[tokio::test]
async fn a_server_that_asks_who_we_are_is_told() {
    let directory = tempfile::TempDir::new().unwrap();
    let (authority, stranger) = (Authority::new(), Authority::new());
    let pair = authority.issue(&["localhost"]);
    let anonymous = options(directory.path(), &authority);
    let refused = heard(&pair, Some(&authority), "localhost", &anonymous).await.unwrap_err();
    assert!(!refused.is_empty());
    let with = |issuer: &Authority| {
        let files = issuer.issue(&["gateway.internal"]).write(directory.path());
        EgressOptions { client: Some(files), ..anonymous.clone() }
    };
    assert_eq!(heard(&pair, Some(&authority), "localhost", &with(&authority)).await.as_deref(), Ok("fine"));
    assert!(heard(&pair, Some(&authority), "localhost", &with(&stranger)).await.is_err());
}

#[tokio::test]
async fn a_port_without_tls_is_recognized() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let client = Client::following(Arc::new(Egress::start(&EgressOptions::default()).unwrap()));
    let origin = Origin { tls: true, host: "localhost".into(), port, allow_private: true };
    let serve = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        std::future::pending::<()>().await;
    };
    let error = tokio::select! {
        () = serve => unreachable!("it waits"),
        talked = talk(&client, &origin) => talked.unwrap_err(),
    };
    assert!(error.contains("does not speak TLS on this port"), "{error}");
}
