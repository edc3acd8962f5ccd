//! From an origin to a connection: resolve, check, connect to the address that was checked, TLS, HTTP/1.1.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use rustls::pki_types::ServerName;
use socket2::{SockRef, TcpKeepalive};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::http1::Connection;
use crate::{Origin, Proxy, SendError, Tls, is_public};

/// Opens a connection.
pub(crate) async fn connect(
    origin: &Origin,
    tls: &Tls,
    proxy: Option<&Proxy>,
    deadline: Duration,
) -> Result<Connection, SendError> {
    let timeout = || SendError::ConnectTimeout { host: origin.host.to_string(), port: origin.port };
    tokio::time::timeout(deadline, open(origin, tls, proxy)).await.map_err(|_| timeout())?
}

async fn open(origin: &Origin, tls: &Tls, proxy: Option<&Proxy>) -> Result<Connection, SendError> {
    let stream = match proxy.filter(|proxy| proxy.covers(origin)) {
        // The proxy resolves the name, and its owner decides what may be reached through it.
        Some(proxy) => tunnel(proxy, origin).await?,
        None => reach(origin).await?,
    };
    if !origin.tls {
        return Ok(Connection::new(stream));
    }
    let explain = |source| SendError::Tls { host: origin.host.to_string(), source };
    let name = ServerName::try_from(origin.host.to_string())
        .map_err(|error| explain(io::Error::new(io::ErrorKind::InvalidInput, error)))?;
    let connector = TlsConnector::from(std::sync::Arc::clone(&tls.config));
    let stream = connector.connect(name, stream).await.map_err(explain)?;
    Ok(Connection::new(stream))
}

/// Tries each address the name has; all of them must be allowed, so that a name with one public and one private
/// address cannot be used to get inside.
async fn reach(origin: &Origin) -> Result<TcpStream, SendError> {
    let host = origin.host.trim_start_matches('[').trim_end_matches(']');
    let resolve = |source| SendError::Resolve { host: host.to_owned(), source };
    let addresses: Vec<SocketAddr> =
        tokio::net::lookup_host((host, origin.port)).await.map_err(resolve)?.collect();
    if !origin.allow_private
        && let Some(private) = addresses.iter().find(|address| !is_public(address.ip()))
    {
        return Err(SendError::Forbidden { host: host.to_owned(), address: private.ip() });
    }
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => {
                tune(&stream);
                return Ok(stream);
            }
            Err(error) => last = error,
        }
    }
    Err(SendError::Connect { host: host.to_owned(), port: origin.port, source: last })
}

async fn tunnel(proxy: &Proxy, origin: &Origin) -> Result<TcpStream, SendError> {
    let stream = proxy.tunnel(origin).await.map_err(|source| SendError::Connect {
        host: origin.host.to_string(),
        port: origin.port,
        source,
    })?;
    tune(&stream);
    Ok(stream)
}

/// A request must leave at once, and a peer that vanished without a word must be noticed.
fn tune(stream: &TcpStream) {
    const KEEPALIVE: Duration = Duration::from_secs(30);
    let keepalive = TcpKeepalive::new().with_time(KEEPALIVE).with_interval(KEEPALIVE / 3);
    let socket = SockRef::from(stream);
    let tuned = stream.set_nodelay(true).and_then(|()| socket.set_tcp_keepalive(&keepalive));
    #[cfg(target_os = "linux")]
    let tuned = tuned.and_then(|()| socket.set_tcp_user_timeout(Some(KEEPALIVE)));
    if let Err(error) = tuned {
        tracing::debug!(%error, "a socket option was refused");
    }
}
