//! The upstream: answers every POST with an OpenAI chat completion that was written beforehand, whole or as a stream
//! of paced events. One thread, one event loop, one write a reply: it must never be what limits a measurement.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::net::SocketAddr;

use anyhow::Context;
use memchr::memmem;
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};

use crate::clock::{self, Timer};
use crate::http::{Reader, Sink};
use crate::machine;

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Where to listen
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// The core to stay on
    #[arg(long)]
    core: Option<usize>,
    /// Events of a stream, its closing ones included
    #[arg(long, default_value_t = 100)]
    events: usize,
    /// Microseconds between two events of a stream; 0 writes them all at once
    #[arg(long, default_value_t = 10_000)]
    interval_us: u64,
}

pub(crate) fn serve(options: &Options) -> anyhow::Result<()> {
    if let Some(core) = options.core {
        machine::pin(core)?;
    }
    let mut mock = Mock::new(options)?;
    writeln!(io::stdout(), "listening on http://{}", mock.listener.local_addr()?)?;
    io::stdout().flush()?;
    mock.run()
}

struct Mock {
    poll: Poll,
    listener: TcpListener,
    timer: Timer,
    connections: Vec<Option<Connection>>,
    free: Vec<usize>,
    /// Streams in the order of their next event. All have the same pace, so the order never changes.
    due: VecDeque<Due>,
    replies: Replies,
    interval: u64,
    buffer: Vec<u8>,
}

struct Due {
    at: u64,
    connection: usize,
    /// The connection's number in the order of arrival: a place may have been taken over meanwhile.
    arrival: u64,
    next_event: usize,
}

struct Connection {
    stream: TcpStream,
    reader: Reader,
    arrival: u64,
    /// What the socket did not take yet.
    unsent: Vec<u8>,
}

/// Everything the mock ever says.
struct Replies {
    whole: Vec<u8>,
    stream_head: Vec<u8>,
    /// The events with their chunk framing; the last one ends the body.
    events: Vec<Vec<u8>>,
}

impl Mock {
    fn new(options: &Options) -> anyhow::Result<Self> {
        let poll = Poll::new()?;
        let mut listener = TcpListener::bind(options.listen)
            .with_context(|| format!("cannot listen on {}", options.listen))?;
        poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
        let timer = Timer::new(poll.registry(), TIMER)?;
        Ok(Self {
            poll,
            listener,
            timer,
            connections: Vec::new(),
            free: Vec::new(),
            due: VecDeque::new(),
            replies: Replies::new(options.events.max(4)),
            interval: options.interval_us * 1_000,
            buffer: vec![0; 256 << 10],
        })
    }

    fn run(&mut self) -> anyhow::Result<()> {
        let mut events = Events::with_capacity(1024);
        let mut arrivals = 0;
        loop {
            if let Err(error) = self.poll.poll(&mut events, None)
                && error.kind() != io::ErrorKind::Interrupted
            {
                return Err(error.into());
            }
            for event in &events {
                match event.token() {
                    LISTENER => self.accept(&mut arrivals)?,
                    TIMER => {}
                    Token(at) => self.handle(at),
                }
            }
            self.send_due()?;
        }
    }

    fn accept(&mut self, arrivals: &mut u64) -> anyhow::Result<()> {
        loop {
            let mut stream = match self.listener.accept() {
                Ok((stream, _)) => stream,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error.into()),
            };
            stream.set_nodelay(true)?;
            let at = self.free.pop().unwrap_or(self.connections.len());
            self.poll.registry().register(&mut stream, Token(at), Interest::READABLE | Interest::WRITABLE)?;
            *arrivals += 1;
            let connection =
                Connection { stream, reader: Reader::default(), arrival: *arrivals, unsent: Vec::new() };
            if at == self.connections.len() {
                self.connections.push(Some(connection));
            } else {
                self.connections[at] = Some(connection);
            }
        }
    }

    fn handle(&mut self, at: usize) {
        if self.converse(at).is_none() && self.connections[at].take().is_some() {
            self.free.push(at);
        }
    }

    /// Reads and answers until the socket has nothing more; `None` when the connection is over.
    fn converse(&mut self, at: usize) -> Option<()> {
        let connection = self.connections.get_mut(at)?.as_mut()?;
        connection.flush().ok()?;
        loop {
            let read = match connection.stream.read(&mut self.buffer) {
                Ok(0) => return None,
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Some(()),
                Err(_) => return None,
            };
            let mut asked = Asked::default();
            connection.reader.push(&self.buffer[..read], &mut asked).ok()?;
            for _ in 0..asked.whole {
                connection.send(&self.replies.whole).ok()?;
            }
            for _ in 0..asked.streams {
                let next_event = self.replies.begin(connection, self.interval).ok()?;
                if next_event < self.replies.events.len() {
                    let at_time = clock::now() + self.interval;
                    self.due.push_back(Due {
                        at: at_time,
                        connection: at,
                        arrival: connection.arrival,
                        next_event,
                    });
                }
            }
            // A short read has drained the socket; the next byte raises a new event.
            if read < self.buffer.len() {
                return Some(());
            }
        }
    }

    fn send_due(&mut self) -> anyhow::Result<()> {
        while let Some(due) = self.due.front() {
            if due.at > clock::now() {
                return Ok(self.timer.set(due.at)?);
            }
            let Some(mut due) = self.due.pop_front() else {
                break;
            };
            let place = &mut self.connections[due.connection];
            let Some(connection) = place.as_mut().filter(|connection| connection.arrival == due.arrival)
            else {
                continue;
            };
            if connection.send(&self.replies.events[due.next_event]).is_err() {
                *place = None;
                self.free.push(due.connection);
                continue;
            }
            due.next_event += 1;
            due.at += self.interval;
            if due.next_event < self.replies.events.len() {
                self.due.push_back(due);
            }
        }
        Ok(())
    }
}

impl Connection {
    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        if !self.unsent.is_empty() {
            self.unsent.extend_from_slice(bytes);
            return Ok(());
        }
        let written = match self.stream.write(bytes) {
            Ok(written) => written,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => 0,
            Err(error) => return Err(error),
        };
        self.unsent.extend_from_slice(&bytes[written..]);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.unsent.is_empty() {
            return Ok(());
        }
        let unsent = std::mem::take(&mut self.unsent);
        self.send(&unsent)
    }
}

impl Replies {
    fn new(events: usize) -> Self {
        let whole = completion();
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";
        let stream_head =
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
        let mut chunks: Vec<Vec<u8>> = (0..events - 3).map(|number| chunk(&content_event(number))).collect();
        chunks.push(chunk(&stream_event(
            r#"[{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}]"#,
            "null",
        )));
        chunks.push(chunk(&stream_event("[]", USAGE)));
        chunks.push([chunk("data: [DONE]\n\n"), b"0\r\n\r\n".to_vec()].concat());
        Self {
            whole: format!("{head}content-length: {}\r\n\r\n{whole}", whole.len()).into_bytes(),
            stream_head: stream_head.as_bytes().to_vec(),
            events: chunks,
        }
    }

    /// Sends the head with the first events, or with all of them, and says which event comes next. The role comes
    /// with the first token, as providers send it: there is nothing to tell before that.
    fn begin(&self, connection: &mut Connection, interval: u64) -> io::Result<usize> {
        let at_once = if interval == 0 { self.events.len() } else { 2 };
        let mut bytes = self.stream_head.clone();
        self.events[..at_once].iter().for_each(|event| bytes.extend_from_slice(event));
        connection.send(&bytes)?;
        Ok(at_once)
    }
}

/// What the requests of one read ask for.
#[derive(Default)]
struct Asked {
    whole: usize,
    streams: usize,
    wants_stream: bool,
}

impl Sink for Asked {
    fn head(&mut self, _: &[u8]) {
        self.wants_stream = false;
    }

    fn body(&mut self, piece: &[u8]) {
        // The generator writes this member first, so one look at the beginning is enough.
        let beginning = &piece[..piece.len().min(1024)];
        self.wants_stream |= memmem::find(beginning, b"\"stream\":true").is_some();
    }

    fn end(&mut self) {
        if self.wants_stream {
            self.streams += 1;
        } else {
            self.whole += 1;
        }
    }
}

/// About 1 KB, as a short answer of a chat model is.
fn completion() -> String {
    let text = "The quick brown fox jumps over the lazy dog. ".repeat(12);
    format!(
        r#"{{"id":"chatcmpl-bench0000000000000000000000","object":"chat.completion","created":1790000000,"model":"gpt-bench","choices":[{{"index":0,"message":{{"role":"assistant","content":"{text}","refusal":null,"annotations":[]}},"logprobs":null,"finish_reason":"stop"}}],"usage":{USAGE},"service_tier":"default","system_fingerprint":"fp_bench"}}"#
    )
}

fn content_event(number: usize) -> String {
    let delta = if number == 0 {
        r#""role":"assistant","content":"","refusal":null"#
    } else {
        r#""content":" word""#
    };
    stream_event(
        &format!(r#"[{{"index":0,"delta":{{{delta}}},"logprobs":null,"finish_reason":null}}]"#),
        "null",
    )
}

fn stream_event(choices: &str, usage: &str) -> String {
    format!(
        "data: {{\"id\":\"chatcmpl-bench0000000000000000000000\",\"object\":\"chat.completion.chunk\",\"created\":1790000000,\"model\":\"gpt-bench\",\"service_tier\":\"default\",\"system_fingerprint\":\"fp_bench\",\"choices\":{choices},\"usage\":{usage}}}\n\n"
    )
}

fn chunk(event: &str) -> Vec<u8> {
    format!("{:x}\r\n{event}\r\n", event.len()).into_bytes()
}

const USAGE: &str = r#"{"prompt_tokens":120,"completion_tokens":121,"total_tokens":241,"prompt_tokens_details":{"cached_tokens":0,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}"#;
const LISTENER: Token = Token(usize::MAX - 1);
const TIMER: Token = Token(usize::MAX - 2);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_have_the_size_they_claim() {
        let replies = Replies::new(100);
        assert_eq!(replies.events.len(), 100);
        assert!((900..1300).contains(&replies.whole.len()), "{}", replies.whole.len());
        let text = completion();
        assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok());
        let event = content_event(1);
        let data = event.trim().strip_prefix("data: ").unwrap();
        assert!(serde_json::from_str::<serde_json::Value>(data).is_ok());
    }
}
