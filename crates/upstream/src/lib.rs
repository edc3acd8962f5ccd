//! Outbound HTTP: one client per executor with connections of its own.
//!
//! Every address is resolved, checked and then connected to as checked; redirects are never followed; a connection
//! with bytes nobody asked for is never used again. What is sent, and whether it is tried again, is decided elsewhere.

mod body;
mod client;
mod connect;
mod dial;
mod egress;
mod error;
mod guard;
mod http1;
mod origin;
mod pool;
mod proxy;
mod simulator;
mod tls;
mod tls_trouble;

pub use body::{Body, BodyError};
pub use client::{Client, Response};
pub use egress::{Egress, EgressError, EgressOptions};
pub use error::SendError;
pub use guard::is_public;
pub use http1::{BadReply, Request};
pub use origin::{Origin, UrlError};
pub use proxy::{Proxy, ProxyError};
pub use simulator::Behaviour;
pub use tls::{Tls, TlsError};
