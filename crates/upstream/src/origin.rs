//! Where a request goes.

use std::sync::Arc;

/// A server, as connections are pooled by it. The host comes from configuration, never from a request.
#[derive(Debug, Clone)]
pub struct Origin {
    pub tls: bool,
    pub host: Arc<str>,
    pub port: u16,
    /// A person wrote this address into the configuration, so it may be private.
    pub allow_private: bool,
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
