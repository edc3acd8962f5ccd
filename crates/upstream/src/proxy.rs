//! The forward proxy: a tunnel through it to the origin, for plain and TLS connections alike.
//! <https://www.rfc-editor.org/rfc/rfc9110#name-connect>

use std::io;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::Secret;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::Origin;

/// A proxy, and what does not go through it.
#[derive(Debug)]
pub struct Proxy {
    host: String,
    port: u16,
    /// The value of `proxy-authorization`.
    authorization: Option<Secret<String>>,
    no_proxy: Vec<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum ProxyError {
    #[error("the proxy URL must look like `http://proxy:3128`")]
    BadUrl,
}

impl Proxy {
    /// From a URL such as `http://user:password@proxy:3128`, and hosts to reach directly: a name, `.domain` for all
    /// names below it, or `*`.
    pub fn new(url: &str, no_proxy: &[String]) -> Result<Self, ProxyError> {
        let rest = url.strip_prefix("http://").ok_or(ProxyError::BadUrl)?;
        let authority = rest.split('/').next().unwrap_or(rest);
        let (login, address) = match authority.rsplit_once('@') {
            Some((login, address)) => (Some(login), address),
            None => (None, authority),
        };
        let (host, port) = match address.rsplit_once(':') {
            Some((host, port)) => (host, port.parse().map_err(|_| ProxyError::BadUrl)?),
            None => (address, 80),
        };
        if host.is_empty() {
            return Err(ProxyError::BadUrl);
        }
        let authorization = login.map(|login| Secret::new(format!("Basic {}", STANDARD.encode(login))));
        Ok(Self { host: host.to_owned(), port, authorization, no_proxy: no_proxy.to_vec() })
    }

    /// Whether an origin is reached through the proxy. This machine never is.
    pub(crate) fn covers(&self, origin: &Origin) -> bool {
        let host = origin.host.trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
        let local = host == "localhost"
            || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback());
        let direct = |entry: &String| {
            let entry = entry.trim().to_ascii_lowercase();
            let domain = entry.trim_start_matches('.');
            entry == "*"
                || host == domain
                || host.strip_suffix(domain).is_some_and(|rest| !domain.is_empty() && rest.ends_with('.'))
        };
        !local && !self.no_proxy.iter().any(direct)
    }

    /// A connection to the origin, through the proxy.
    pub(crate) async fn tunnel(&self, origin: &Origin) -> io::Result<TcpStream> {
        let mut stream = TcpStream::connect((self.host.as_str(), self.port)).await?;
        let target = format!("{}:{}", origin.host, origin.port);
        let mut head = format!("CONNECT {target} HTTP/1.1\r\nhost: {target}\r\n");
        if let Some(authorization) = &self.authorization {
            head.push_str(&format!("proxy-authorization: {}\r\n", authorization.expose()));
        }
        head.push_str("\r\n");
        stream.write_all(head.as_bytes()).await?;
        let status = read_status(&mut stream).await?;
        if status == 200 {
            return Ok(stream);
        }
        Err(io::Error::other(format!("the proxy `{}:{}` answered {status}", self.host, self.port)))
    }
}

/// Reads the head of the proxy's answer, byte by byte so that nothing of the tunnel is read with it.
async fn read_status(stream: &mut TcpStream) -> io::Result<u16> {
    const LONGEST: usize = 16 * 1024;
    let mut head = Vec::with_capacity(256);
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() >= LONGEST {
            return Err(io::Error::other("the proxy's answer is no HTTP"));
        }
        head.push(stream.read_u8().await?);
    }
    let line = head.split(|byte| *byte == b'\r').next().unwrap_or_default();
    let status = std::str::from_utf8(line).ok().and_then(|line| line.split(' ').nth(1)?.parse().ok());
    status.ok_or_else(|| io::Error::other("the proxy's answer is no HTTP"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(host: &str) -> Origin {
        Origin { tls: true, host: host.into(), port: 443, allow_private: false }
    }

    #[test]
    fn some_hosts_are_reached_directly() {
        let no_proxy = [".internal".to_owned(), "api.example.com".to_owned()];
        let proxy = Proxy::new("http://proxy:3128", &no_proxy).unwrap();
        for direct in
            ["localhost", "127.0.0.1", "[::1]", "llm.internal", "API.example.com", "x.api.example.com"]
        {
            assert!(!proxy.covers(&origin(direct)), "{direct}");
        }
        for through in ["api.openai.com", "myinternal", "example.com", "notapi.example.com"] {
            assert!(proxy.covers(&origin(through)), "{through}");
        }
    }

    #[test]
    fn odd_urls_are_refused_and_a_login_is_not_shown() {
        for url in ["", "proxy:3128", "https://proxy", "http://", "http://proxy:x", "socks5://proxy"] {
            assert!(Proxy::new(url, &[]).is_err(), "{url}");
        }
        let proxy = Proxy::new("http://me:canary@proxy", &[]).unwrap();
        assert!(!format!("{proxy:?}").contains("canary"));
        assert_eq!(proxy.port, 80);
    }

    #[tokio::test]
    async fn a_tunnel_is_asked_for_and_its_bytes_are_left_alone() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let proxy = Proxy::new(&format!("http://me:pw@127.0.0.1:{port}"), &[]).unwrap();
        let serve = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = vec![0; 512];
            let length = stream.read(&mut head).await.unwrap();
            stream.write_all(b"HTTP/1.1 200 fine\r\n\r\nfirst bytes").await.unwrap();
            String::from_utf8(head[..length].to_vec()).unwrap()
        };
        let use_it = async {
            let mut stream = proxy.tunnel(&origin("api.openai.com")).await.unwrap();
            let mut bytes = [0; 11];
            stream.read_exact(&mut bytes).await.unwrap();
            bytes
        };
        let (head, bytes) = tokio::join!(serve, use_it);
        assert!(
            head.starts_with("CONNECT api.openai.com:443 HTTP/1.1\r\nhost: api.openai.com:443\r\n"),
            "{head}"
        );
        assert!(head.contains("proxy-authorization: Basic bWU6cHc=\r\n"), "{head}");
        assert_eq!(&bytes, b"first bytes");
    }
}
