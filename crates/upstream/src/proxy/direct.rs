//! What is reached without the proxy, as `NO_PROXY` says it: `example.com` and `.example.com` mean a name and all below
//! it, then there are addresses, networks (`10.0.0.0/8`) and `*`; each but a network and `*` may have a port.

use std::net::IpAddr;

use domain::Network;

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Direct {
    Everything,
    Name { domain: String, port: Option<u16> },
    Network { network: Network, port: Option<u16> },
}

impl Direct {
    /// `None` for an entry that says nothing.
    pub(super) fn parse(entry: &str) -> Option<Self> {
        let entry = entry.trim().to_ascii_lowercase();
        if entry == "*" {
            return Some(Self::Everything);
        }
        if let Ok(network) = entry.parse() {
            return Some(Self::Network { network, port: None });
        }
        let (host, port) = match entry.rsplit_once(':') {
            Some((host, port)) if port.parse::<u16>().is_ok() => (host, port.parse().ok()),
            _ => (entry.as_str(), None),
        };
        if let Ok(network) = host.trim_start_matches('[').trim_end_matches(']').parse() {
            return Some(Self::Network { network, port });
        }
        let domain = host.trim_start_matches('*').trim_start_matches('.').trim_end_matches('.');
        (!domain.is_empty()).then(|| Self::Name { domain: domain.to_owned(), port })
    }

    /// `host` is in lower case and without a dot at its end; `address` is what it is where it is an address.
    pub(super) fn fits(&self, host: &str, address: Option<IpAddr>, to: u16) -> bool {
        let right = |port: &Option<u16>| port.is_none_or(|port| port == to);
        match self {
            Self::Everything => true,
            Self::Name { domain, port } => {
                let below = host.strip_suffix(domain.as_str());
                right(port) && below.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
            }
            Self::Network { network, port } => {
                right(port) && address.is_some_and(|address| network.contains(address))
            }
        }
    }
}
