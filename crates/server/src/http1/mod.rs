//! HTTP/1.1 as a server, for calls as nearly all of them come: a `POST` to a model route with a plain head and a body
//! of known length. Such a call costs one read, one parse and one write.
//!
//! Anything else, be it another route, an older version, an unusual header or something malformed, is not judged here:
//! the connection goes to hyper with every byte that was read and not answered. So what is accepted here is a strict
//! subset, and there is one place that knows what the rest means.

mod connection;
mod head;
mod prefixed;
mod reply;

use std::future::poll_fn;
use std::io;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use futures_util::FutureExt;
use http::header::CONNECTION;
use http::{HeaderValue, Response};
use runtime::Shutdown;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, sleep_until};

use crate::body::{self, OutBody};
use crate::models::{self, Begun};
use crate::service::{Guest, Service};
use connection::{Connection, Next};
use head::Arrival;
pub(crate) use prefixed::Prefixed;

/// Serves calls until the connection ends (`None`), or somebody else has to go on with it.
pub(crate) async fn serve<S>(
    stream: S,
    service: &Service,
    guest: &Guest,
    shutdown: &Shutdown,
    header_read: Duration,
) -> io::Result<Option<Prefixed<S>>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut connection = Connection::new(stream);
    let mut closing = pin!(shutdown.closing());
    // One timer for all heads of the connection: setting it anew for each would cost more than looking at the time when
    // it rings.
    let mut alarm = pin!(sleep_until(Instant::now() + header_read));
    loop {
        let due = Instant::now() + header_read;
        let next = poll_fn(|cx| {
            if let Poll::Ready(next) = connection.poll_next(cx) {
                return Poll::Ready(Some(next));
            }
            if closing.as_mut().poll(cx).is_ready() {
                return Poll::Ready(None);
            }
            while alarm.as_mut().poll(cx).is_ready() {
                if Instant::now() >= due {
                    return Poll::Ready(None);
                }
                alarm.as_mut().reset(due);
            }
            Poll::Pending
        });
        let next = match next.await {
            Some(next) => next?,
            None => last_look(&mut connection).await?,
        };
        let arrival = match next {
            Next::Call(arrival) => arrival,
            Next::Other => return Ok(Some(connection.hand_over())),
            Next::End => return Ok(None),
        };
        let response = answer(&mut connection, service, guest, *arrival).await?;
        let last = shutdown.is_stopping();
        if !connection.send(response, last).await? {
            return Ok(None);
        }
    }
}

/// What has come when the connection is about to be ended. The kernel is asked once more before: closing over a request
/// that lies there would reset its client.
async fn last_look<S>(connection: &mut Connection<S>) -> io::Result<Next>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    tokio::task::yield_now().await;
    let next = poll_fn(|cx| match connection.poll_next(cx) {
        Poll::Ready(next) => Poll::Ready(next),
        Poll::Pending => Poll::Ready(Ok(Next::End)),
    });
    next.await
}

/// The reply to a call. `Err`: the client left, and what was done for it is dropped with the call.
async fn answer<S>(
    connection: &mut Connection<S>,
    service: &Service,
    guest: &Guest,
    arrival: Arrival,
) -> io::Result<Response<OutBody>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let Arrival { route, query, headers, length } = arrival;
    let dialect = route.dialect;
    let begun = match Begun::new(service) {
        Ok(begun) => begun,
        Err(error) => {
            let mut refusal = models::refusal(service, dialect, &error);
            if !connection.skip(length) {
                // The rest of the body is still on its way; nobody will read it.
                refusal.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            return Ok(refusal);
        }
    };
    let caps = begun.caps();
    let body = match length {
        length if length > caps.body_bytes => Err(body::too_large(caps.body_bytes)),
        length => connection.body(length, caps.body_read).await,
    };
    // On the heap, once: everything around it would otherwise move it along.
    let call = Box::pin(begun.answer(guest, route, query.as_deref(), headers, body));
    let mut call = AssertUnwindSafe(call).catch_unwind();
    let response = poll_fn(|cx| {
        if let Poll::Ready(response) = call.poll_unpin(cx) {
            return Poll::Ready(Ok(response));
        }
        connection.poll_gone(cx).map(Err)
    });
    // A defect in one call is a 500 for that call. Its books are closed by their guard while the panic unwinds.
    Ok(response.await?.unwrap_or_else(|_| service.defect(dialect)))
}
