//! Accepting connections on one executor and serving them until they end or the server stops.

use std::net::{SocketAddr, TcpListener};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use hyper::rt::Executor;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use runtime::{ExecutorContext, Tasks};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use crate::handshake::{Handshakes, handshake};
use crate::peer::Peer;
use crate::service::{Guest, Service};
use crate::tls::{H2, InboundTls};

/// What a connection may take.
#[derive(Debug, Clone, Copy)]
pub struct ConnectionLimits {
    /// For the whole head of a request, and for a TLS handshake before it.
    pub header_read: Duration,
}

/// The accept loop of one executor.
#[derive(Debug)]
pub struct Acceptor {
    pub listener: TcpListener,
    pub limits: ConnectionLimits,
    pub tls: Arc<InboundTls>,
    pub service: Rc<Service>,
}

/// Out of descriptors or memory: connections wait in the kernel's queue until others have ended.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// A connection that came while the server stops is there for one request, which is on its way.
const LATE_HEADER_READ: Duration = Duration::from_secs(2);

/// A head is larger than this only in an attack.
const MAX_HEADERS: usize = 128;
const READ_BUFFER: usize = 256 * 1024;

/// Of one HTTP/2 connection: calls at once, and bytes of bodies that may come before somebody reads them.
const MAX_STREAMS: u32 = 256;
const STREAM_WINDOW: u32 = 256 * 1024;
const CONNECTION_WINDOW: u32 = 1024 * 1024;
const MAX_HEADER_LIST: u32 = 64 * 1024;
/// An HTTP/2 connection whose peer vanished is noticed by this.
const PING_EVERY: Duration = Duration::from_secs(30);

impl Acceptor {
    /// Runs until no more connections are taken.
    pub async fn run(self, context: Rc<ExecutorContext>) {
        let Self { listener, limits, tls, service } = self;
        let listener = match tokio::net::TcpListener::from_std(listener) {
            Ok(listener) => listener,
            Err(error) => {
                tracing::error!(%error, "cannot watch the listening socket");
                context.shutdown.kill();
                return;
            }
        };
        let guests = Rc::new(Guests {
            local: listener.local_addr().ok(),
            limits,
            tls,
            handshakes: Rc::default(),
            service,
            context: Rc::clone(&context),
        });
        let welcome = |stream, peer| {
            let guests = Rc::clone(&guests);
            context.tasks.spawn_local(async move { guests.serve(stream, peer).await });
        };
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = context.shutdown.closing() => break,
            };
            match accepted {
                Ok((stream, peer)) => welcome(stream, peer),
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection; trying again shortly");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
        // Whoever the kernel has told that they are connected is served; closing the socket would reset them.
        for (stream, peer) in waiting(listener) {
            welcome(stream, peer);
        }
    }
}

/// The connections that wait in the listener's queue.
fn waiting(listener: tokio::net::TcpListener) -> impl Iterator<Item = (TcpStream, SocketAddr)> {
    let mut listener = listener.into_std().ok();
    std::iter::from_fn(move || {
        let (stream, peer) = listener.as_ref()?.accept().ok().or_else(|| {
            listener = None;
            None
        })?;
        stream.set_nonblocking(true).ok()?;
        Some((TcpStream::from_std(stream).ok()?, peer))
    })
}

/// What every connection of one executor needs.
struct Guests {
    local: Option<SocketAddr>,
    limits: ConnectionLimits,
    tls: Arc<InboundTls>,
    handshakes: Rc<Handshakes>,
    service: Rc<Service>,
    context: Rc<ExecutorContext>,
}

impl Guests {
    async fn serve(&self, stream: TcpStream, peer: SocketAddr) {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a client's socket refuses TCP_NODELAY");
        }
        let Some(acceptor) = self.tls.acceptor() else {
            return self.http1(stream, Guest::new(Peer::of(peer, self.local, false))).await;
        };
        // Few connections for many calls: their first moments need not be small.
        let shaken = Box::pin(handshake(stream, &acceptor, &self.handshakes, self.limits.header_read)).await;
        let Some(stream) = shaken else { return };
        let guest = Guest::new(Peer::of(peer, self.local, true));
        if stream.get_ref().1.alpn_protocol() == Some(H2) {
            Box::pin(self.http2(stream, guest)).await;
        } else {
            Box::pin(self.http1(stream, guest)).await;
        }
    }

    async fn http1(&self, stream: impl AsyncRead + AsyncWrite + Unpin, guest: Guest) {
        let shutdown = &self.context.shutdown;
        if shutdown.is_stopping() {
            return Box::pin(self.anything(stream, guest, true)).await;
        }
        // Calls as they usually come; everything else, and whatever follows it on this connection, is hyper's.
        match crate::http1::serve(stream, &self.service, &guest, shutdown, self.limits.header_read).await {
            Ok(Some(rest)) => Box::pin(self.anything(rest, guest, shutdown.is_stopping())).await,
            Ok(None) => {}
            Err(error) => tracing::debug!(%error, peer = %guest.peer.address, "a connection ended early"),
        }
    }

    /// Serves whatever HTTP/1.1 can carry. A `late` connection came while the server stops.
    async fn anything(&self, stream: impl AsyncRead + AsyncWrite + Unpin, guest: Guest, late: bool) {
        let shutdown = &self.context.shutdown;
        let peer = guest.peer;
        let (service, guest) = (Rc::clone(&self.service), Rc::new(guest));
        let answer = service_fn(move |request| {
            let (service, guest) = (Rc::clone(&service), Rc::clone(&guest));
            async move { service.answer(request, &guest).await }
        });
        let header_read = self.limits.header_read;
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(if late { header_read.min(LATE_HEADER_READ) } else { header_read })
            .keep_alive(!late)
            .max_headers(MAX_HEADERS)
            .max_buf_size(READ_BUFFER)
            .serve_connection(TokioIo::new(stream), answer);
        let mut connection = std::pin::pin!(connection);
        let ended = tokio::select! {
            // In this order: a request that was read already must be seen before the connection is told to end.
            biased;
            ended = connection.as_mut() => ended,
            // A late one has its one request ahead of it, and would be closed before that.
            () = shutdown.closing(), if !late => {
                // The call in flight is answered, then the connection is closed.
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%error, peer = %peer.address, "a connection ended early");
        }
    }

    async fn http2(&self, stream: impl AsyncRead + AsyncWrite + Unpin + 'static, guest: Guest) {
        let peer = guest.peer;
        let (service, guest) = (Rc::clone(&self.service), Rc::new(guest));
        let answer = service_fn(move |request| {
            let (service, guest) = (Rc::clone(&service), Rc::clone(&guest));
            async move { service.answer(request, &guest).await }
        });
        let connection = http2::Builder::new(OnThisExecutor(self.context.tasks.clone()))
            .timer(TokioTimer::new())
            .max_concurrent_streams(MAX_STREAMS)
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_header_list_size(MAX_HEADER_LIST)
            .keep_alive_interval(PING_EVERY)
            .keep_alive_timeout(PING_EVERY)
            .serve_connection(TokioIo::new(stream), answer);
        let mut connection = std::pin::pin!(connection);
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = self.context.shutdown.closing() => {
                // Tells the client to open no more streams here, and serves those that it has opened meanwhile.
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%error, peer = %peer.address, "a connection ended early");
        }
    }
}

/// Runs the calls of an HTTP/2 connection where the connection is.
#[derive(Debug, Clone)]
struct OnThisExecutor(Tasks);

impl<F> Executor<F> for OnThisExecutor
where
    F: Future + 'static,
    F::Output: 'static,
{
    fn execute(&self, future: F) {
        self.0.spawn_local(future);
    }
}
