//! From addresses to a connection: the first that answers. One that does not is not waited for before the next is
//! tried, so that a host with two families of addresses is reached where only one of them works.
//! <https://www.rfc-editor.org/rfc/rfc8305>

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::net::TcpStream;
use tokio::time::sleep;

/// How much of a start an address gets before the next one is tried beside it.
const HEAD_START: Duration = Duration::from_millis(250);

/// A name has few addresses; whoever gives us many is not worth them all.
const MOST_ADDRESSES: usize = 16;

/// Connects to the first address that answers. The others are given up.
pub(crate) async fn dial(addresses: &[SocketAddr]) -> io::Result<TcpStream> {
    let mut next = in_turn(addresses).into_iter();
    let mut attempts = FuturesUnordered::new();
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    loop {
        match next.next() {
            Some(address) => attempts.push(Box::pin(TcpStream::connect(address)) as Attempt),
            None if attempts.is_empty() => return Err(last),
            None => {}
        }
        let more = !next.as_slice().is_empty();
        tokio::select! {
            Some(connected) = attempts.next() => match connected {
                Ok(stream) => return Ok(stream),
                Err(error) => last = error,
            },
            () = sleep(HEAD_START), if more => {}
        }
    }
}

type Attempt = Pin<Box<dyn Future<Output = io::Result<TcpStream>>>>;

/// One of each family by turns, in the order of the resolver.
fn in_turn(addresses: &[SocketAddr]) -> Vec<SocketAddr> {
    let Some(first) = addresses.first() else { return Vec::new() };
    let (mut same, mut other): (Vec<_>, Vec<_>) =
        addresses.iter().copied().partition(|address| address.is_ipv4() == first.is_ipv4());
    same.truncate(MOST_ADDRESSES);
    other.truncate(MOST_ADDRESSES);
    let mut turns = Vec::with_capacity(same.len() + other.len());
    let (mut same, mut other) = (same.into_iter(), other.into_iter());
    loop {
        let (one, two) = (same.next(), other.next());
        turns.extend(one);
        turns.extend(two);
        if one.is_none() && two.is_none() {
            turns.truncate(MOST_ADDRESSES);
            return turns;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_take_turns() {
        let addresses: Vec<SocketAddr> =
            ["[2001:db8::1]:1", "[2001:db8::2]:1", "[2001:db8::3]:1", "192.0.2.1:1"]
                .map(|a| a.parse().unwrap())
                .into();
        let order: Vec<String> = in_turn(&addresses).iter().map(ToString::to_string).collect();
        assert_eq!(order, ["[2001:db8::1]:1", "192.0.2.1:1", "[2001:db8::2]:1", "[2001:db8::3]:1"]);
        assert_eq!(in_turn(&[addresses[0]; 99]).len(), MOST_ADDRESSES);
        assert!(in_turn(&[]).is_empty());
    }

    #[tokio::test]
    async fn one_that_refuses_is_followed_by_the_next() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let stream = dial(&[closed, listener.local_addr().unwrap()]).await.unwrap();
        assert_eq!(stream.peer_addr().unwrap(), listener.local_addr().unwrap());
        assert_eq!(dial(&[closed]).await.unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
        assert_eq!(dial(&[]).await.unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
