//! How a client's bytes travel: plain or encrypted, over HTTP/1.1 or HTTP/2, from which address.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;

#[derive(Debug, Clone, Default)]
pub(super) struct Transport {
    /// Over TLS, trusting this.
    pub(super) tls: Option<Arc<ClientConfig>>,
    pub(super) http2: bool,
    /// The address to come from, where it matters.
    pub(super) from: Option<IpAddr>,
}

/// Trusts one authority and offers these protocols.
pub(super) fn trusting(authority_pem: &str, http2: bool) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    let certificate =
        CertificateDer::from_pem_slice(authority_pem.as_bytes()).expect("this is a certificate");
    roots.add(certificate).expect("this is a certificate");
    let mut config = ClientConfig::builder_with_provider(runtime::identity::crypto_provider())
        .with_safe_default_protocol_versions()
        .expect("there are protocol versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![if http2 { b"h2".to_vec() } else { b"http/1.1".to_vec() }];
    Arc::new(config)
}

impl Transport {
    pub(super) async fn exchange(
        &self,
        authority: &str,
        request: Request<Full<Bytes>>,
        driver: &mut JoinSet<()>,
    ) -> Result<Response<Incoming>, String> {
        let stream = self.connect(authority).await.map_err(|error| error.to_string())?;
        stream.set_nodelay(true).map_err(|error| error.to_string())?;
        let Some(tls) = &self.tls else {
            return self.talk(stream, request, driver).await;
        };
        let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
        let host = host.trim_matches(['[', ']']).to_owned();
        let name = ServerName::try_from(host).map_err(|error| error.to_string())?;
        let stream = TlsConnector::from(Arc::clone(tls)).connect(name, stream).await;
        self.talk(stream.map_err(|error| format!("no TLS session: {error}"))?, request, driver).await
    }

    async fn connect(&self, authority: &str) -> std::io::Result<TcpStream> {
        let Some(from) = self.from else {
            return TcpStream::connect(authority).await;
        };
        let socket = if from.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        socket.bind(SocketAddr::new(from, 0))?;
        let to = tokio::net::lookup_host(authority).await?.next();
        socket.connect(to.ok_or(std::io::ErrorKind::NotFound)?).await
    }

    async fn talk<S>(
        &self,
        stream: S,
        request: Request<Full<Bytes>>,
        driver: &mut JoinSet<()>,
    ) -> Result<Response<Incoming>, String>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let stream = TokioIo::new(stream);
        if self.http2 {
            let handshake = hyper::client::conn::http2::handshake(TokioExecutor::new(), stream).await;
            let (mut sender, connection) = handshake.map_err(|error| error.to_string())?;
            driver.spawn(async move { drop(connection.await) });
            return sender.send_request(request).await.map_err(|error| format!("{error:?}"));
        }
        let handshake = hyper::client::conn::http1::handshake(stream).await;
        let (mut sender, connection) = handshake.map_err(|error| error.to_string())?;
        driver.spawn(async move { drop(connection.await) });
        sender.send_request(request).await.map_err(|error| format!("{error:?}"))
    }
}
