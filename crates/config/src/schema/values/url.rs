//! URLs. None is ever shown in a diagnostic: people put passwords and tokens into them.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use url::{Host, Url};

use crate::schema::reading::Shown;
use crate::schema::{Field, Reading, Shape};
use crate::tree::Node;

/// What a vendor's SDK takes as its base URL, in the parts that a connection and a request need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BaseUrl {
    pub(crate) tls: bool,
    /// Without the brackets of an IPv6 address.
    pub(crate) host: Arc<str>,
    pub(crate) port: u16,
    /// The value of the `host` header: the port is there where it is not the scheme's own.
    pub(crate) authority: String,
    /// Without a trailing slash.
    pub(crate) path: String,
    /// This machine, by an address or name that can mean nothing else.
    pub(crate) loopback: bool,
}

impl Field for BaseUrl {
    fn shape() -> Shape {
        let pattern = r"^\s*[hH][tT][tT][pP][sS]?:";
        Shape::Text { what: "URL", pattern: Some(pattern), exact: Some(EXACT), most: LONGEST }
    }

    fn read(node: &Node, reading: &mut Reading<'_>) -> Option<Self> {
        let url = read_url(node, reading)?;
        if !url.username().is_empty() || url.password().is_some() {
            reading.error_with(node, "this URL holds a user name or password", "put the key into `api_key`");
            return None;
        }
        Self::new(&url)
    }
}

/// Every match is a URL of the kind that is wanted; other spellings are accepted as well.
const EXACT: &str = r"^https?://(([a-z0-9]+(-[a-z0-9]+)*\.)*[a-z][a-z0-9]*(-[a-z0-9]+)*|((0|[1-9][0-9]?|1[0-9]{2})\.){3}(0|[1-9][0-9]?|1[0-9]{2})|\[::1\])(:[1-9][0-9]{0,3})?(/[A-Za-z0-9._~-]+)*/?$";

/// In characters; no vendor's base URL is near it.
const LONGEST: usize = 1_024;

impl BaseUrl {
    /// For URLs that come from somewhere else than the file.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        check(text)
            .ok()
            .filter(|url| url.username().is_empty() && url.password().is_none())
            .and_then(|url| Self::new(&url))
    }

    fn new(url: &Url) -> Option<Self> {
        let host = url.host()?;
        let bare = match &host {
            Host::Domain(name) => (*name).to_owned(),
            Host::Ipv4(address) => address.to_string(),
            Host::Ipv6(address) => address.to_string(),
        };
        let authority = match url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_string(),
        };
        Some(Self {
            tls: url.scheme() == "https",
            port: url.port_or_known_default()?,
            authority,
            path: url.path().trim_end_matches('/').to_owned(),
            loopback: is_loopback(&bare),
            host: bare.into(),
        })
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}{}", if self.tls { "https" } else { "http" }, self.authority, self.path)
    }
}

fn is_loopback(host: &str) -> bool {
    host == "localhost"
        || host.ends_with(".localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Where browsers and clients reach the gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PublicUrl {
    pub(crate) url: String,
    pub(crate) https: bool,
}

impl Field for PublicUrl {
    fn shape() -> Shape {
        BaseUrl::shape()
    }

    fn read(node: &Node, reading: &mut Reading<'_>) -> Option<Self> {
        let url = read_url(node, reading)?;
        if !url.username().is_empty() || url.password().is_some() {
            reading.error_with(node, "this URL holds a user name or password", "write it without");
            return None;
        }
        Some(Self::new(&url))
    }
}

impl PublicUrl {
    /// For a URL that comes from somewhere else than the file.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let url = check(text).ok()?;
        (url.username().is_empty() && url.password().is_none()).then(|| Self::new(&url))
    }

    fn new(url: &Url) -> Self {
        Self { https: url.scheme() == "https", url: url.as_str().trim_end_matches('/').to_owned() }
    }
}

/// A proxy for outbound calls; may hold a password.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct ProxyUrl(pub(crate) String);

impl Field for ProxyUrl {
    fn shape() -> Shape {
        BaseUrl::shape()
    }

    fn read(node: &Node, reading: &mut Reading<'_>) -> Option<Self> {
        read_url(node, reading).map(|url| Self(url.into()))
    }
}

impl ProxyUrl {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        check(text).ok().map(|url| Self(url.into()))
    }
}

impl fmt::Debug for ProxyUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[proxy]")
    }
}

fn read_url(node: &Node, reading: &mut Reading<'_>) -> Option<Url> {
    let written = reading.scalar(node, "a URL", Shown::Never)?;
    if written.value.chars().count() > LONGEST {
        reading.error(node, format!("the URL has more than {LONGEST} characters"));
        return None;
    }
    match check(&written.value) {
        Ok(url) => Some(url),
        Err(message) => {
            reading.error(node, message);
            None
        }
    }
}

fn check(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| {
        format!("expected a URL such as `https://api.example.com/v1`, found text that is none: {error}")
    })?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("expected a URL that begins with `https://` or `http://`".to_owned());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("this URL has a query or fragment, which would be lost; write it without `?…` and `#…`"
            .to_owned());
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_url_falls_into_parts() {
        let url = BaseUrl::parse("http://[::1]:8000/v1/").unwrap();
        assert_eq!((url.tls, &*url.host, url.port), (false, "::1", 8000));
        assert_eq!((url.authority.as_str(), url.path.as_str(), url.loopback), ("[::1]:8000", "/v1", true));
        let url = BaseUrl::parse("https://api.openai.com").unwrap();
        assert_eq!(
            (url.tls, url.port, url.authority.as_str(), url.path.as_str()),
            (true, 443, "api.openai.com", "")
        );
        assert!(!url.loopback);
    }

    #[test]
    fn what_is_no_base_url_is_refused() {
        for text in [
            "",
            "api.openai.com/v1",
            "ftp://x/",
            "https://u:p@x/",
            "https://x/?key=1",
            "https://x/#a",
            "http://",
        ] {
            assert_eq!(BaseUrl::parse(text), None, "{text}");
        }
    }
}
