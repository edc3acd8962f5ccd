//! A bare connection, for requests that no client library would send: half a body, two requests at once, a head that
//! lies.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::within;

#[derive(Debug)]
pub struct Raw {
    stream: TcpStream,
    /// Read, and not yet handed out.
    buffer: Vec<u8>,
}

impl Raw {
    /// Connects to `http://host:port`, or to the port of an https URL without its encryption.
    pub async fn connect(url: &str) -> Self {
        let authority = url
            .trim_start_matches("https://")
            .trim_start_matches("http://")
            .split('/')
            .next()
            .unwrap_or_default();
        let stream = within("connecting", TcpStream::connect(authority))
            .await
            .unwrap_or_else(|error| panic!("cannot connect to {authority}: {error}"));
        stream.set_nodelay(true).expect("a connected socket takes options");
        Self { stream, buffer: Vec::new() }
    }

    /// Writes all of it. The peer may have closed already; what it said is still to be read, so that is no failure.
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        drop(within("sending", self.stream.write_all(bytes.as_ref())).await);
    }

    /// Says that nothing more will be sent; replies can still be read.
    pub async fn finish(&mut self) {
        drop(self.stream.shutdown().await);
    }

    /// Everything up to and with the pattern; what was read so far where the connection ends before.
    pub async fn read_until(&mut self, pattern: &str) -> String {
        let mut searched = 0;
        loop {
            let from = searched.min(self.buffer.len());
            let found =
                self.buffer[from..].windows(pattern.len()).position(|window| window == pattern.as_bytes());
            if let Some(at) = found {
                let rest = self.buffer.split_off(from + at + pattern.len());
                return text(&std::mem::replace(&mut self.buffer, rest));
            }
            searched = self.buffer.len().saturating_sub(pattern.len());
            if !self.read_more().await {
                return text(&std::mem::take(&mut self.buffer));
            }
        }
    }

    /// Everything until the peer closes or resets the connection.
    pub async fn read_to_end(&mut self) -> String {
        while self.read_more().await {}
        text(&std::mem::take(&mut self.buffer))
    }

    /// Closes with a reset instead of a proper end.
    pub fn reset(self) {
        self.stream.set_zero_linger().expect("a connected socket takes options");
    }

    async fn read_more(&mut self) -> bool {
        matches!(within("reading", self.stream.read_buf(&mut self.buffer)).await, Ok(1..))
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
