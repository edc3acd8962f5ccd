//! Why nothing came back.

use std::io;
use std::net::IpAddr;

use crate::http1::BadReply;

/// A request that got no reply. The texts go into traces; they name hosts, never credentials.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    #[error("cannot resolve `{host}`: {source}")]
    Resolve { host: String, source: io::Error },
    #[error(
        "`{host}` resolves to the private address {address}; only a `base_url` written in the configuration may point \
         there"
    )]
    Forbidden { host: String, address: IpAddr },
    #[error("cannot connect to `{host}:{port}`: {source}")]
    Connect { host: String, port: u16, source: io::Error },
    #[error(
        "`{host}` is a name of this machine or of a private network; only a `base_url` written in the configuration may point there"
    )]
    PrivateName { host: String },
    /// The reason says what to do.
    #[error("no TLS session with `{host}`: {reason}")]
    Tls { host: String, reason: String },
    #[error("no connection to `{host}:{port}` within the connect deadline")]
    ConnectTimeout { host: String, port: u16 },
    /// The connection broke after the request was on its way and before a reply began.
    #[error("the connection broke before the reply: {0}")]
    Broken(io::Error),
    /// What came back cannot be read for certain.
    #[error("the reply is not valid HTTP: {0}")]
    Garbage(#[from] BadReply),
}

impl SendError {
    /// Whether the request may have reached the provider.
    pub const fn reached(&self) -> bool {
        matches!(self, Self::Broken(_) | Self::Garbage(_))
    }

    pub const fn is_timeout(&self) -> bool {
        matches!(self, Self::ConnectTimeout { .. })
    }
}
