//! Writes the events of a stream. One block is open at a time, so what belongs to a later block waits until the
//! earlier one has ended; every record has its `event:` line, without which the vendor's SDKs drop it.

use std::collections::VecDeque;

use bytes::BytesMut;
use domain::{CallError, Dialect, Usage};

use super::blocks_same::{encode_text, encode_tool_use};
use super::reply_encode::{call_id, encode_citation, encode_refusal_details, reply_id, service_tier};
use super::stop::stop_reason;
use super::usage::write_usage;
use crate::error::write_stream_error;
use crate::hub::{BlockKind, Delta, Json, ReplyEvent, StopReason};
use crate::note::{Note, Notes};
use crate::sse::EVENT_CAP;
use crate::translate::{ReplyContext, broken_stream};
use crate::writer::{self, Object};

#[derive(Debug)]
pub(crate) struct StreamEncoder {
    id: String,
    model: String,
    started: bool,
    /// The provider speaks this dialect.
    same: bool,
    /// The blocks that have begun and not ended, in order; only the first may be on the wire.
    blocks: VecDeque<Block>,
    /// How many bytes wait in blocks that are not on the wire.
    waiting: usize,
    next_index: usize,
    calls_tools: bool,
    refusal: Option<String>,
    stop: Option<(StopReason, Option<String>, Option<Json>)>,
    usage: Option<Usage>,
    broken: bool,
    notes: Notes,
}

#[derive(Debug)]
struct Block {
    number: u32,
    kind: BlockKind,
    deltas: Vec<Delta>,
    /// Its number on the wire, once it is there.
    index: Option<usize>,
    /// The text so far, for the citations of it.
    text: String,
    ended: bool,
}

impl StreamEncoder {
    pub(crate) fn new(context: &ReplyContext<'_>) -> Self {
        Self {
            id: context.id.to_owned(),
            model: context.model.to_owned(),
            started: false,
            same: false,
            blocks: VecDeque::new(),
            waiting: 0,
            next_index: 0,
            calls_tools: false,
            refusal: None,
            stop: None,
            usage: None,
            broken: false,
            notes: Notes::new(Dialect::AnthropicMessages),
        }
    }

    pub(crate) fn notes(&self) -> &[Note] {
        self.notes.list()
    }

    pub(crate) fn push(&mut self, event: &ReplyEvent, out: &mut BytesMut) {
        if self.broken {
            return;
        }
        match event {
            ReplyEvent::Start { origin, service_tier, .. } => {
                self.same = *origin == Dialect::AnthropicMessages;
                self.start(service_tier.as_deref(), out);
            }
            ReplyEvent::Usage(usage) => self.usage = Some(*usage),
            ReplyEvent::Lost { field } => self.notes.dropped(field.clone()),
            ReplyEvent::Error(failure) => {
                write_stream_error(Dialect::AnthropicMessages, &CallError::from(failure), &self.id, out);
            }
            ReplyEvent::BlockStart { choice: 0, block, kind } => self.block_start(*block, kind, out),
            ReplyEvent::BlockDelta { choice: 0, block, delta } => self.block_delta(*block, delta, out),
            ReplyEvent::BlockStop { choice: 0, block } => self.block_stop(*block, out),
            ReplyEvent::Stop { choice: 0, reason, sequence, details } => {
                self.stop = Some((reason.clone(), sequence.clone(), details.clone()));
            }
            // This dialect has one choice.
            ReplyEvent::BlockStart { choice, .. } => self.notes.dropped(format!("choices[{choice}]")),
            ReplyEvent::BlockDelta { .. } | ReplyEvent::BlockStop { .. } | ReplyEvent::Stop { .. } => {}
            ReplyEvent::End => self.end(out),
        }
    }

    /// The count of prompt tokens is not known yet; the last event has it.
    fn start(&mut self, tier: Option<&str>, out: &mut BytesMut) {
        if std::mem::replace(&mut self.started, true) {
            return;
        }
        let tier = if self.same { tier } else { service_tier(tier) };
        record(out, "message_start", |event| {
            event.object("message", |message| {
                message.string("id", &reply_id(&self.id));
                message.string("type", "message");
                message.string("role", "assistant");
                message.string("model", &self.model);
                message.array("content", |_| ());
                message.null("stop_reason");
                message.null("stop_sequence");
                message.object("usage", |usage| {
                    usage.integer("input_tokens", 0);
                    usage.integer("output_tokens", 0);
                    usage.optional_string("service_tier", tier);
                });
            });
        });
    }

    fn block_start(&mut self, number: u32, kind: &BlockKind, out: &mut BytesMut) {
        match kind {
            BlockKind::ToolCall { .. } => self.calls_tools = true,
            BlockKind::Refusal => self.refusal = Some(String::new()),
            BlockKind::Native { name, .. } if !self.same => {
                self.notes.dropped(format!("message.{name}"));
                return;
            }
            _ => {}
        }
        let block = Block {
            number,
            kind: kind.clone(),
            deltas: Vec::new(),
            index: None,
            text: String::new(),
            ended: false,
        };
        self.blocks.push_back(block);
        self.advance(out);
    }

    fn block_delta(&mut self, number: u32, delta: &Delta, out: &mut BytesMut) {
        if let (Some(refusal), Delta::Text(text)) = (&mut self.refusal, delta)
            && self.blocks.iter().any(|block| block.number == number && block.kind == BlockKind::Refusal)
        {
            refusal.push_str(text);
        }
        let Some(block) = self.blocks.iter_mut().find(|block| block.number == number) else {
            return;
        };
        block.deltas.push(delta.clone());
        self.waiting += size(delta);
        self.advance(out);
        if self.waiting > EVENT_CAP {
            let failure = broken_stream("a block of the provider's stream is longer than 16 MiB");
            write_stream_error(Dialect::AnthropicMessages, &CallError::from(&failure), &self.id, out);
            self.broken = true;
        }
    }

    fn block_stop(&mut self, number: u32, out: &mut BytesMut) {
        if let Some(block) = self.blocks.iter_mut().find(|block| block.number == number) {
            block.ended = true;
        }
        self.advance(out);
    }

    /// Writes what may be on the wire by now: the first block as far as it is known, and every block after it that
    /// the end of the one before sets free.
    fn advance(&mut self, out: &mut BytesMut) {
        while let Some(block) = self.blocks.front_mut() {
            if block.index.is_none() && block.is_sayable() {
                block.index = Some(self.next_index);
                self.next_index += 1;
                block.write_start(&self.id, self.same, out);
            }
            if block.index.is_some() {
                for delta in std::mem::take(&mut block.deltas) {
                    self.waiting -= size(&delta);
                    block.write_delta(&delta, self.same, &mut self.notes, out);
                }
            }
            if !block.ended {
                return;
            }
            if let Some(index) = block.index {
                record(out, "content_block_stop", |event| {
                    event.integer("index", index as u64);
                });
            }
            self.blocks.pop_front();
        }
    }

    fn end(&mut self, out: &mut BytesMut) {
        self.start(None, out);
        self.blocks.iter_mut().for_each(|block| block.ended = true);
        self.advance(out);
        let (stop, sequence, details) = self.stop.take().unwrap_or((StopReason::EndTurn, None, None));
        let (reason, exact) = match &stop {
            StopReason::Other(name) if self.same => (name.as_str(), true),
            stop => stop_reason(stop, self.calls_tools, self.refusal.is_some()),
        };
        if !exact {
            self.notes.changed("finish_reason");
        }
        record(out, "message_delta", |event| {
            event.object("delta", |delta| {
                delta.string("stop_reason", reason);
                match &sequence {
                    Some(sequence) => delta.string("stop_sequence", sequence),
                    None => delta.null("stop_sequence"),
                }
                if let Some(details) = details.as_ref().filter(|_| self.same) {
                    delta.raw("stop_details", &details.compact());
                } else if let Some(refusal) = self.refusal.as_deref().filter(|refusal| !refusal.is_empty()) {
                    encode_refusal_details(delta, refusal);
                }
            });
            let mut report = write_usage(&self.usage.unwrap_or_default());
            if let Some(report) = report.as_object_mut() {
                // Only the whole reply breaks cache writes down.
                report.shift_remove("cache_creation");
            }
            event.raw("usage", &report.to_string());
        });
        record(out, "message_stop", |_| ());
    }
}

impl Block {
    /// Text that never says anything is no block.
    fn is_sayable(&self) -> bool {
        !matches!(self.kind, BlockKind::Text | BlockKind::Refusal) || !self.deltas.is_empty()
    }

    fn write_start(&self, reply: &str, same: bool, out: &mut BytesMut) {
        let index = self.index.unwrap_or(0);
        record(out, "content_block_start", |event| {
            event.integer("index", index as u64);
            if let BlockKind::Native { json, .. } = &self.kind {
                event.raw("content_block", &json.compact());
                return;
            }
            event.object("content_block", |block| match &self.kind {
                BlockKind::Text | BlockKind::Refusal | BlockKind::Native { .. } => encode_text(block, ""),
                BlockKind::Thinking => {
                    block.string("type", "thinking");
                    block.string("thinking", "");
                    block.string("signature", "");
                }
                BlockKind::RedactedThinking { data } => {
                    block.string("type", "redacted_thinking");
                    block.string("data", data);
                }
                BlockKind::ToolCall { id, name, extra, .. } => {
                    encode_tool_use(block, &call_id(id, reply, index), name, "{}");
                    if same {
                        block.extra(extra);
                    }
                }
            });
        });
    }

    fn write_delta(&mut self, delta: &Delta, same: bool, notes: &mut Notes, out: &mut BytesMut) {
        let index = self.index.unwrap_or(0);
        let mut write = |fill: &mut dyn FnMut(&mut Object<'_>)| {
            record(out, "content_block_delta", |event| {
                event.integer("index", index as u64);
                event.object("delta", |delta| fill(delta));
            });
        };
        match delta {
            Delta::Text(text) => {
                self.text.push_str(text);
                write(&mut |delta| piece(delta, "text_delta", "text", text));
            }
            Delta::Thinking(text) => write(&mut |delta| piece(delta, "thinking_delta", "thinking", text)),
            Delta::Signature(proof) => {
                write(&mut |delta| piece(delta, "signature_delta", "signature", proof));
            }
            Delta::Arguments(text) => {
                write(&mut |delta| piece(delta, "input_json_delta", "partial_json", text));
            }
            Delta::Citation(citation) => match &citation.url {
                _ if same => write(&mut |delta| {
                    delta.string("type", "citations_delta");
                    delta.raw("citation", &citation.written.compact());
                }),
                Some(url) => write(&mut |delta| {
                    delta.string("type", "citations_delta");
                    delta.object("citation", |citation| encode_citation(citation, &self.text, url));
                }),
                None => notes.dropped("message.annotations"),
            },
            Delta::Native(json) => record(out, "content_block_delta", |event| {
                event.integer("index", index as u64);
                event.raw("delta", &json.compact());
            }),
        }
    }
}

fn piece(delta: &mut Object<'_>, kind: &str, name: &str, text: &str) {
    delta.string("type", kind);
    delta.string(name, text);
}

const fn size(delta: &Delta) -> usize {
    match delta {
        Delta::Text(text) | Delta::Thinking(text) | Delta::Signature(text) | Delta::Arguments(text) => {
            text.len()
        }
        Delta::Citation(_) | Delta::Native(_) => 0,
    }
}

fn record(out: &mut BytesMut, name: &str, fill: impl FnOnce(&mut Object<'_>)) {
    let mut data = Vec::new();
    writer::object(&mut data, |event| {
        event.string("type", name);
        fill(event);
    });
    out.extend_from_slice(b"event: ");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\ndata: ");
    out.extend_from_slice(&data);
    out.extend_from_slice(b"\n\n");
}
