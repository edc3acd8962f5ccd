//! Listening sockets: one per executor on the same port, so that the kernel spreads connections and no thread hands
//! them on.

use std::io;
use std::net::{SocketAddr, TcpListener};

use socket2::{Domain, Protocol, Socket, Type};

/// One bound socket per executor.
#[derive(Debug)]
pub struct Listeners {
    address: SocketAddr,
    sockets: Vec<TcpListener>,
}

#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    #[error(
        "cannot listen on `{address}`: the port is in use, perhaps by another gatewright (`ss -ltnp 'sport = :{port}'` \
         names who holds it); stop it or choose another port with `--listen {ip}:PORT`",
        port = address.port(), ip = address.ip()
    )]
    Busy { address: SocketAddr },
    #[error(
        "cannot listen on `{address}`: permission denied; ports below 1024 need a privilege, choose a higher one with \
         `--listen`"
    )]
    Denied { address: SocketAddr },
    #[error("cannot listen on `{address}`: {source}; choose another address with `--listen`")]
    Other { address: SocketAddr, source: io::Error },
}

impl Listeners {
    /// Binds `count` sockets to `address`. Port 0 takes any free one.
    pub fn bind(address: SocketAddr, count: usize) -> Result<Self, ListenError> {
        let explain = |source: io::Error| match source.kind() {
            io::ErrorKind::AddrInUse => ListenError::Busy { address },
            io::ErrorKind::PermissionDenied => ListenError::Denied { address },
            _ => ListenError::Other { address, source },
        };
        // SO_REUSEPORT would let a second gateway of the same user share the port without a word, and each would get
        // half of the calls. So the port is first taken without it.
        let probe = socket(address, false).map_err(explain)?;
        let address = probe.local_addr().map_err(explain)?;
        drop(probe);
        let sockets =
            (0..count).map(|_| socket(address, true)).collect::<io::Result<_>>().map_err(explain)?;
        Ok(Self { address, sockets })
    }

    /// Where we listen, with the port that was taken.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Hands out the socket of one executor.
    pub fn take(&mut self) -> Option<TcpListener> {
        self.sockets.pop()
    }
}

/// A queue this long keeps a burst of connections from being refused while the executor is busy with calls.
const BACKLOG: i32 = 4096;

fn socket(address: SocketAddr, share: bool) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(share)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    // The probe listens too: with SO_REUSEADDR a bind beside a socket that listens succeeds on some systems, and only
    // listening tells.
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_port_is_an_error_that_says_what_to_do() {
        let first = Listeners::bind("127.0.0.1:0".parse().unwrap(), 2).unwrap();
        let error = Listeners::bind(first.address(), 1).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("the port is in use") && text.contains("--listen 127.0.0.1:PORT"), "{text}");
    }

    #[test]
    fn every_executor_gets_a_socket_of_its_own() {
        let mut listeners = Listeners::bind("127.0.0.1:0".parse().unwrap(), 3).unwrap();
        assert!((0..3).all(|_| listeners.take().is_some()));
        assert!(listeners.take().is_none());
    }
}
