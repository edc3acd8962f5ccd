//! The other end of a connection.

use std::net::{IpAddr, SocketAddr};

/// Who is at the other end, as far as the connection tells; for requests, as far as a trusted proxy tells (see
/// `forwarded`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Peer {
    pub(crate) address: IpAddr,
    /// Both ends are on this machine.
    pub(crate) loopback: bool,
    /// The connection is TLS.
    pub(crate) encrypted: bool,
}

impl Peer {
    pub(crate) fn of(peer: SocketAddr, local: Option<SocketAddr>, encrypted: bool) -> Self {
        let address = peer.ip().to_canonical();
        let loopback =
            address.is_loopback() && local.is_some_and(|local| local.ip().to_canonical().is_loopback());
        Self { address, loopback, encrypted }
    }
}
