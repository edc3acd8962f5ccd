//! Whom a request came from: the peer of its connection, or whom a trusted proxy names. What anybody else says about
//! it is not believed.

use std::net::{IpAddr, SocketAddr};

use domain::Network;
use http::HeaderMap;
use http::header::{AsHeaderName, FORWARDED};

use crate::peer::Peer;

const X_FORWARDED_FOR: &str = "x-forwarded-for";
const X_FORWARDED_PROTO: &str = "x-forwarded-proto";

/// No chain of honest proxies is longer.
const LONGEST_CHAIN: usize = 32;

impl Peer {
    /// Who is behind the connection: its own peer, unless that is a proxy whose word is believed.
    pub(crate) fn behind(self, headers: &HeaderMap, trusted: &[Network]) -> Self {
        let peer = self.address;
        let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
        if !is_trusted(peer) {
            return self;
        }
        let listed = headers.contains_key(X_FORWARDED_FOR).then(|| {
            let entries = from_the_right(headers, X_FORWARDED_FOR).map(address);
            first_stranger(peer, entries, is_trusted)
        });
        let forwarded = headers.contains_key(FORWARDED).then(|| {
            let entries =
                from_the_right(headers, FORWARDED).map(|hop| parameter(hop, "for").and_then(address));
            first_stranger(peer, entries, is_trusted)
        });
        let address = match (listed, forwarded) {
            // A proxy that writes one of them passes on what a client wrote into the other.
            (Some(one), Some(other)) if one != other => peer,
            (one, other) => one.or(other).unwrap_or(peer),
        };
        let protocol = from_the_right(headers, X_FORWARDED_PROTO)
            .next()
            .or_else(|| from_the_right(headers, FORWARDED).next().and_then(|hop| parameter(hop, "proto")));
        let encrypted = protocol.map_or(self.encrypted, |protocol| protocol.eq_ignore_ascii_case("https"));
        Self { address, loopback: self.loopback && address == peer, encrypted }
    }
}

/// Each proxy adds the address it was called from at the end. So from the end back, the first one that is none of ours
/// is the client; what stands before it, the client may have invented. Where an entry is no address, the one behind it
/// is as far as we can see.
fn first_stranger(
    peer: IpAddr,
    entries: impl Iterator<Item = Option<IpAddr>>,
    is_trusted: impl Fn(IpAddr) -> bool,
) -> IpAddr {
    let mut nearest = peer;
    for entry in entries.take(LONGEST_CHAIN) {
        let Some(address) = entry else { break };
        nearest = address;
        if !is_trusted(address) {
            break;
        }
    }
    nearest
}

/// The entries of a list header, which may be spread over several lines, last first.
fn from_the_right(headers: &HeaderMap, name: impl AsHeaderName) -> impl Iterator<Item = &str> {
    let lines = headers.get_all(name).iter().rev();
    // A line with other bytes is one entry that is no address.
    lines.flat_map(|line| line.to_str().unwrap_or("?").rsplit(',').map(str::trim))
}

/// `192.0.2.1`, `192.0.2.1:8080`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:8080`.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.parse::<IpAddr>().ok();
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    let with_port = || text.parse::<SocketAddr>().ok().map(|address| address.ip());
    bare.or_else(bracketed).or_else(with_port).map(|address| address.to_canonical())
}

/// A parameter of one hop of `Forwarded`. <https://www.rfc-editor.org/rfc/rfc7239>
fn parameter<'a>(hop: &'a str, name: &str) -> Option<&'a str> {
    let value = hop.split(';').find_map(|pair| {
        let (key, value) = pair.split_once('=')?;
        key.trim().eq_ignore_ascii_case(name).then_some(value.trim())
    })?;
    Some(value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn client(peer: &str, headers: &[(&'static str, &str)], trusted: &[&str]) -> Peer {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        let trusted: Vec<Network> = trusted.iter().map(|network| network.parse().unwrap()).collect();
        Peer::of(SocketAddr::new(peer.parse().unwrap(), 5_000), None, false).behind(&map, &trusted)
    }

    fn check(peer: &str, headers: &[(&'static str, &str)], expected: &str) {
        let found = client(peer, headers, &["10.0.0.0/8", "fd00::/8", "192.0.2.7"]).address;
        assert_eq!(found, expected.parse::<IpAddr>().unwrap(), "{peer} {headers:?}");
    }

    #[test]
    fn the_last_stranger_is_the_client() {
        let xff = |value| [("x-forwarded-for", value)];
        check("10.0.0.1", &[], "10.0.0.1");
        check("10.0.0.1", &xff("203.0.113.9"), "203.0.113.9");
        check("10.0.0.1", &xff("203.0.113.9, 10.2.2.2"), "203.0.113.9");
        check("10.0.0.1", &xff("203.0.113.9,10.2.2.2 , 192.0.2.7"), "203.0.113.9");
        check("::ffff:10.0.0.1", &xff("203.0.113.9"), "203.0.113.9");
        check("fd00::1", &xff("2001:db8::5"), "2001:db8::5");
        check("10.0.0.1", &xff("[2001:db8::5]:443"), "2001:db8::5");
        check("10.0.0.1", &xff("203.0.113.9:5100"), "203.0.113.9");
        check("10.0.0.1", &xff("::ffff:203.0.113.9"), "203.0.113.9");
        check(
            "10.0.0.1",
            &[("x-forwarded-for", "1.1.1.1"), ("x-forwarded-for", "203.0.113.9")],
            "203.0.113.9",
        );
        // All of them are ours: the one furthest away.
        check("10.0.0.1", &xff("10.3.3.3, 10.2.2.2"), "10.3.3.3");
    }

    #[test]
    fn nobody_can_invent_an_address() {
        let xff = |value| [("x-forwarded-for", value)];
        // The peer is no proxy of ours.
        check("203.0.113.1", &xff("10.0.0.5"), "203.0.113.1");
        check("203.0.113.1", &[("forwarded", "for=10.0.0.5"), ("x-real-ip", "10.0.0.5")], "203.0.113.1");
        check("192.0.2.8", &xff("10.0.0.5"), "192.0.2.8");
        // What stands before the client's own address is the client's invention.
        check("10.0.0.1", &xff("127.0.0.1, 10.9.9.9, 203.0.113.9"), "203.0.113.9");
        check("10.0.0.1", &xff("10.9.9.9, 203.0.113.9, 10.2.2.2"), "203.0.113.9");
        // What is no address ends the chain at the hop that wrote it.
        check("10.0.0.1", &xff("203.0.113.9, unknown, 10.2.2.2"), "10.2.2.2");
        for odd in [
            "",
            ",",
            "unknown",
            "127.1",
            "0x7f.1",
            "localhost",
            "1.2.3.4, ",
            "\u{e9}",
            "1.2.3.4;",
            "1.2.3.4:x",
        ] {
            check("10.0.0.1", &xff(odd), "10.0.0.1");
        }
        // One of two headers was written by the client: neither is believed.
        let both = [("x-forwarded-for", "203.0.113.9"), ("forwarded", "for=198.51.100.1")];
        check("10.0.0.1", &both, "10.0.0.1");
        let agreed = [("x-forwarded-for", "203.0.113.9"), ("forwarded", "for=203.0.113.9")];
        check("10.0.0.1", &agreed, "203.0.113.9");
        let long = vec!["10.1.1.1"; 100].join(",");
        let long = format!("203.0.113.9,{long}");
        check("10.0.0.1", &[("x-forwarded-for", &long)], "10.1.1.1");
        assert_eq!(client("10.0.0.1", &xff("203.0.113.9"), &[]).address.to_string(), "10.0.0.1");
    }

    #[test]
    fn forwarded_says_the_same_in_other_words() {
        let forwarded = |value| [("forwarded", value)];
        check("10.0.0.1", &forwarded("for=203.0.113.9"), "203.0.113.9");
        check("10.0.0.1", &forwarded("For=\"[2001:db8:cafe::17]:4711\""), "2001:db8:cafe::17");
        check("10.0.0.1", &forwarded("for=1.1.1.1;by=10.2.2.2, for=203.0.113.9;proto=https"), "203.0.113.9");
        check("10.0.0.1", &forwarded("for=203.0.113.9, for=10.2.2.2"), "203.0.113.9");
        check("10.0.0.1", &forwarded("for=203.0.113.9, by=10.2.2.2"), "10.0.0.1");
        check("10.0.0.1", &forwarded("for=_hidden"), "10.0.0.1");
        check("10.0.0.1", &forwarded("for=\"unknown\", for=203.0.113.9"), "203.0.113.9");
    }

    #[test]
    fn only_a_trusted_proxy_says_that_it_was_https() {
        let https = |peer, headers: &[(&'static str, &str)]| client(peer, headers, &["10.0.0.0/8"]).encrypted;
        assert!(https("10.0.0.1", &[("x-forwarded-proto", "https")]));
        assert!(https("10.0.0.1", &[("x-forwarded-proto", "http, HTTPS")]));
        assert!(!https("10.0.0.1", &[("x-forwarded-proto", "https, http")]));
        assert!(https("10.0.0.1", &[("forwarded", "for=203.0.113.9;proto=https")]));
        assert!(!https("10.0.0.1", &[]));
        assert!(!https("203.0.113.1", &[("x-forwarded-proto", "https")]));
    }
}
