//! A reply as it goes out, without a type of the HTTP library that will carry it.

use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use crate::relay::Relay;

/// What the client gets.
#[derive(Debug)]
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: ReplyBody,
}

#[derive(Debug)]
pub enum ReplyBody {
    Whole(Bytes),
    /// Polled as the client can take it; dropping it cancels the provider's work and closes the books.
    Stream(Box<Relay>),
}
