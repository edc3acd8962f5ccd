//! One connection: sends a request, reads the reply's head, then its body piece by piece.

use std::fmt;
use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker, ready};

use bytes::{Bytes, BytesMut};
use smallvec::SmallVec;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};

use super::head::HeadReader;
use super::{Framing, Head, Request};
use crate::{BodyError, SendError};

/// A stream to a server, plain or TLS.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin {}

impl<S: AsyncRead + AsyncWrite + Unpin> Stream for S {}

/// Room for one read: a whole reply of ordinary size. Doubled while reads fill it, up to the largest.
const SMALLEST_READ: usize = 8 * 1024;
const LARGEST_READ: usize = 256 * 1024;

/// An open connection. At any time it serves one exchange at most.
pub(crate) struct Connection {
    stream: Box<dyn Stream>,
    /// What has come and was not taken yet.
    buffer: BytesMut,
    read_size: usize,
    /// The head of the request, whose memory is used again.
    head: Vec<u8>,
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("buffered", &self.buffer.len()).finish_non_exhaustive()
    }
}

/// An exchange that gave no reply.
#[derive(Debug)]
pub(crate) struct Failed {
    pub(crate) error: SendError,
    /// Nothing at all came back: on a connection that has rested, that is the look of one whose peer closed it before
    /// the request arrived.
    pub(crate) untouched: bool,
}

impl Connection {
    pub(crate) fn new(stream: impl Stream + 'static) -> Self {
        Self { stream: Box::new(stream), buffer: BytesMut::new(), read_size: SMALLEST_READ, head: Vec::new() }
    }

    /// Sends a request and reads the head of its reply. A server may answer before it has read everything; what it
    /// refuses is not sent to the end.
    pub(crate) async fn exchange(&mut self, request: &Request<'_>) -> Result<Head, Failed> {
        let mut bytes = std::mem::take(&mut self.head);
        bytes.clear();
        request.write_head(&mut bytes);
        let mut outgoing = Outgoing::new(&bytes, request.body);
        let (mut reader, mut early) = (HeadReader::default(), None);
        let head = poll_fn(|cx| {
            let sent = outgoing.poll_send(&mut *self.stream, cx);
            if early.is_none() {
                early = Some(
                    ready!(self.poll_head(cx, &mut reader)).map_err(|failed| failed.after(&mut outgoing))?,
                );
            }
            // The reply to a request that is still on its way may depend on its rest.
            if early.as_ref().is_some_and(|head| head.status.is_success()) {
                ready!(sent);
            }
            let head =
                early.take().map(|head| Head { keep_alive: head.keep_alive && outgoing.is_sent(), ..head });
            head.map_or(Poll::Pending, |head| Poll::Ready(Ok(head)))
        });
        let head = head.await;
        self.head = bytes;
        head
    }

    fn poll_head(&mut self, cx: &mut Context<'_>, reader: &mut HeadReader) -> Poll<Result<Head, Failed>> {
        loop {
            match reader.take(&mut self.buffer) {
                Ok(Some(head)) => return Poll::Ready(Ok(head)),
                Ok(None) => {}
                Err(bad) => return Poll::Ready(Err(Failed { error: bad.into(), untouched: false })),
            }
            let untouched = self.buffer.is_empty() && !reader.has_passed_any();
            let broken = |error| Poll::Ready(Err(Failed { error: SendError::Broken(error), untouched }));
            match ready!(self.poll_fill(cx)) {
                Ok(0) => return broken(io::Error::new(io::ErrorKind::UnexpectedEof, "the server closed it")),
                Ok(_) => {}
                Err(error) => return broken(error),
            }
        }
    }

    /// The next bytes of the body; `None` at its end.
    pub(crate) fn poll_body(
        &mut self,
        cx: &mut Context<'_>,
        framing: &mut Framing,
    ) -> Poll<Option<Result<Bytes, BodyError>>> {
        loop {
            match framing.take(&mut self.buffer) {
                Ok(Some(bytes)) => return Poll::Ready(Some(Ok(bytes))),
                Ok(None) if framing.is_done() => return Poll::Ready(None),
                Ok(None) => {}
                Err(bad) => return Poll::Ready(Some(Err(bad.into()))),
            }
            match ready!(self.poll_fill(cx)) {
                Ok(0) if *framing == Framing::UntilClose => {
                    *framing = Framing::NONE;
                    return Poll::Ready(None);
                }
                Ok(0) => return Poll::Ready(Some(Err(BodyError::CutShort))),
                Ok(_) => {}
                Err(error) => return Poll::Ready(Some(Err(error.into()))),
            }
        }
    }

    /// Whether it can carry another request: nobody has closed it, and no byte came that nobody asked for.
    pub(crate) fn is_reusable(&mut self) -> bool {
        if !self.buffer.is_empty() {
            return false;
        }
        // Also takes in what a TLS server sends between replies. A look: whoever uses the connection next waits.
        self.poll_fill(&mut Context::from_waker(Waker::noop())).is_pending()
    }

    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        self.buffer.reserve(self.read_size);
        let length = ready!(pin!(self.stream.read_buf(&mut self.buffer)).poll(cx))?;
        if length >= self.read_size {
            self.read_size = (self.read_size * 2).min(LARGEST_READ);
        }
        Poll::Ready(Ok(length))
    }
}

impl Failed {
    /// Why nothing came back, if it is that the request could not be written.
    fn after(mut self, outgoing: &mut Outgoing<'_>) -> Self {
        if let (SendError::Broken(_), Some(error)) = (&self.error, outgoing.broken.take()) {
            self.error = SendError::Broken(error);
        }
        self
    }
}

/// A request on its way.
struct Outgoing<'a> {
    head: &'a [u8],
    body: &'a [Bytes],
    written: usize,
    length: usize,
    flushed: bool,
    /// The server takes no more. It may have answered all the same.
    broken: Option<io::Error>,
}

impl<'a> Outgoing<'a> {
    fn new(head: &'a [u8], body: &'a [Bytes]) -> Self {
        let length = head.len() + body.iter().map(Bytes::len).sum::<usize>();
        Self { head, body, written: 0, length, flushed: false, broken: None }
    }

    const fn is_sent(&self) -> bool {
        self.flushed && self.broken.is_none()
    }

    /// Ready when there is nothing left to do.
    fn poll_send(&mut self, stream: &mut dyn Stream, cx: &mut Context<'_>) -> Poll<()> {
        while self.broken.is_none() && !self.flushed {
            let step = if self.written < self.length {
                ready!(Pin::new(&mut *stream).poll_write_vectored(cx, &self.rest()))
            } else {
                ready!(Pin::new(&mut *stream).poll_flush(cx)).map(|()| {
                    self.flushed = true;
                    0
                })
            };
            match step {
                Ok(0) if !self.flushed => self.broken = Some(io::ErrorKind::WriteZero.into()),
                Ok(length) => self.written += length,
                Err(error) => self.broken = Some(error),
            }
        }
        Poll::Ready(())
    }

    fn rest(&self) -> SmallVec<[IoSlice<'a>; 4]> {
        let mut skip = self.written;
        let pieces = std::iter::once(self.head).chain(self.body.iter().map(|piece| &**piece));
        let rest = pieces.filter_map(|piece| {
            let skipped = skip.min(piece.len());
            skip -= skipped;
            piece.get(skipped..).filter(|rest| !rest.is_empty()).map(IoSlice::new)
        });
        rest.collect()
    }
}
