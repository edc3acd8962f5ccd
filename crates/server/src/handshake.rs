//! The first moments of an encrypted connection: the TLS handshake, in bounded time and number, and an answer for
//! clients that speak plain HTTP to a port that does not.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use domain::{CallError, Dialect, ErrorKind};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// Handshakes under way on one executor. An honest one takes some network round trips; where more than this wait, most
/// of them are held by somebody who sends nothing.
const MOST_AT_ONCE: usize = 512;

/// The handshakes of one executor, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Handshakes {
    under_way: RefCell<VecDeque<Rc<Notify>>>,
}

/// A place among the handshakes; given back when dropped.
struct Place {
    handshakes: Rc<Handshakes>,
    displaced: Rc<Notify>,
}

impl Handshakes {
    /// Where there are too many, the oldest has to go: it has had the most time.
    fn enter(self: &Rc<Self>) -> Place {
        let displaced = Rc::new(Notify::new());
        let mut under_way = self.under_way.borrow_mut();
        if under_way.len() >= MOST_AT_ONCE
            && let Some(oldest) = under_way.pop_front()
        {
            oldest.notify_one();
        }
        under_way.push_back(Rc::clone(&displaced));
        Place { handshakes: Rc::clone(self), displaced }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.handshakes.under_way.borrow_mut().retain(|other| !Rc::ptr_eq(other, &self.displaced));
    }
}

/// The encrypted stream; `None` where there is nobody left to talk to.
pub(crate) async fn handshake(
    stream: TcpStream,
    acceptor: &TlsAcceptor,
    handshakes: &Rc<Handshakes>,
    patience: Duration,
) -> Option<Box<TlsStream<TcpStream>>> {
    let place = handshakes.enter();
    let accepted = tokio::select! {
        accepted = tokio::time::timeout(patience, accept(stream, acceptor)) => accepted,
        () = place.displaced.notified() => {
            tracing::debug!("a TLS handshake made room for newer ones");
            return None;
        }
    };
    match accepted {
        Ok(Ok(stream)) => return stream.map(Box::new),
        Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake failed"),
        Err(_) => tracing::debug!(?patience, "a TLS handshake took too long"),
    }
    None
}

async fn accept(mut stream: TcpStream, acceptor: &TlsAcceptor) -> io::Result<Option<TlsStream<TcpStream>>> {
    let mut first = [0];
    if stream.peek(&mut first).await? == 0 {
        return Ok(None);
    }
    // TLS begins with a record type below 32; every method of HTTP begins with a letter.
    if first[0].is_ascii_alphabetic() {
        answer_plainly(&mut stream).await?;
        return Ok(None);
    }
    acceptor.accept(stream).await.map(Some)
}

/// Tells a client that it speaks HTTP where HTTPS is spoken, in words that reach whoever wrote the URL.
async fn answer_plainly(stream: &mut TcpStream) -> io::Result<()> {
    let message = "this port speaks https; begin the base URL with `https://`";
    let error = CallError::new(ErrorKind::InvalidRequest, message);
    let body = wire::write_error(Dialect::OpenaiChat, &error, "");
    let head = format!(
        "HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(&body).await?;
    stream.shutdown().await?;
    // With its request unread the connection would be reset, and the reset may overtake the answer.
    let mut unread = stream.take(LARGEST_UNREAD);
    tokio::io::copy(&mut unread, &mut tokio::io::sink()).await?;
    Ok(())
}

/// What is read of a request only to throw it away.
const LARGEST_UNREAD: u64 = 256 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_makes_room() {
        let handshakes = Rc::new(Handshakes::default());
        let mut places: Vec<Place> = (0..MOST_AT_ONCE).map(|_| handshakes.enter()).collect();
        let newest = handshakes.enter();
        assert_eq!(handshakes.under_way.borrow().len(), MOST_AT_ONCE);
        let told =
            |place: &Place| futures_util::FutureExt::now_or_never(place.displaced.notified()).is_some();
        assert!(told(&places[0]) && !told(&places[1]) && !told(&newest));
        drop(places.remove(0));
        assert_eq!(handshakes.under_way.borrow().len(), MOST_AT_ONCE, "its place was taken already");
        drop((places, newest));
        assert!(handshakes.under_way.borrow().is_empty());
    }
}
