//! The bytes of a reply: a head and a body of known length in one write, or chunks as they come, one write per turn.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::{Buf, BufMut, Bytes, BytesMut};
use http::header::{CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING};
use http::response::Parts;
use http_body::Body;
use smallvec::SmallVec;
use tokio::io::AsyncWrite;

use crate::body::OutBody;

/// What is gathered for one write; a client that takes it slower than the provider gives it slows the provider down.
const GATHERED: usize = 64 * 1024;

/// A reply on its way.
#[derive(Debug)]
pub(crate) struct Outgoing {
    /// What has been made and not been written.
    pieces: VecDeque<Bytes>,
    gathered: usize,
    /// Where more comes from; `None` when everything has been made.
    body: Option<OutBody>,
    last: bool,
}

impl Outgoing {
    pub(crate) fn new(head: &Parts, body: OutBody, last: bool, clockwork: &mut Clockwork) -> Self {
        let last = last || closes(head);
        let mut bytes = BytesMut::with_capacity(1024);
        write_head(&mut bytes, head, last, clockwork);
        let (whole, rest) = match body {
            OutBody::Whole(whole) => (Some(whole.unwrap_or_default()), None),
            streamed => (None, Some(streamed)),
        };
        match &whole {
            Some(whole) => {
                bytes.extend_from_slice(b"content-length: ");
                write_number(&mut bytes, whole.len(), 10);
                bytes.extend_from_slice(b"\r\n\r\n");
            }
            None => bytes.extend_from_slice(b"transfer-encoding: chunked\r\n\r\n"),
        }
        let mut outgoing = Self { pieces: VecDeque::with_capacity(4), gathered: 0, body: rest, last };
        outgoing.add(bytes.freeze());
        outgoing.add(whole.unwrap_or_default());
        outgoing
    }

    pub(crate) const fn is_last(&self) -> bool {
        self.last
    }

    /// Ready when all of it is written. An error means that the reply cannot be completed: the connection has to end,
    /// so that the client knows.
    pub(crate) fn poll_send<S>(&mut self, stream: &mut S, cx: &mut Context<'_>) -> Poll<io::Result<()>>
    where
        S: AsyncWrite + Unpin,
    {
        loop {
            let made = self.poll_make(cx)?;
            while !self.pieces.is_empty() {
                let written = {
                    let slices: SmallVec<[IoSlice<'_>; 8]> =
                        self.pieces.iter().map(|piece| IoSlice::new(piece)).collect();
                    ready!(Pin::new(&mut *stream).poll_write_vectored(cx, &slices))?
                };
                if written == 0 {
                    return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
                }
                self.remove(written);
            }
            ready!(Pin::new(&mut *stream).poll_flush(cx))?;
            // Else there is room again, and the body was not asked for all it has.
            match made {
                Made::Nothing => return Poll::Pending,
                Made::All => return Poll::Ready(Ok(())),
                Made::Enough => {}
            }
        }
    }

    /// Gathers what the body has at once.
    fn poll_make(&mut self, cx: &mut Context<'_>) -> io::Result<Made> {
        while let Some(body) = &mut self.body {
            if self.gathered >= GATHERED {
                return Ok(Made::Enough);
            }
            match Pin::new(body).poll_frame(cx) {
                Poll::Pending => return Ok(Made::Nothing),
                Poll::Ready(Some(Ok(frame))) => {
                    if let Ok(data) = frame.into_data() {
                        self.add_chunk(data);
                    }
                }
                Poll::Ready(Some(Err(error))) => return Err(io::Error::other(error)),
                Poll::Ready(None) => {
                    self.body = None;
                    self.add(Bytes::from_static(b"0\r\n\r\n"));
                }
            }
        }
        Ok(Made::All)
    }

    fn add_chunk(&mut self, data: Bytes) {
        // An empty chunk would be the end.
        if data.is_empty() {
            return;
        }
        let mut size = BytesMut::with_capacity(20);
        write_number(&mut size, data.len(), 16);
        size.extend_from_slice(b"\r\n");
        self.add(size.freeze());
        self.add(data);
        self.add(Bytes::from_static(b"\r\n"));
    }

    fn add(&mut self, piece: Bytes) {
        if !piece.is_empty() {
            self.gathered += piece.len();
            self.pieces.push_back(piece);
        }
    }

    fn remove(&mut self, mut written: usize) {
        self.gathered -= written.min(self.gathered);
        while let Some(piece) = self.pieces.front_mut() {
            if written < piece.len() {
                piece.advance(written);
                return;
            }
            written -= piece.len();
            self.pieces.pop_front();
        }
    }
}

/// What a body had to give.
#[derive(Debug, Clone, Copy)]
enum Made {
    /// It will wake us.
    Nothing,
    /// As much as is taken at once.
    Enough,
    /// It has ended.
    All,
}

fn write_head(bytes: &mut BytesMut, head: &Parts, last: bool, clockwork: &mut Clockwork) {
    bytes.extend_from_slice(b"HTTP/1.1 ");
    bytes.extend_from_slice(head.status.as_str().as_bytes());
    bytes.put_u8(b' ');
    bytes.extend_from_slice(head.status.canonical_reason().unwrap_or("").as_bytes());
    bytes.extend_from_slice(b"\r\ndate: ");
    bytes.extend_from_slice(clockwork.date().as_bytes());
    bytes.extend_from_slice(b"\r\n");
    for (name, value) in &head.headers {
        // These are ours to write.
        if name == CONNECTION || name == CONTENT_LENGTH || name == TRANSFER_ENCODING {
            continue;
        }
        bytes.extend_from_slice(name.as_str().as_bytes());
        bytes.extend_from_slice(b": ");
        bytes.extend_from_slice(value.as_bytes());
        bytes.extend_from_slice(b"\r\n");
    }
    if last {
        bytes.extend_from_slice(b"connection: close\r\n");
    }
}

fn closes(head: &Parts) -> bool {
    head.headers.get(CONNECTION).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"close"))
}

fn write_number(bytes: &mut BytesMut, number: usize, radix: usize) {
    const LONGEST: usize = 20;
    let mut digits = [0_u8; LONGEST];
    let (mut at, mut rest) = (LONGEST, number);
    loop {
        at -= 1;
        digits[at] = b"0123456789abcdef"[rest % radix];
        rest /= radix;
        if rest == 0 || at == 0 {
            break;
        }
    }
    bytes.extend_from_slice(&digits[at..]);
}

/// The `date` of replies, written anew once a second.
#[derive(Debug, Default)]
pub(crate) struct Clockwork {
    second: u64,
    text: String,
}

impl Clockwork {
    fn date(&mut self) -> &str {
        let second = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        if self.second != second || self.text.is_empty() {
            self.second = second;
            self.text = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(second));
        }
        &self.text
    }
}
