//! Watches a reply stream that is passed on in its own dialect. The bytes go on as they came; the watch notes what
//! accounting and deadlines need: usage, content, the end, an error. It reads an event only as far as that takes.
//!
//! One thing may be taken out: the usage chunk of openai-chat that the gateway asked for and the caller did not.
//! Only for that is an unfinished event held back.

use bytes::Bytes;
use domain::{Dialect, Usage};

use crate::event_ends::{EventEnds, EventFields};
use crate::failure::{ProviderFailure, read_error};
use crate::json::Scanner;
use crate::sse::{EVENT_CAP, SseTooLong};
use crate::usage::UsageCounts;
use crate::{anthropic, openai_chat};

/// What a stream has said so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// The merged reports: they are cumulative, never a sum.
    pub usage: Option<Usage>,
    /// An event carried text, thinking, a tool call or the like. Pings, comments, roles and frames are not content.
    pub content: bool,
    /// How many such events there were.
    pub content_events: u64,
    /// The mark that ends a stream of the dialect came. Nothing after it is passed on.
    pub terminal: bool,
    /// The reply is complete, though the mark may be missing: servers that imitate openai-chat forget it.
    pub finished: bool,
    /// An error event came. Nothing after it is passed on.
    pub error: Option<ProviderFailure>,
}

/// What one event says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Sight {
    pub(crate) content: bool,
    /// Where the event has a usage object.
    pub(crate) usage: Option<&'static [&'static str]>,
    /// The event is there for its usage alone.
    pub(crate) usage_only: bool,
    pub(crate) terminal: bool,
    pub(crate) finished: bool,
    pub(crate) error: bool,
}

/// Watches one stream.
#[derive(Debug)]
pub struct StreamWatch {
    dialect: Dialect,
    eye: Eye,
    strip_usage: bool,
    ends: EventEnds,
    /// The beginning of an event whose end has not come yet. Already passed on, unless `strip_usage`.
    partial: Vec<u8>,
    /// No event has been read yet.
    first: bool,
    too_long: bool,
    /// The last event that was read is not passed on.
    stripped: bool,
    /// What was passed on ends inside of an event.
    mid_event: bool,
    counts: UsageCounts,
    seen: Seen,
}

#[derive(Debug)]
enum Eye {
    OpenaiChat(openai_chat::watch::Eye),
    AnthropicMessages(anthropic::watch::Eye),
}

impl StreamWatch {
    pub fn new(dialect: Dialect, strip_usage: bool) -> Self {
        let eye = match dialect {
            Dialect::OpenaiChat => Eye::OpenaiChat(openai_chat::watch::Eye::default()),
            Dialect::AnthropicMessages => Eye::AnthropicMessages(anthropic::watch::Eye::default()),
        };
        Self {
            dialect,
            eye,
            strip_usage: strip_usage && dialect == Dialect::OpenaiChat,
            ends: EventEnds::new(),
            partial: Vec::new(),
            first: true,
            too_long: false,
            stripped: false,
            mid_event: false,
            counts: UsageCounts::new(dialect),
            seen: Seen::default(),
        }
    }

    pub const fn seen(&self) -> &Seen {
        &self.seen
    }

    /// Whether what was passed on ends inside of an event, so that only a blank line makes room for another one.
    pub const fn mid_event(&self) -> bool {
        self.mid_event
    }

    /// Takes the next bytes and returns what to pass on.
    pub fn push(&mut self, chunk: Bytes) -> Result<Bytes, SseTooLong> {
        if self.too_long {
            return Err(SseTooLong);
        }
        // An LF that belongs to the CR at the end of the chunk before shares the fate of its CR, so that the same bytes
        // are passed on wherever chunks are cut.
        let own_start = usize::from(self.partial.is_empty() && self.ends.owes_line_feed(&chunk));
        if self.over() {
            if !chunk.is_empty() {
                self.ends.forget();
            }
            return Ok(chunk.slice(..own_start));
        }
        // Where the current event begins in the chunk, and where the bytes that are not yet passed on begin.
        let mut start = own_start;
        let mut kept_from = if self.stripped { own_start } else { 0 };
        let mut out = Vec::new();
        let mut at = 0;
        loop {
            let mut fields = EventFields::new(self.first);
            let Some(end) = self.ends.next(&chunk, at, &mut fields) else {
                break;
            };
            at = end;
            self.check_cap(end - start)?;
            self.stripped = if self.partial.is_empty() {
                let strip = self.read(&fields);
                if strip {
                    out.extend_from_slice(&chunk[kept_from..start]);
                    kept_from = end;
                }
                strip
            } else {
                let mut event = std::mem::take(&mut self.partial);
                event.extend_from_slice(&chunk[start..end]);
                let strip = self.read(&EventFields::read(&event, self.first));
                if self.strip_usage {
                    kept_from = end;
                    if !strip {
                        out.extend_from_slice(&event);
                    }
                }
                self.reuse(event);
                strip
            };
            start = end;
            if self.over() {
                self.mid_event = false;
                return Ok(join(out, chunk, kept_from, end));
            }
        }
        self.check_cap(chunk.len() - start)?;
        self.partial.extend_from_slice(&chunk[start..]);
        self.mid_event = !self.strip_usage && !self.partial.is_empty();
        let passed_to = if self.strip_usage { start } else { chunk.len() };
        Ok(join(out, chunk, kept_from, passed_to))
    }

    /// The stream is over. Returns what was held back of an event that lacks its blank line; one that broke off in
    /// the middle of its data is dropped where it still can be, so that an error event can follow.
    pub fn finish(&mut self) -> Bytes {
        let event = std::mem::take(&mut self.partial);
        if self.over() || self.too_long || event.is_empty() {
            return Bytes::new();
        }
        let fields = EventFields::read(&event, self.first);
        let whole = fields.data.as_ref().is_none_or(|data| is_whole(data));
        let strip = self.read(&fields);
        if !self.strip_usage || !whole || strip {
            return Bytes::new();
        }
        self.mid_event = true;
        Bytes::from(event)
    }

    fn over(&self) -> bool {
        self.seen.terminal || self.seen.error.is_some()
    }

    /// Reads a whole event; true if it is not to be passed on.
    fn read(&mut self, fields: &EventFields<'_>) -> bool {
        self.first = false;
        let Some(data) = &fields.data else { return false };
        let sight = match &mut self.eye {
            Eye::OpenaiChat(eye) => eye.look(fields.name, data),
            Eye::AnthropicMessages(eye) => eye.look(fields.name, data),
        };
        if sight.content {
            self.seen.content = true;
            self.seen.content_events += 1;
        }
        if let Some(path) = sight.usage {
            self.counts.absorb(data, path);
            self.seen.usage = self.counts.usage();
        }
        self.seen.terminal |= sight.terminal;
        self.seen.finished = sight.finished;
        if sight.error {
            self.seen.error = Some(read_error(self.dialect, None, data));
        }
        self.strip_usage && sight.usage_only
    }

    fn check_cap(&mut self, more: usize) -> Result<(), SseTooLong> {
        if self.partial.len() + more > EVENT_CAP {
            self.too_long = true;
            self.partial = Vec::new();
            return Err(SseTooLong);
        }
        Ok(())
    }

    /// Keeps the buffer of a partial event for the next one, unless it has grown beyond what is usual.
    fn reuse(&mut self, mut event: Vec<u8>) {
        const USUAL: usize = 64 * 1024;
        if event.capacity() <= USUAL {
            event.clear();
            self.partial = event;
        }
    }
}

/// What to pass on of a chunk: its own bytes, unless others come before them.
fn join(mut out: Vec<u8>, chunk: Bytes, from: usize, to: usize) -> Bytes {
    if !out.is_empty() {
        out.extend_from_slice(&chunk[from..to]);
        return Bytes::from(out);
    }
    if (from, to) == (0, chunk.len()) { chunk } else { chunk.slice(from..to) }
}

fn is_whole(data: &[u8]) -> bool {
    let mut scanner = Scanner::new(data);
    (scanner.skip().is_ok() && scanner.end().is_ok()) || openai_chat::watch::is_done(data)
}

#[cfg(test)]
mod tests;
