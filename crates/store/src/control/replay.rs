//! Requests that may arrive twice: a client that got no answer sends its request again under the same key, and it is
//! done once.

use std::fmt;

/// What tells one request from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Idempotency<'a> {
    /// Who sent it: keys of different callers never meet.
    pub caller: &'a str,
    pub key: &'a str,
    /// Of method, path and body. The same key for another request is an error.
    pub request_hash: [u8; 32],
}

/// An answer that is given again.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredResponse {
    pub status: u16,
    /// As the caller of the store left it: whoever answers with a secret seals it first.
    pub body: Vec<u8>,
}

impl fmt::Debug for StoredResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredResponse").field("status", &self.status).finish_non_exhaustive()
    }
}
