//! A reply's body. Read to its end it gives its connection back; dropped before, it closes it, and that is how a
//! client that left cancels the provider's work.

use std::io;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;

use crate::Origin;
use crate::http1::{BadReply, Connection, Framing};
use crate::pool::Pool;
use crate::simulator::Simulated;

/// The bytes of a reply as they come.
#[derive(Debug)]
pub struct Body {
    source: Source,
}

#[derive(Debug)]
enum Source {
    /// `None` when the body has ended, well or not.
    Http(Option<Lease>),
    Simulated(Simulated),
}

/// A connection that is lent to one reply.
#[derive(Debug)]
pub(crate) struct Lease {
    pub(crate) connection: Connection,
    pub(crate) framing: Framing,
    /// It may carry another request afterwards.
    pub(crate) keep_alive: bool,
    pub(crate) origin: Origin,
    /// Of the settings that it was made under.
    pub(crate) generation: u64,
    pub(crate) pool: Rc<Pool>,
}

/// The body broke off.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    #[error("closed by the server before the end of its reply")]
    CutShort,
    #[error(transparent)]
    Broken(#[from] io::Error),
    #[error("what came is not valid HTTP: {0}")]
    Garbage(#[from] BadReply),
}

impl Body {
    pub(crate) fn http(lease: Lease) -> Self {
        let mut body = Self { source: Source::Http(Some(lease)) };
        body.release_when_done();
        body
    }

    pub(crate) const fn simulated(simulated: Simulated) -> Self {
        Self { source: Source::Simulated(simulated) }
    }

    pub fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BodyError>>> {
        let lease = match &mut self.source {
            Source::Http(Some(lease)) => lease,
            Source::Http(None) => return Poll::Ready(None),
            Source::Simulated(simulated) => return simulated.poll_chunk(cx).map(|chunk| chunk.map(Ok)),
        };
        let chunk = ready!(lease.connection.poll_body(cx, &mut lease.framing));
        if matches!(chunk, Some(Err(_))) {
            self.source = Source::Http(None);
        }
        self.release_when_done();
        Poll::Ready(chunk)
    }

    pub async fn chunk(&mut self) -> Option<Result<Bytes, BodyError>> {
        std::future::poll_fn(|cx| self.poll_chunk(cx)).await
    }

    /// The connection goes back with the last byte, not when somebody has asked whether there are more.
    fn release_when_done(&mut self) {
        let Source::Http(lease) = &mut self.source else { return };
        if let Some(lease) = lease.take_if(|lease| lease.framing.is_done())
            && lease.keep_alive
        {
            lease.pool.put(lease.origin, lease.connection, lease.generation);
        }
    }
}
