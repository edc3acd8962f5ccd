//! Puts a reply on the wire with the asked fault: late, byte by byte, cut, stalled, with a wrong length.
//! Faults of content are the matter of [`super::tamper`]; what waits here is bounded by a minute.

use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use tokio::io::AsyncWriteExt;
use tokio::net::tcp::WriteHalf;

use super::behaviour::Fault;
use super::record::{Outcome, Recorded};
use super::reply::{Body, Plan, Reply, Vendor};
use super::tamper;

/// How the delivery ended, and so what becomes of the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    Complete,
    Closed,
    Reset,
    PeerGone,
}

impl Ending {
    pub(super) fn outcome(self) -> Outcome {
        match self {
            Self::Complete => Outcome::Answered,
            Self::Closed | Self::Reset => Outcome::Broken,
            Self::PeerGone => Outcome::PeerGone,
        }
    }
}

type Progress<'a> = dyn Fn(&dyn Fn(&mut Recorded)) + Sync + 'a;

pub(super) async fn deliver(out: &mut WriteHalf<'_>, plan: Plan, progress: &Progress<'_>) -> Ending {
    let fault = plan.behaviour.fault.clone();
    tokio::time::sleep(plan.behaviour.delay).await;
    match fault {
        Fault::Reset => return Ending::Reset,
        Fault::Close => return Ending::Closed,
        Fault::Hang => return hang().await,
        _ => {}
    }
    let vendor = plan.vendor;
    let reply = tamper::apply(plan);
    let mut delivery = Delivery { out, fault, vendor, progress, chunked: false };
    match delivery.run(&reply).await {
        Ok(ending) => ending,
        Err(_) => Ending::PeerGone,
    }
}

struct Delivery<'a, 'b> {
    out: &'a mut WriteHalf<'b>,
    fault: Fault,
    vendor: Vendor,
    progress: &'a Progress<'a>,
    chunked: bool,
}

impl Delivery<'_, '_> {
    async fn run(&mut self, reply: &Reply) -> std::io::Result<Ending> {
        let pieces = self.pieces(&reply.body);
        let length: usize = pieces.iter().map(Bytes::len).sum();
        self.write_head(reply, length).await?;
        for (sent, piece) in pieces.iter().enumerate() {
            if let Some(ending) = self.before_piece(sent).await? {
                return Ok(ending);
            }
            self.write_piece(piece).await?;
            (self.progress)(&|request| request.events_sent += 1);
        }
        if let Some(ending) = self.before_piece(pieces.len()).await? {
            return Ok(ending);
        }
        // What was promised and never comes.
        if matches!(self.fault, Fault::Length(more) if more > 0) {
            return Ok(Ending::Closed);
        }
        if self.chunked {
            self.write(b"0\r\n\r\n").await?;
        }
        Ok(Ending::Complete)
    }

    /// The events; a whole reply is cut up only for a fault that counts pieces.
    fn pieces(&self, body: &Body) -> Vec<Bytes> {
        use Fault::{BadChunk, Cut, End, Pace, Pings, Stall};
        let counts = matches!(self.fault, BadChunk | Cut(_) | End(_) | Pace(_) | Pings(_) | Stall(_));
        match body {
            Body::Events(events) => events.iter().filter(|event| !event.is_empty()).cloned().collect(),
            Body::Whole(bytes) if counts => (0..bytes.len())
                .step_by(PIECE)
                .map(|at| bytes.slice(at..bytes.len().min(at + PIECE)))
                .collect(),
            Body::Whole(bytes) => vec![bytes.clone()],
        }
    }

    async fn write_head(&mut self, reply: &Reply, length: usize) -> std::io::Result<()> {
        let reason =
            http::StatusCode::from_u16(reply.status).ok().and_then(|status| status.canonical_reason());
        let mut head = format!("HTTP/1.1 {} {}\r\n", reply.status, reason.unwrap_or("Unknown"));
        for (name, value) in &reply.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let off_by = if let Fault::Length(off_by) = self.fault { Some(off_by) } else { None };
        self.chunked =
            off_by.is_none() && matches!(reply.body, Body::Events(_)) || self.fault == Fault::BadChunk;
        if self.chunked {
            head.push_str("transfer-encoding: chunked\r\n\r\n");
        } else {
            let declared =
                i64::try_from(length).unwrap_or(i64::MAX).saturating_add(off_by.unwrap_or(0)).max(0);
            head.push_str(&format!("content-length: {declared}\r\n\r\n"));
        }
        let status = reply.status;
        self.write(head.as_bytes()).await?;
        (self.progress)(&|request| request.status = Some(status));
        Ok(())
    }

    /// What the fault does when so many pieces have been sent.
    async fn before_piece(&mut self, sent: usize) -> std::io::Result<Option<Ending>> {
        match self.fault {
            Fault::Stall(after) if sent == after => Ok(Some(hang().await)),
            Fault::Cut(after) if sent == after => Ok(Some(Ending::Reset)),
            Fault::End(after) if sent == after => {
                if self.chunked {
                    self.write(b"0\r\n\r\n").await?;
                }
                Ok(Some(Ending::Closed))
            }
            Fault::Pings(after) if sent == after => self.ping().await.map(Some),
            Fault::BadChunk if sent == 1 => {
                self.write(b"not-a-size\r\n").await?;
                Ok(Some(Ending::Closed))
            }
            Fault::Pace(pause) if sent > 0 => {
                tokio::time::sleep(pause).await;
                Ok(None)
            }
            _ => Ok(None),
        }
    }

    async fn ping(&mut self) -> std::io::Result<Ending> {
        let ping = match self.vendor {
            Vendor::OpenAi => Bytes::from_static(b": keep-alive\n\n"),
            Vendor::Anthropic => Bytes::from_static(b"event: ping\ndata: {\"type\": \"ping\"}\n\n"),
        };
        for _ in 0..LONGEST.as_millis() / PING_EVERY.as_millis() {
            tokio::time::sleep(PING_EVERY).await;
            self.write_piece(&ping).await?;
        }
        Ok(Ending::Closed)
    }

    async fn write_piece(&mut self, piece: &[u8]) -> std::io::Result<()> {
        if !self.chunked {
            return self.write(piece).await;
        }
        let mut chunk = BytesMut::with_capacity(piece.len() + 16);
        chunk.put_slice(format!("{:x}\r\n", piece.len()).as_bytes());
        chunk.put_slice(piece);
        chunk.put_slice(b"\r\n");
        self.write(&chunk).await
    }

    async fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        if self.fault != Fault::Trickle {
            return self.out.write_all(bytes).await;
        }
        for byte in bytes {
            self.out.write_all(std::slice::from_ref(byte)).await?;
            tokio::task::yield_now().await;
        }
        Ok(())
    }
}

async fn hang() -> Ending {
    tokio::time::sleep(LONGEST).await;
    Ending::Closed
}

/// Nothing waits longer than this, so that a forgotten mock ends by itself.
const LONGEST: Duration = Duration::from_secs(60);
const PING_EVERY: Duration = Duration::from_millis(50);
/// The pieces a whole reply is cut into.
const PIECE: usize = 16;
