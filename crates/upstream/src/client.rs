//! Sends one request and waits for the head of its reply.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use runtime::Tasks;

use crate::body::{Body, Lease};
use crate::connect::{Sender, connect};
use crate::pool::Pool;
use crate::{Origin, Proxy, SendError, Tls};

/// The outbound side of one executor.
#[derive(Debug)]
pub struct Client {
    tls: Tls,
    proxy: Option<Arc<Proxy>>,
    tasks: Tasks,
    pool: Rc<Pool>,
    /// Calls that the simulator has answered.
    pub(crate) simulated: Cell<u32>,
}

/// The head of a reply, and its body to come.
#[derive(Debug)]
pub struct Response {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Body,
}

impl Client {
    pub fn new(tls: Tls, proxy: Option<Arc<Proxy>>, tasks: Tasks) -> Self {
        Self { tls, proxy, tasks, pool: Rc::new(Pool::default()), simulated: Cell::new(0) }
    }

    /// Sends what `message` makes and waits for the reply's head. Dropping the future closes the connection.
    ///
    /// A pooled connection may have been closed by its peer while the request was on its way. Where that happens
    /// before any byte of a reply, the request goes out once more at once, on a new connection; that is why `message`
    /// is a recipe and not a request.
    pub async fn send(
        &self,
        origin: Origin,
        connect_deadline: Duration,
        message: impl Fn() -> http::Request<Full<Bytes>>,
    ) -> Result<Response, SendError> {
        let mut request = message();
        while let Some(mut sender) = self.pool.take(&origin) {
            if sender.ready().await.is_err() {
                continue;
            }
            match sender.try_send_request(request).await {
                Ok(response) => return Ok(self.lend(origin, sender, response)),
                Err(mut failed) => {
                    let unsent = failed.take_message();
                    let error = failed.into_error();
                    if unsent.is_none() && !(error.is_incomplete_message() || is_reset(&error)) {
                        return Err(error.into());
                    }
                    request = unsent.unwrap_or_else(&message);
                    // Its siblings rested as long or longer.
                    self.pool.forget(&origin);
                }
            }
        }
        // Boxed, like every path that most calls do not take: a future is as large as its largest path, and moved.
        let connecting = connect(&origin, &self.tls, self.proxy.as_deref(), &self.tasks, connect_deadline);
        let mut sender = Box::pin(connecting).await?;
        let response = sender.send_request(request).await?;
        Ok(self.lend(origin, sender, response))
    }

    fn lend(&self, origin: Origin, sender: Sender, response: http::Response<Incoming>) -> Response {
        let (head, incoming) = response.into_parts();
        let lease = Lease { origin, sender, pool: Rc::clone(&self.pool) };
        Response { status: head.status, headers: head.headers, body: Body::http(incoming, lease) }
    }
}

fn is_reset(error: &hyper::Error) -> bool {
    let source = std::error::Error::source(error).and_then(|source| source.downcast_ref::<std::io::Error>());
    source.is_some_and(|io| {
        matches!(io.kind(), std::io::ErrorKind::ConnectionReset | std::io::ErrorKind::BrokenPipe)
    })
}
