//! A range of IP addresses, as people write it: `10.0.0.0/8`, `fd00::/8`, or a single address.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// All addresses that begin with the same bits. An IPv4 network holds IPv4 addresses only, however they are written;
/// `::/0` holds none of them, so that nobody trusts the old internet by trusting the new one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    first: IpAddr,
    length: u8,
}

/// A text that is no network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotANetwork {
    Form,
    /// The address has bits behind its prefix; most probably this one was meant.
    HostBits {
        network: Network,
    },
}

impl Network {
    /// The network of `length` leading bits that an address lies in; `None` where the address has fewer bits.
    pub fn around(address: IpAddr, length: u8) -> Option<Self> {
        let (address, length) = match (address, address.to_canonical()) {
            // `::ffff:10.0.0.0/104` is `10.0.0.0/8`.
            (IpAddr::V6(_), canonical @ IpAddr::V4(_)) => (canonical, length.checked_sub(96)?),
            (_, canonical) => (canonical, length),
        };
        (length <= bits(address)).then(|| Self { first: masked(address, length), length })
    }

    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_ipv4() == self.first.is_ipv4() && masked(address, self.length) == self.first
    }

    /// Whether every address of its family lies in it.
    pub const fn is_everything(&self) -> bool {
        self.length == 0
    }
}

impl FromStr for Network {
    type Err = NotANetwork;

    fn from_str(text: &str) -> Result<Self, NotANetwork> {
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| NotANetwork::Form)?;
        let length = match length {
            Some(length) if length.len() <= 3 && length.bytes().all(|byte| byte.is_ascii_digit()) => {
                length.parse().map_err(|_| NotANetwork::Form)?
            }
            Some(_) => return Err(NotANetwork::Form),
            None => bits(address),
        };
        let network = Self::around(address, length).ok_or(NotANetwork::Form)?;
        if network.first != address.to_canonical() {
            return Err(NotANetwork::HostBits { network });
        }
        Ok(network)
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.first, self.length)
    }
}

const fn bits(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

/// The address with everything behind its first `length` bits cleared.
fn masked(address: IpAddr, length: u8) -> IpAddr {
    match address {
        IpAddr::V4(address) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(length.min(32))).unwrap_or(0);
            Ipv4Addr::from_bits(address.to_bits() & mask).into()
        }
        IpAddr::V6(address) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(length.min(128))).unwrap_or(0);
            Ipv6Addr::from_bits(address.to_bits() & mask).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(text: &str) -> Network {
        text.parse().unwrap()
    }

    #[test]
    fn a_network_holds_what_begins_like_it() {
        let cases = [
            ("10.0.0.0/8", "10.255.1.2", true),
            ("10.0.0.0/8", "11.0.0.0", false),
            ("10.0.0.0/8", "::ffff:10.1.2.3", true),
            ("::ffff:10.0.0.0/104", "10.1.2.3", true),
            ("192.168.1.128/25", "192.168.1.127", false),
            ("192.168.1.128/25", "192.168.1.200", true),
            ("192.0.2.7", "192.0.2.7", true),
            ("192.0.2.7", "192.0.2.6", false),
            ("0.0.0.0/0", "8.8.8.8", true),
            ("0.0.0.0/0", "::1", false),
            ("::/0", "2001:db8::1", true),
            ("::/0", "8.8.8.8", false),
            ("::/0", "::ffff:8.8.8.8", false),
            ("fd00::/8", "fdff::1", true),
            ("fd00::/8", "fe00::1", false),
            ("2001:db8::1", "2001:db8::1", true),
        ];
        for (text, address, inside) in cases {
            assert_eq!(network(text).contains(address.parse().unwrap()), inside, "{address} in {text}");
        }
    }

    #[test]
    fn it_reads_as_it_prints() {
        for (text, printed) in
            [("10.0.0.0/8", "10.0.0.0/8"), ("::1", "::1/128"), ("::ffff:10.0.0.0/104", "10.0.0.0/8")]
        {
            assert_eq!(network(text).to_string(), printed);
            assert_eq!(network(printed), network(text));
        }
        assert!(network("::/0").is_everything() && !network("10.0.0.0/8").is_everything());
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for text in [
            "",
            "/",
            "10.0.0.0/",
            "10.0.0.0/33",
            "10.0.0/8",
            "10.0.0.0/8/8",
            "10.0.0.0/-1",
            "10.0.0.0/+8",
            "::/129",
            "fe80::1%eth0",
            "localhost",
            "010.0.0.0/8",
            "::ffff:10.0.0.0/8",
        ] {
            assert_eq!(text.parse::<Network>(), Err(NotANetwork::Form), "{text}");
        }
        let meant = NotANetwork::HostBits { network: network("10.0.0.0/8") };
        assert_eq!("10.1.2.3/8".parse::<Network>(), Err(meant));
    }
}
