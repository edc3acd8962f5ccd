//! From an origin to a connection: resolve, check, connect to the address that was checked, TLS, HTTP/1.1.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use socket2::{SockRef, TcpKeepalive};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::dial::dial;
use crate::egress::Settings;
use crate::http1::{Connection, Stream};
use crate::{Origin, SendError, Tls, is_public, tls_trouble};

/// Opens a connection.
pub(crate) async fn connect(
    origin: &Origin,
    settings: &Settings,
    deadline: Duration,
) -> Result<Connection, SendError> {
    let timeout = || SendError::ConnectTimeout { host: origin.host.to_string(), port: origin.port };
    tokio::time::timeout(deadline, open(origin, settings)).await.map_err(|_| timeout())?
}

async fn open(origin: &Origin, settings: &Settings) -> Result<Connection, SendError> {
    let Settings { tls, proxy, .. } = settings;
    match proxy.as_ref().filter(|proxy| proxy.covers(origin)) {
        // The proxy resolves the name, and its owner decides what may be reached through it. What is private by its
        // looks is refused here all the same.
        Some(proxy) => {
            check_looks(origin)?;
            let stream = proxy.tunnel(origin, tls).await.map_err(|source| refused(origin, source))?;
            secure(origin, tls, stream).await
        }
        None => secure(origin, tls, reach(origin, lookup).await?).await,
    }
}

async fn secure(origin: &Origin, tls: &Tls, stream: impl Stream + 'static) -> Result<Connection, SendError> {
    if !origin.tls {
        return Ok(Connection::new(stream));
    }
    let host = origin.bare_host();
    let explain = |reason: String| SendError::Tls { host: host.to_owned(), reason };
    let name = ServerName::try_from(host.to_owned()).map_err(|error| explain(error.to_string()))?;
    let stream = TlsConnector::from(Arc::clone(&tls.config))
        .connect(name, stream)
        .await
        .map_err(|error| explain(tls_trouble::explain(&error, host)))?;
    Ok(Connection::new(stream))
}

async fn lookup(host: String, port: u16) -> io::Result<Vec<SocketAddr>> {
    Ok(tokio::net::lookup_host((host, port)).await?.collect())
}

/// Asks for the addresses of a name once, and connects to what was checked: a name that means something else the next
/// moment gains nothing. All of them must be allowed, so that one with a public and a private address cannot be used
/// to get inside.
async fn reach<F>(origin: &Origin, lookup: impl FnOnce(String, u16) -> F) -> Result<TcpStream, SendError>
where
    F: Future<Output = io::Result<Vec<SocketAddr>>>,
{
    let host = origin.bare_host();
    let resolve = |source| SendError::Resolve { host: host.to_owned(), source };
    let addresses = lookup(host.to_owned(), origin.port).await.map_err(resolve)?;
    if !origin.allow_private
        && let Some(private) = addresses.iter().find(|address| !is_public(address.ip()))
    {
        return Err(SendError::Forbidden { host: host.to_owned(), address: private.ip() });
    }
    let stream = dial(&addresses).await.map_err(|source| refused(origin, source))?;
    tune(&stream);
    Ok(stream)
}

/// What can be said of an origin without asking anybody what its name means.
fn check_looks(origin: &Origin) -> Result<(), SendError> {
    if origin.allow_private {
        return Ok(());
    }
    let host = origin.bare_host();
    match host.parse() {
        Ok(address) if is_public(address) => Ok(()),
        Ok(address) => Err(SendError::Forbidden { host: host.to_owned(), address }),
        Err(_) if origin.is_private_by_name() => Err(SendError::PrivateName { host: host.to_owned() }),
        Err(_) => Ok(()),
    }
}

fn refused(origin: &Origin, source: io::Error) -> SendError {
    SendError::Connect { host: origin.bare_host().to_owned(), port: origin.port, source }
}

/// A request must leave at once, and a peer that vanished without a word must be noticed.
pub(crate) fn tune(stream: &TcpStream) {
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

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::net::IpAddr;

    use super::*;

    fn origin(host: &str, port: u16, allow_private: bool) -> Origin {
        Origin { tls: false, host: host.into(), port, allow_private }
    }

    #[tokio::test]
    async fn a_name_is_asked_for_once_and_what_was_checked_is_connected_to() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let here = listener.local_addr().unwrap();
        let asked = Cell::new(0);
        // The second answer would be another; nobody asks for it.
        let rebinding = |_: String, _: u16| {
            asked.set(asked.get() + 1);
            let address = if asked.get() == 1 { here } else { "10.0.0.1:1".parse().unwrap() };
            std::future::ready(Ok(vec![address]))
        };
        let stream = reach(&origin("rebind.example", 80, true), rebinding).await.unwrap();
        assert_eq!((stream.peer_addr().unwrap(), asked.get()), (here, 1));

        let answers = |addresses: &[&str]| {
            let addresses: Vec<SocketAddr> = addresses
                .iter()
                .map(|address| SocketAddr::new(address.parse::<IpAddr>().unwrap(), 80))
                .collect();
            move |_: String, _: u16| std::future::ready(Ok(addresses))
        };
        for addresses in
            [&["127.0.0.1"][..], &["1.1.1.1", "169.254.169.254"], &["::1"], &["64:ff9b::a9fe:a9fe"]]
        {
            let refused = reach(&origin("rebind.example", 80, false), answers(addresses)).await.unwrap_err();
            assert!(matches!(refused, SendError::Forbidden { .. }), "{addresses:?}: {refused}");
        }
    }

    #[tokio::test]
    async fn a_proxy_is_not_asked_for_what_looks_private() {
        for host in
            ["10.0.0.1", "169.254.169.254", "::1", "[fd00::1]", "metadata.google.internal", "localhost", "db"]
        {
            assert!(check_looks(&origin(host, 80, false)).is_err(), "{host}");
            assert!(check_looks(&origin(host, 80, true)).is_ok(), "{host}");
        }
        for host in ["api.openai.com", "1.1.1.1", "2606:4700::1111"] {
            assert!(check_looks(&origin(host, 80, false)).is_ok(), "{host}");
        }
    }
}
