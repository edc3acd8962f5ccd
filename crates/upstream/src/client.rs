//! Sends one request and waits for the head of its reply.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, StatusCode};

use crate::body::{Body, Lease};
use crate::connect::connect;
use crate::http1::{Connection, Head, Request};
use crate::pool::Pool;
use crate::{Egress, Origin, Proxy, SendError, Tls};

/// The outbound side of one executor.
#[derive(Debug)]
pub struct Client {
    egress: Arc<Egress>,
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
    /// A client whose settings never change.
    pub fn new(tls: Tls, proxy: Option<Arc<Proxy>>) -> Self {
        Self::following(Arc::new(Egress::fixed(tls, proxy)))
    }

    /// A client that follows settings which may be replaced.
    pub fn following(egress: Arc<Egress>) -> Self {
        Self { egress, pool: Rc::new(Pool::default()), simulated: Cell::new(0) }
    }

    /// Sends a request and waits for the reply's head. Dropping the future closes the connection.
    ///
    /// A pooled connection may have been closed by its peer while the request was on its way. Where that happens
    /// before any byte of a reply, the request goes out once more at once, on a new connection.
    pub async fn send(
        &self,
        origin: &Origin,
        connect_deadline: Duration,
        request: &Request<'_>,
    ) -> Result<Response, SendError> {
        let generation = self.egress.generation();
        self.pool.advance(generation);
        if let Some(mut connection) = self.pool.take(origin) {
            match connection.exchange(request).await {
                Ok(head) => return Ok(self.lend(origin, connection, head, generation)),
                // Its siblings rested as long or longer.
                Err(failed) if failed.untouched => self.pool.forget(origin),
                Err(failed) => return Err(failed.error),
            }
        }
        // Boxed, like every path that most calls do not take: a future is as large as its largest path, and moved.
        let settings = self.egress.settings();
        let connecting = connect(origin, &settings, connect_deadline);
        let mut connection = Box::pin(connecting).await?;
        let head = Box::pin(connection.exchange(request)).await.map_err(|failed| failed.error)?;
        Ok(self.lend(origin, connection, head, generation))
    }

    fn lend(&self, origin: &Origin, connection: Connection, head: Head, generation: u64) -> Response {
        let Head { status, headers, framing, keep_alive } = head;
        let (origin, pool) = (origin.clone(), Rc::clone(&self.pool));
        let body = Body::http(Lease { connection, framing, keep_alive, origin, generation, pool });
        Response { status, headers, body }
    }
}
