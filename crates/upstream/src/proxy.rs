//! The forward proxy: a tunnel through it to the origin, for plain and TLS connections alike.
//! <https://www.rfc-editor.org/rfc/rfc9110#name-connect>

mod direct;

use std::io;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::Secret;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use url::{Host, Url};

use crate::http1::Stream;
use crate::{Origin, Tls};

use direct::Direct;

/// A proxy, and what does not go through it.
#[derive(Debug)]
pub struct Proxy {
    /// Without the brackets of an IPv6 address.
    host: String,
    port: u16,
    /// We talk to the proxy itself by https.
    tls: bool,
    /// The value of `proxy-authorization`.
    authorization: Option<Secret<String>>,
    direct: Vec<Direct>,
}

#[derive(Debug, thiserror::Error)]
pub enum ProxyError {
    #[error("the proxy URL must look like `http://proxy:3128` or `https://user:password@proxy:3128`")]
    BadUrl,
}

impl Proxy {
    /// From a URL such as `http://user:password@proxy:3128`, and what to reach directly (see `direct`).
    pub fn new(url: &str, no_proxy: &[String]) -> Result<Self, ProxyError> {
        let url = Url::parse(url).map_err(|_| ProxyError::BadUrl)?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(ProxyError::BadUrl);
        }
        let host = match url.host().ok_or(ProxyError::BadUrl)? {
            Host::Domain(name) => name.to_owned(),
            Host::Ipv4(address) => address.to_string(),
            Host::Ipv6(address) => address.to_string(),
        };
        let login = !url.username().is_empty() || url.password().is_some();
        let authorization = login.then(|| {
            let mut login = unescaped(url.username());
            login.push(b':');
            login.extend(unescaped(url.password().unwrap_or_default()));
            Secret::new(format!("Basic {}", STANDARD.encode(login)))
        });
        Ok(Self {
            host,
            port: url.port_or_known_default().ok_or(ProxyError::BadUrl)?,
            tls: url.scheme() == "https",
            authorization,
            direct: no_proxy.iter().filter_map(|entry| Direct::parse(entry)).collect(),
        })
    }

    /// Whether an origin is reached through the proxy. This machine never is.
    pub(crate) fn covers(&self, origin: &Origin) -> bool {
        let host = origin.bare_host().trim_end_matches('.').to_ascii_lowercase();
        let address: Option<std::net::IpAddr> = host.parse().ok();
        let local = host == "localhost"
            || host.ends_with(".localhost")
            || address.is_some_and(|address| address.to_canonical().is_loopback());
        !local && !self.direct.iter().any(|entry| entry.fits(&host, address, origin.port))
    }

    /// A connection to the origin, through the proxy.
    pub(crate) async fn tunnel(&self, origin: &Origin, tls: &Tls) -> io::Result<Box<dyn Stream>> {
        let stream =
            TcpStream::connect((self.host.as_str(), self.port)).await.map_err(|error| self.at(&error))?;
        crate::connect::tune(&stream);
        let mut stream: Box<dyn Stream> =
            if self.tls { self.encrypt(stream, tls).await? } else { Box::new(stream) };
        let target = origin.authority();
        let mut head = format!("CONNECT {target} HTTP/1.1\r\nhost: {target}\r\n");
        if let Some(authorization) = &self.authorization {
            head.push_str(&format!("proxy-authorization: {}\r\n", authorization.expose()));
        }
        head.push_str("\r\n");
        stream.write_all(head.as_bytes()).await?;
        stream.flush().await?;
        let status = read_status(&mut stream).await.map_err(|error| self.at(&error))?;
        let advice = match status {
            200..=299 => return Ok(stream),
            407 => "; it wants a login: write `egress.proxy` as `http://user:password@host:port`",
            403 => "; it does not let us reach this host",
            502..=504 => "; it cannot reach this host",
            _ => "",
        };
        Err(self.at(&format!("it answered {status}{advice}")))
    }

    async fn encrypt(&self, stream: TcpStream, tls: &Tls) -> io::Result<Box<dyn Stream>> {
        let name = ServerName::try_from(self.host.clone())
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
        let connected = TlsConnector::from(Arc::clone(&tls.config)).connect(name, stream).await;
        let stream = connected.map_err(|error| self.at(&crate::tls_trouble::explain(&error, &self.host)))?;
        Ok(Box::new(stream))
    }

    fn at(&self, what: &impl std::fmt::Display) -> io::Error {
        io::Error::other(format!("the proxy `{}:{}`: {what}", self.host, self.port))
    }
}

/// A login may hold any byte, escaped for its URL.
fn unescaped(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        let escaped =
            tail.get(..2).filter(|_| byte == b'%').and_then(|digits| std::str::from_utf8(digits).ok());
        match escaped.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(escaped) => {
                bytes.push(escaped);
                rest = tail.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(byte);
                rest = tail;
            }
        }
    }
    bytes
}

/// Reads the head of the proxy's answer, byte by byte so that nothing of the tunnel is read with it.
async fn read_status(stream: &mut Box<dyn Stream>) -> io::Result<u16> {
    const LONGEST: usize = 16 * 1024;
    let mut head = Vec::with_capacity(256);
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() >= LONGEST {
            return Err(io::Error::other("its answer is no HTTP"));
        }
        head.push(stream.read_u8().await?);
    }
    let line = head.split(|byte| *byte == b'\r').next().unwrap_or_default();
    let status = std::str::from_utf8(line).ok().and_then(|line| {
        let rest = line.strip_prefix("HTTP/1.")?;
        rest.split(' ').nth(1)?.parse().ok()
    });
    status.ok_or_else(|| io::Error::other("its answer is no HTTP"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(host: &str) -> Origin {
        Origin { tls: true, host: host.into(), port: 443, allow_private: false }
    }

    fn covered(no_proxy: &[&str], host: &str, port: u16) -> bool {
        let no_proxy: Vec<String> = no_proxy.iter().map(|entry| (*entry).to_owned()).collect();
        let proxy = Proxy::new("http://proxy:3128", &no_proxy).unwrap();
        proxy.covers(&Origin { port, ..origin(host) })
    }

    #[test]
    fn some_hosts_are_reached_directly() {
        let no_proxy = [
            ".internal",
            "api.example.com",
            "*.star.example",
            "ported.example:8443",
            "192.0.2.7",
            "10.0.0.0/8",
            "fd00::/8",
            "[2001:db8::1]",
            "[2001:db8::2]:8443",
            " spaced.example ",
            "dotted.example.",
            "",
        ];
        let direct = [
            ("localhost", 80),
            ("a.localhost", 80),
            ("127.0.0.1", 80),
            ("::1", 80),
            ("[::1]", 80),
            ("llm.internal", 443),
            ("internal", 443),
            ("API.example.com", 443),
            ("api.example.com.", 443),
            ("x.api.example.com", 443),
            ("a.star.example", 443),
            ("ported.example", 8443),
            ("192.0.2.7", 443),
            ("10.255.0.1", 443),
            ("::ffff:10.0.0.1", 443),
            ("fd12::1", 443),
            ("2001:db8::1", 443),
            ("2001:db8::2", 8443),
            ("spaced.example", 443),
            ("dotted.example", 443),
        ];
        for (host, port) in direct {
            assert!(!covered(&no_proxy, host, port), "{host}:{port}");
        }
        let through = [
            ("api.openai.com", 443),
            ("myinternal", 443),
            ("example.com", 443),
            ("notapi.example.com", 443),
            ("ported.example", 443),
            ("192.0.2.8", 443),
            ("11.0.0.1", 443),
            ("fe12::1", 443),
            ("2001:db8::2", 443),
            ("10.example.com", 443),
            ("2001:db8::3", 443),
        ];
        for (host, port) in through {
            assert!(covered(&no_proxy, host, port), "{host}:{port}");
        }
        assert!(!covered(&["*"], "api.openai.com", 443));
    }

    #[test]
    fn odd_urls_are_refused_and_a_login_is_not_shown() {
        for url in ["", "proxy:3128", "http://", "http://proxy:x", "socks5://proxy", "http://proxy:99999"] {
            assert!(Proxy::new(url, &[]).is_err(), "{url}");
        }
        let proxy = Proxy::new("http://me:canary@proxy", &[]).unwrap();
        assert!(!format!("{proxy:?}").contains("canary"));
        assert_eq!((proxy.port, proxy.tls), (80, false));
        let proxy = Proxy::new("https://[::1]", &[]).unwrap();
        assert_eq!((proxy.host.as_str(), proxy.port, proxy.tls), ("::1", 443, true));
    }

    #[test]
    fn a_login_is_sent_as_it_was_meant() {
        let login = |url: &str| {
            let proxy = Proxy::new(url, &[]).unwrap();
            let value = proxy.authorization?.expose().strip_prefix("Basic ").unwrap().to_owned();
            Some(String::from_utf8(STANDARD.decode(value).unwrap()).unwrap())
        };
        assert_eq!(login("http://proxy"), None);
        assert_eq!(login("http://me:pw@proxy").as_deref(), Some("me:pw"));
        assert_eq!(login("http://dom%5Cme:p%40ss%3A%25w%zz@proxy").as_deref(), Some("dom\\me:p@ss:%w%zz"));
        assert_eq!(login("http://token@proxy").as_deref(), Some("token:"));
    }
}
