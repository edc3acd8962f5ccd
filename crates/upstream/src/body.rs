//! A reply's body. Read to its end it gives its connection back; dropped before, it closes it, and that is how a
//! client that left cancels the provider's work.

use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::Body as _;
use hyper::body::Incoming;

use crate::Origin;
use crate::connect::Sender;
use crate::pool::Pool;

/// The bytes of a reply as they come.
#[derive(Debug)]
pub struct Body {
    incoming: Incoming,
    /// Taken when the body has ended well.
    lease: Option<Lease>,
}

/// A connection that is lent to one reply.
#[derive(Debug)]
pub(crate) struct Lease {
    pub(crate) origin: Origin,
    pub(crate) sender: Sender,
    pub(crate) pool: Rc<Pool>,
}

impl Body {
    pub(crate) const fn new(incoming: Incoming, lease: Lease) -> Self {
        Self { incoming, lease: Some(lease) }
    }

    /// The length, where the provider said it.
    pub fn exact_length(&self) -> Option<u64> {
        self.incoming.size_hint().exact()
    }

    pub fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, hyper::Error>>> {
        loop {
            let Some(frame) = std::task::ready!(Pin::new(&mut self.incoming).poll_frame(cx)) else {
                self.give_back();
                return Poll::Ready(None);
            };
            match frame {
                // Trailers carry nothing for us.
                Ok(frame) => {
                    if let Ok(chunk) = frame.into_data() {
                        if self.incoming.is_end_stream() {
                            self.give_back();
                        }
                        return Poll::Ready(Some(Ok(chunk)));
                    }
                }
                Err(error) => {
                    self.lease = None;
                    return Poll::Ready(Some(Err(error)));
                }
            }
        }
    }

    pub async fn chunk(&mut self) -> Option<Result<Bytes, hyper::Error>> {
        std::future::poll_fn(|cx| self.poll_chunk(cx)).await
    }

    fn give_back(&mut self) {
        if let Some(lease) = self.lease.take() {
            lease.pool.put(lease.origin, lease.sender);
        }
    }
}
