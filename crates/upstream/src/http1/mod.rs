//! HTTP/1.1 as a client, over any byte stream: a request is written as its bytes, a reply is read with as few copies and
//! wake-ups as it can be. Strict where leniency would be a guess about where a reply ends: such a reply is refused.
//!
//! There is no task behind a connection. Whoever waits for a reply drives it, and an idle one is looked at when it is
//! wanted again.

mod chunked;
mod connection;
mod framing;
mod head;
mod request;

pub(crate) use connection::{Connection, Stream};
pub(crate) use framing::Framing;
pub(crate) use head::Head;
pub use request::Request;

/// A reply that is no HTTP/1.1, or not one that can be read to a certain end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadReply {
    #[error("its head is malformed")]
    Head,
    #[error("its head is larger than 64 KiB")]
    HeadTooLarge,
    #[error("its `content-length` is not one number")]
    Length,
    #[error("it has a transfer coding that nobody asked for")]
    Coding,
    #[error("it switches to another protocol")]
    Upgrade,
    #[error("its chunks are malformed")]
    Chunk,
}
