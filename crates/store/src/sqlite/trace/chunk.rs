//! Calls of one project that are stored as one row.

use domain::{CallId, Scope, TraceId};

use crate::CallFrame;

/// Calls per chunk, at most: what a reader decodes at once.
pub(super) const MAX_CALLS: usize = 512;

/// A chunk that is being filled.
#[derive(Debug)]
pub(super) struct Chunk {
    pub(super) scope: Scope,
    pub(super) calls: usize,
    pub(super) first_call: CallId,
    pub(super) last_call: CallId,
    pub(super) first_started: i64,
    pub(super) last_started: i64,
    /// The ends of the ids of the traces that calls here belong to and did not begin.
    pub(super) links: Vec<u8>,
    pub(super) heads: Vec<u8>,
}

impl Chunk {
    pub(super) fn new(frame: &CallFrame<'_>) -> Self {
        Self {
            scope: frame.scope,
            calls: 0,
            first_call: frame.call,
            last_call: frame.call,
            first_started: frame.started_at_us,
            last_started: frame.started_at_us,
            links: Vec::new(),
            heads: Vec::new(),
        }
    }

    /// Adds a call whose frame lies at `offset` of the bodies.
    pub(super) fn push(&mut self, frame: &CallFrame<'_>, offset: u64) {
        self.calls += 1;
        self.first_call = self.first_call.min(frame.call);
        self.last_call = self.last_call.max(frame.call);
        self.first_started = self.first_started.min(frame.started_at_us);
        self.last_started = self.last_started.max(frame.started_at_us);
        if frame.is_linked() {
            self.links.extend_from_slice(&link(frame.trace));
        }
        self.heads.extend_from_slice(&offset.to_le_bytes());
        self.heads.extend_from_slice(frame.up_to_head());
    }
}

/// By which a chunk is found that may hold calls of a trace. The random half of an id; a coincidence costs a look.
pub(super) fn link(trace: TraceId) -> [u8; 8] {
    let [.., a, b, c, d, e, f, g, h] = trace.to_bytes();
    [a, b, c, d, e, f, g, h]
}

/// A call in a stored chunk.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stored<'a> {
    /// Its frame, without the detail.
    pub(super) frame: CallFrame<'a>,
    /// Where the whole frame lies in the bodies.
    pub(super) offset: u64,
}

/// The calls of a chunk, in order. Ends at the first that cannot be read.
pub(super) fn stored(heads: &[u8]) -> impl Iterator<Item = Stored<'_>> {
    let mut rest = heads;
    std::iter::from_fn(move || {
        let (offset, behind) = rest.split_first_chunk::<8>()?;
        let frame = CallFrame::parse(behind).ok()?;
        rest = behind.get(frame.up_to_head().len()..)?;
        Some(Stored { frame, offset: u64::from_le_bytes(*offset) })
    })
}
