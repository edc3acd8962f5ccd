//! Where a request goes.

use std::net::IpAddr;
use std::sync::Arc;

use url::{Host, Url};

use crate::is_public;

/// A server, as connections are pooled by it. The host comes from configuration, or from [`Origin::of_url`].
#[derive(Debug, Clone)]
pub struct Origin {
    pub tls: bool,
    pub host: Arc<str>,
    pub port: u16,
    /// A person wrote this address into the configuration, so it may be private.
    pub allow_private: bool,
}

/// Why a URL that no person wrote into the configuration is not followed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    #[error("this is no URL; it must begin with `https://` or `http://`")]
    NoUrl,
    #[error("the URL holds a user name or password; send credentials another way")]
    Login,
    #[error(
        "the URL points to the private address {address}; only addresses of the public internet are reached"
    )]
    PrivateAddress { address: IpAddr },
    #[error("the URL points to `{host}`, a name of this machine or of a private network")]
    PrivateName { host: String },
}

/// Names that mean this machine or the network it is in, whatever they resolve to.
/// <https://www.iana.org/assignments/special-use-domain-names>
const PRIVATE_NAMES: [&str; 10] = [
    "localhost",
    "local",
    "localdomain",
    "internal",
    "intranet",
    "private",
    "corp",
    "lan",
    "home.arpa",
    "onion",
];

impl Origin {
    /// The origin of a URL that came from somewhere else than a person's configuration: a reply, a token, a client.
    /// Only what is public by its looks passes; what its name resolves to is checked when it is connected to.
    pub fn of_url(url: &Url) -> Result<Self, UrlError> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(UrlError::NoUrl);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(UrlError::Login);
        }
        let host = match url.host().ok_or(UrlError::NoUrl)? {
            Host::Domain(name) => {
                let host = name.trim_end_matches('.');
                if is_private_name(host) {
                    return Err(UrlError::PrivateName { host: host.to_owned() });
                }
                host.to_owned()
            }
            Host::Ipv4(address) => public(address.into())?,
            Host::Ipv6(address) => public(address.into())?,
        };
        let port = url.port_or_known_default().ok_or(UrlError::NoUrl)?;
        Ok(Self { tls: url.scheme() == "https", host: host.into(), port, allow_private: false })
    }

    /// Without the brackets of an IPv6 address.
    pub(crate) fn bare_host(&self) -> &str {
        self.host.trim_start_matches('[').trim_end_matches(']')
    }

    /// `host:port`, with brackets where they are needed.
    pub(crate) fn authority(&self) -> String {
        let host = self.bare_host();
        if host.contains(':') { format!("[{host}]:{}", self.port) } else { format!("{host}:{}", self.port) }
    }

    /// Whether it may not be reached, as far as its name tells.
    pub(crate) fn is_private_by_name(&self) -> bool {
        is_private_name(self.bare_host().trim_end_matches('.'))
    }
}

fn public(address: IpAddr) -> Result<String, UrlError> {
    if is_public(address) { Ok(address.to_string()) } else { Err(UrlError::PrivateAddress { address }) }
}

/// A name without a dot is one of the network we are in.
fn is_private_name(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    let below =
        |name: &&str| host.strip_suffix(*name).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    host.is_empty() || !host.contains(['.', ':']) || PRIVATE_NAMES.iter().into_iter().any(below)
}

impl PartialEq for Origin {
    fn eq(&self, other: &Self) -> bool {
        self.port == other.port
            && self.tls == other.tls
            // A connection made with permission must not serve an origin without it.
            && self.allow_private == other.allow_private
            // Hosts are shared between calls, so the pointers nearly always agree.
            && (Arc::ptr_eq(&self.host, &other.host) || self.host == other.host)
    }
}
