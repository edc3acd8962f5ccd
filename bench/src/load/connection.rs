//! A keep-alive connection of the load generator: writes the prepared request, reads replies, counts stream events.

use std::io::{self, Read, Write};
use std::net::SocketAddr;

use anyhow::Context;
use mio::net::TcpStream;
use mio::{Interest, Registry, Token};

use crate::clock;
use crate::http::{self, Reader, Sink};

pub(crate) struct Connection {
    address: SocketAddr,
    token: Token,
    stream: TcpStream,
    reader: Reader,
    pub(crate) reply: Reply,
    /// How much of the request has been written; equal to its length when all of it is.
    written: usize,
}

/// The reply that is being read.
#[derive(Debug, Default)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) events: u64,
    /// When the first byte of the body came.
    pub(crate) first_byte: Option<u64>,
    pub(crate) is_complete: bool,
    ends_in_newline: bool,
}

/// What a readable connection has come to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    Waiting,
    Complete,
    /// The server has closed it.
    Closed,
}

impl Connection {
    pub(crate) fn open(address: SocketAddr, registry: &Registry, token: Token) -> anyhow::Result<Self> {
        let stream = connect(address, registry, token)?;
        Ok(Self { address, token, stream, reader: Reader::default(), reply: Reply::default(), written: 0 })
    }

    pub(crate) fn reopen(&mut self, registry: &Registry) -> anyhow::Result<()> {
        self.stream = connect(self.address, registry, self.token)?;
        self.reader = Reader::default();
        Ok(())
    }

    /// Begins a request; what the socket does not take follows in [`Self::advance`].
    pub(crate) fn send(&mut self, request: &[u8]) -> io::Result<()> {
        self.reply = Reply::default();
        self.written = 0;
        self.write(request)
    }

    fn write(&mut self, request: &[u8]) -> io::Result<()> {
        while self.written < request.len() {
            match self.stream.write(&request[self.written..]) {
                Ok(written) => self.written += written,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Goes on writing and reads what has come.
    pub(crate) fn advance(&mut self, request: &[u8], buffer: &mut [u8]) -> Progress {
        if self.written > 0 && self.written < request.len() && self.write(request).is_err() {
            return Progress::Closed;
        }
        loop {
            let read = match self.stream.read(buffer) {
                Ok(0) => return Progress::Closed,
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(_) => return Progress::Closed,
            };
            if self.reader.push(&buffer[..read], &mut self.reply).is_err() {
                return Progress::Closed;
            }
            if read < buffer.len() {
                break;
            }
        }
        if self.reply.is_complete { Progress::Complete } else { Progress::Waiting }
    }
}

fn connect(address: SocketAddr, registry: &Registry, token: Token) -> anyhow::Result<TcpStream> {
    let stream =
        std::net::TcpStream::connect(address).with_context(|| format!("cannot connect to {address}"))?;
    stream.set_nodelay(true)?;
    stream.set_nonblocking(true)?;
    let mut stream = TcpStream::from_std(stream);
    registry.register(&mut stream, token, Interest::READABLE | Interest::WRITABLE)?;
    Ok(stream)
}

impl Sink for Reply {
    fn head(&mut self, head: &[u8]) {
        self.status = http::status(head);
    }

    fn body(&mut self, piece: &[u8]) {
        if self.first_byte.is_none() && !piece.is_empty() {
            self.first_byte = Some(clock::now());
        }
        let mut before = if self.ends_in_newline { b'\n' } else { 0 };
        for at in memchr::memchr_iter(b'\n', piece) {
            let last = if at == 0 { before } else { piece[at - 1] };
            self.events += u64::from(last == b'\n');
        }
        before = piece.last().copied().unwrap_or(before);
        self.ends_in_newline = before == b'\n';
    }

    fn end(&mut self) {
        self.is_complete = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_counted_at_every_chunking() {
        let text = b"data: {\"a\":1}\n\ndata: {}\n\ndata: [DONE]\n\n";
        for size in 1..=text.len() {
            let mut reply = Reply::default();
            text.chunks(size).for_each(|piece| reply.body(piece));
            assert_eq!(reply.events, 3, "pieces of {size}");
        }
    }
}
