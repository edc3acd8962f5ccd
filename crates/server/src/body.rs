//! Reply bodies as hyper wants them, and request bodies read whole within limits.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use domain::{CallError, ErrorKind};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use pipeline::{Aborted, Relay, ReplyBody};

use crate::service::Place;

/// A reply on its way out.
#[derive(Debug)]
pub(crate) enum OutBody {
    Whole(Option<Bytes>),
    /// The call's place is given back with its last byte.
    Stream {
        relay: Box<Relay>,
        _place: Place,
    },
    Axum(axum::body::Body),
}

impl OutBody {
    pub(crate) fn new(body: ReplyBody, place: Place) -> Self {
        match body {
            ReplyBody::Whole(bytes) => Self::Whole(Some(bytes)),
            ReplyBody::Stream(relay) => Self::Stream { relay, _place: place },
        }
    }
}

/// The reply cannot be completed; hyper closes the connection without an orderly end.
#[derive(Debug)]
pub(crate) enum OutError {
    Aborted(Aborted),
    Axum(axum::Error),
}

impl std::fmt::Display for OutError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Aborted(aborted) => aborted.fmt(f),
            Self::Axum(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for OutError {}

impl Body for OutBody {
    type Data = Bytes;
    type Error = OutError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, OutError>>> {
        match self.get_mut() {
            Self::Whole(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::Stream { relay, .. } => relay
                .poll_next(cx)
                .map(|next| next.map(|bytes| bytes.map(Frame::data).map_err(OutError::Aborted))),
            Self::Axum(body) => Pin::new(body).poll_frame(cx).map_err(OutError::Axum),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(bytes) => bytes.as_ref().is_none_or(Bytes::is_empty),
            Self::Stream { .. } => false,
            Self::Axum(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64)),
            Self::Stream { .. } => SizeHint::default(),
            Self::Axum(body) => body.size_hint(),
        }
    }
}

/// Reads a request's body, at most `cap` bytes and for at most `patience`.
pub(crate) async fn read(mut body: Incoming, cap: usize, patience: Duration) -> Result<Bytes, CallError> {
    if body.size_hint().lower() > cap as u64 {
        return Err(too_large(cap));
    }
    tokio::time::timeout(patience, collect(&mut body, cap)).await.map_err(|_| late(patience))?
}

pub(crate) fn late(patience: Duration) -> CallError {
    let message = format!("the body did not arrive within {patience:?} (`server.caps.body_read`)");
    CallError::new(ErrorKind::RequestTimeout, message)
}

async fn collect(body: &mut Incoming, cap: usize) -> Result<Bytes, CallError> {
    let Some(first) = next(body).await? else {
        return Ok(Bytes::new());
    };
    if first.len() > cap {
        return Err(too_large(cap));
    }
    // Most bodies come in one read, and are kept without a copy.
    if body.is_end_stream() {
        return Ok(first);
    }
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(0);
    let mut all = BytesMut::with_capacity(first.len() + announced.min(cap));
    all.extend_from_slice(&first);
    while let Some(chunk) = next(body).await? {
        if all.len() + chunk.len() > cap {
            return Err(too_large(cap));
        }
        all.extend_from_slice(&chunk);
    }
    Ok(all.freeze())
}

async fn next(body: &mut Incoming) -> Result<Option<Bytes>, CallError> {
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| {
            CallError::new(ErrorKind::InvalidRequest, format!("the body broke off: {error}"))
        })?;
        if let Ok(data) = frame.into_data() {
            return Ok(Some(data));
        }
    }
    Ok(None)
}

pub(crate) fn too_large(cap: usize) -> CallError {
    let message = format!("the body is larger than {cap} bytes (`server.caps.body`); send less");
    CallError::new(ErrorKind::BodyTooLarge, message)
}
