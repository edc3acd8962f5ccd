//! The client against servers that behave, misbehave and vanish: scripts of raw bytes on a loopback socket.
#![expect(clippy::unwrap_used, reason = "a panic fails the test")]

mod connecting;
mod egress;
mod guard;
mod pool;
mod proxy;
mod replies;
mod server;
mod tls;
