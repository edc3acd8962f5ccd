//! The edges: bytes from a socket become calls, and replies become bytes again.
//!
//! Model routes are matched on a raw service, on the executor that accepted the connection; everything else (admin
//! API, health) goes to axum on the background runtime. Wire formats are `wire`'s, decisions are `pipeline`'s.

mod admin;
mod body;
mod connection;
mod forwarded;
mod handshake;
mod http1;
mod models;
mod operations;
mod peer;
mod service;
mod tls;

pub use admin::{AdminParts, AdminState, openapi, router};
pub use connection::{Acceptor, ConnectionLimits};
pub use operations::Health;
pub use service::{Service, Shared};
pub use tls::{CertificateStatus, InboundTls, TlsError};
