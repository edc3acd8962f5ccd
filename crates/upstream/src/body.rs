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
use crate::simulator::Simulated;

/// The bytes of a reply as they come.
#[derive(Debug)]
pub struct Body {
    source: Source,
}

#[derive(Debug)]
enum Source {
    Http {
        incoming: Incoming,
        /// Taken when the body has ended well.
        lease: Option<Lease>,
    },
    Simulated(Simulated),
}

/// A connection that is lent to one reply.
#[derive(Debug)]
pub(crate) struct Lease {
    pub(crate) origin: Origin,
    pub(crate) sender: Sender,
    pub(crate) pool: Rc<Pool>,
}

/// The body broke off.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct BodyError(#[from] hyper::Error);

impl Body {
    pub(crate) const fn http(incoming: Incoming, lease: Lease) -> Self {
        Self { source: Source::Http { incoming, lease: Some(lease) } }
    }

    pub(crate) const fn simulated(simulated: Simulated) -> Self {
        Self { source: Source::Simulated(simulated) }
    }

    pub fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BodyError>>> {
        match &mut self.source {
            Source::Http { incoming, lease } => poll_http(incoming, lease, cx),
            Source::Simulated(simulated) => simulated.poll_chunk(cx).map(|chunk| chunk.map(Ok)),
        }
    }

    pub async fn chunk(&mut self) -> Option<Result<Bytes, BodyError>> {
        std::future::poll_fn(|cx| self.poll_chunk(cx)).await
    }
}

fn poll_http(
    incoming: &mut Incoming,
    lease: &mut Option<Lease>,
    cx: &mut Context<'_>,
) -> Poll<Option<Result<Bytes, BodyError>>> {
    loop {
        let Some(frame) = std::task::ready!(Pin::new(&mut *incoming).poll_frame(cx)) else {
            give_back(lease);
            return Poll::Ready(None);
        };
        match frame.map(hyper::body::Frame::into_data) {
            Ok(Ok(chunk)) => {
                if incoming.is_end_stream() {
                    give_back(lease);
                }
                return Poll::Ready(Some(Ok(chunk)));
            }
            // Trailers carry nothing for us.
            Ok(Err(_)) => {}
            Err(error) => {
                *lease = None;
                return Poll::Ready(Some(Err(error.into())));
            }
        }
    }
}

fn give_back(lease: &mut Option<Lease>) {
    if let Some(lease) = lease.take() {
        lease.pool.put(lease.origin, lease.sender);
    }
}
