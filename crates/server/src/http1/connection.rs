//! One client's connection: requests in, replies out, one after the other.

use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use domain::{CallError, ErrorKind};
use http::Response;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};

use super::head::{self, Arrival, Head};
use super::prefixed::Prefixed;
use super::reply::{Clockwork, Outgoing};
use crate::body::{self, OutBody};

/// Room for one read: a whole request of ordinary size.
const READ: usize = 8 * 1024;

/// Of a request that came before the reply to the last one was out. More is left in the kernel, and what is there hides
/// whether the client has left.
const AHEAD: usize = READ;

/// What came next.
#[derive(Debug)]
pub(crate) enum Next {
    Call(Box<Arrival>),
    /// Something that hyper has to judge.
    Other,
    /// The client has closed.
    End,
}

#[derive(Debug)]
pub(crate) struct Connection<S> {
    stream: S,
    /// What has come and was not taken yet.
    buffer: BytesMut,
    /// How much of it has been searched for the end of a head.
    searched: usize,
    clockwork: Clockwork,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self { stream, buffer: BytesMut::new(), searched: 0, clockwork: Clockwork::default() }
    }

    pub(crate) fn hand_over(self) -> Prefixed<S> {
        Prefixed::new(self.buffer, self.stream)
    }

    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Next>> {
        loop {
            match head::read(&self.buffer, self.searched) {
                Head::Call(arrival, length) => {
                    self.buffer.advance(length);
                    self.searched = 0;
                    return Poll::Ready(Ok(Next::Call(arrival)));
                }
                Head::Other => return Poll::Ready(Ok(Next::Other)),
                Head::Partial => self.searched = self.buffer.len(),
            }
            if ready!(self.poll_fill(cx, READ))? == 0 {
                return Poll::Ready(Ok(Next::End));
            }
        }
    }

    /// The body of the request whose head was just read.
    pub(crate) async fn body(&mut self, length: usize, patience: Duration) -> Result<Bytes, CallError> {
        if self.buffer.len() < length {
            let rest = poll_fn(|cx| self.poll_until(cx, length));
            let arrived = tokio::time::timeout(patience, rest).await.map_err(|_| body::late(patience))?;
            arrived.map_err(|error| {
                CallError::new(ErrorKind::InvalidRequest, format!("the body broke off: {error}"))
            })?;
        }
        Ok(self.buffer.split_to(length).freeze())
    }

    /// Takes a body off that has come already.
    pub(crate) fn skip(&mut self, length: usize) -> bool {
        let here = self.buffer.len() >= length;
        if here {
            self.buffer.advance(length);
        }
        here
    }

    fn poll_until(&mut self, cx: &mut Context<'_>, length: usize) -> Poll<io::Result<()>> {
        while self.buffer.len() < length {
            // All the room at once, so that the body lies in one piece where it is read.
            if ready!(self.poll_fill(cx, length - self.buffer.len()))? == 0 {
                return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Ready when the client has left: while it waits for its reply it has nothing to say but its next request.
    pub(crate) fn poll_gone(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        while self.buffer.len() < AHEAD {
            match ready!(self.poll_fill(cx, READ)) {
                Ok(0) => return Poll::Ready(io::ErrorKind::UnexpectedEof.into()),
                Ok(_) => {}
                Err(error) => return Poll::Ready(error),
            }
        }
        Poll::Pending
    }

    /// Sends a reply to its end. `false`: the connection ends with it.
    pub(crate) async fn send(&mut self, response: Response<OutBody>, last: bool) -> io::Result<bool> {
        let (head, body) = response.into_parts();
        let mut outgoing = Outgoing::new(&head, body, last, &mut self.clockwork);
        poll_fn(|cx| {
            if let Poll::Ready(sent) = outgoing.poll_send(&mut self.stream, cx) {
                return Poll::Ready(sent);
            }
            // A provider that is silent does not keep a client's connection that is closed already.
            self.poll_gone(cx).map(Err)
        })
        .await?;
        let keep = !outgoing.is_last();
        if !keep {
            poll_fn(|cx| Pin::new(&mut self.stream).poll_shutdown(cx)).await?;
        }
        Ok(keep)
    }

    fn poll_fill(&mut self, cx: &mut Context<'_>, room: usize) -> Poll<io::Result<usize>> {
        self.buffer.reserve(room);
        pin!(self.stream.read_buf(&mut self.buffer)).poll(cx)
    }
}
