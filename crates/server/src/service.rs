//! One request: to a model route, or to everything else.

use std::cell::RefCell;
use std::convert::Infallible;
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arc_swap::ArcSwap;
use axum::Router;
use config::snapshot::Snapshot;
use domain::{CallError, Dialect, ErrorKind};
use futures_util::FutureExt;
use http::header::{CONNECTION, HOST};
use http::{HeaderMap, HeaderValue, Request, Response, Version};
use hyper::body::Incoming;
use pipeline::{Door, KeyMemo, Pipeline};
use runtime::Tasks;
use tokio::runtime::Handle;
use tower::ServiceExt;

use crate::body::OutBody;
use crate::models::{self, Route};
use crate::peer::Peer;

/// What all executors share.
#[derive(Debug)]
pub struct Shared {
    pub snapshot: Arc<ArcSwap<Snapshot>>,
    /// Everything that is no model route.
    pub router: Router,
    /// Where the router runs, so that a large query does not hold up calls.
    pub background: Handle,
    /// What the router is busy with.
    pub background_tasks: Tasks,
    /// Calls in flight over all executors.
    pub calls: AtomicUsize,
}

/// The service of one executor.
pub struct Service {
    pub pipeline: Rc<Pipeline>,
    pub shared: Arc<Shared>,
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service").finish_non_exhaustive()
    }
}

impl Service {
    pub(crate) async fn answer(
        &self,
        mut request: Request<Incoming>,
        guest: &Guest,
    ) -> Result<Response<OutBody>, Infallible> {
        let version = request.version();
        if version == Version::HTTP_2 {
            name_host(&mut request);
        }
        let mut response = match models::route(request.method(), request.uri().path()) {
            Some(route) => self.call(route, request, guest).await,
            None => self.elsewhere(request, guest.peer).await,
        };
        if self.pipeline.shutdown.is_stopping() && version != Version::HTTP_2 {
            // The client's next request should go to somebody who stays.
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        Ok(response)
    }

    async fn call(&self, route: Route, request: Request<Incoming>, guest: &Guest) -> Response<OutBody> {
        let dialect = route.dialect();
        let call = models::answer(self, route, request, guest);
        // A defect in one call is a 500 for that call. Its books are closed by their guard while the panic unwinds.
        let response = AssertUnwindSafe(call).catch_unwind().await;
        response.unwrap_or_else(|_| self.defect(dialect))
    }

    /// What is told about a call that ended in a panic.
    pub(crate) fn defect(&self, dialect: Dialect) -> Response<OutBody> {
        tracing::error!("a call ended in a panic; please report this");
        let error = CallError::new(ErrorKind::Internal, "a defect in the gateway; the log has more");
        models::refusal(self, dialect, &error)
    }

    async fn elsewhere(&self, mut request: Request<Incoming>, peer: Peer) -> Response<OutBody> {
        let shared = &self.shared;
        let client = peer.behind(request.headers(), &shared.snapshot.load().server.trusted_proxies);
        request.extensions_mut().insert(client);
        let answering = shared.router.clone().oneshot(request.map(axum::body::Body::new));
        let task = shared.background_tasks.spawn_on(answering, &shared.background);
        // A client that leaves takes its query with it.
        let task = AbortOnDrop(task);
        match task.await {
            Ok(Ok(response)) => response.map(OutBody::Axum),
            Ok(Err(never)) => match never {},
            Err(error) => {
                tracing::error!(%error, "a request to the admin API ended in a panic; please report this");
                let error = CallError::new(ErrorKind::Internal, "a defect in the gateway; the log has more");
                models::refusal(self, Dialect::OpenaiChat, &error)
            }
        }
    }

    /// Takes a place among the calls in flight, or says that there is none.
    pub(crate) fn enter(&self, limit: usize) -> Option<Place> {
        let place = Place { shared: Arc::clone(&self.shared) };
        let before = self.shared.calls.fetch_add(1, Ordering::Relaxed);
        (before < limit).then_some(place)
    }
}

/// HTTP/2 names the host beside the headers; whoever asks for it looks among them.
fn name_host(request: &mut Request<Incoming>) {
    let authority = request.uri().authority().and_then(|name| HeaderValue::from_str(name.as_str()).ok());
    if let Some(authority) = authority {
        request.headers_mut().insert(HOST, authority);
    }
}

/// Who is at the other end of a connection.
#[derive(Debug)]
pub(crate) struct Guest {
    pub(crate) peer: Peer,
    memo: Rc<RefCell<KeyMemo>>,
}

impl Guest {
    pub(crate) fn new(peer: Peer) -> Self {
        Self { peer, memo: Rc::default() }
    }

    /// Where a request came in: at this connection, or at that of a proxy that is believed.
    pub(crate) fn door(&self, snapshot: &Snapshot, headers: &HeaderMap, query: Option<&str>) -> Door {
        let peer = self.peer.behind(headers, &snapshot.server.trusted_proxies);
        Door {
            loopback: peer.loopback,
            client: Some(peer.address),
            query_key: query.and_then(query_key),
            memo: Rc::clone(&self.memo),
        }
    }
}

fn query_key(query: &str) -> Option<String> {
    query.split('&').find_map(|pair| pair.strip_prefix("key=")).map(str::to_owned)
}

/// A place among the calls in flight, given back when dropped.
#[derive(Debug)]
pub(crate) struct Place {
    shared: Arc<Shared>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.shared.calls.fetch_sub(1, Ordering::Relaxed);
    }
}

struct AbortOnDrop<T>(tokio::task::JoinHandle<T>);

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl<T> Future for AbortOnDrop<T> {
    type Output = Result<T, tokio::task::JoinError>;

    fn poll(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Self::Output> {
        self.0.poll_unpin(cx)
    }
}
