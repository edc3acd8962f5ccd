//! Accepting connections on one executor and serving them until they end or the server stops.

use std::cell::RefCell;
use std::net::{SocketAddr, TcpListener};
use std::rc::Rc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use pipeline::KeyMemo;
use runtime::ExecutorContext;
use tokio::net::TcpStream;

use crate::peer::Peer;
use crate::service::Service;

/// What a connection may take.
#[derive(Debug, Clone, Copy)]
pub struct ConnectionLimits {
    /// For the whole head of a request.
    pub header_read: Duration,
}

/// The accept loop of one executor.
#[derive(Debug)]
pub struct Acceptor {
    pub listener: TcpListener,
    pub limits: ConnectionLimits,
    pub service: Rc<Service>,
}

/// Out of descriptors or memory: connections wait in the kernel's queue until others have ended.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// A head is larger than this only in an attack.
const MAX_HEADERS: usize = 128;
const READ_BUFFER: usize = 256 * 1024;

impl Acceptor {
    /// Runs until the server stops.
    pub async fn run(self, context: Rc<ExecutorContext>) {
        let Self { listener, limits, service } = self;
        let listener = match tokio::net::TcpListener::from_std(listener) {
            Ok(listener) => listener,
            Err(error) => {
                tracing::error!(%error, "cannot watch the listening socket");
                context.shutdown.kill();
                return;
            }
        };
        let local = listener.local_addr().ok();
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = context.shutdown.stopping() => return,
            };
            match accepted {
                Ok((stream, peer)) => {
                    let connection =
                        serve(stream, peer, local, limits, Rc::clone(&service), Rc::clone(&context));
                    context.tasks.spawn_local(connection);
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection; trying again shortly");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
}

async fn serve(
    stream: TcpStream,
    peer: SocketAddr,
    local: Option<SocketAddr>,
    limits: ConnectionLimits,
    service: Rc<Service>,
    context: Rc<ExecutorContext>,
) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a client's socket refuses TCP_NODELAY");
    }
    let other_end = Peer::of(peer, local);
    let memo = Rc::new(RefCell::new(KeyMemo::default()));
    let answer = service_fn(|request| {
        let (service, memo) = (Rc::clone(&service), Rc::clone(&memo));
        async move { service.answer(request, other_end, &memo).await }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_read)
        .max_headers(MAX_HEADERS)
        .max_buf_size(READ_BUFFER)
        .serve_connection(TokioIo::new(stream), answer);
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = context.shutdown.stopping() => {
            // The call in flight is answered, then the connection is closed.
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, %peer, "a connection ended early");
    }
}
