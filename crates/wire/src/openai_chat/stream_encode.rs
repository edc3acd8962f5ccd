//! Writes the chunks of a stream: the role in the first delta of a choice, calls numbered among themselves, the
//! reason to stop in a chunk of its own, and usage in a last one for callers that asked for it.

use bytes::BytesMut;
use domain::{CallError, Dialect, Usage};

use super::citations::encode_annotation;
use super::reasoning::Proof;
use super::reply_encode::{explanation, reply_id, service_tier};
use super::stop::finish_reason;
use super::usage::write_usage;
use crate::error::write_stream_error;
use crate::hub::{BlockKind, Citation, Delta, Json, ReplyEvent, StopReason, ToolCallKind};
use crate::note::{Note, Notes};
use crate::translate::ReplyContext;
use crate::writer::{self, Object};

#[derive(Debug)]
pub(crate) struct StreamEncoder {
    head: Head,
    choices: Vec<Choice>,
    usage: Option<Usage>,
    notes: Notes,
}

/// What every chunk repeats.
#[derive(Debug)]
struct Head {
    context_id: String,
    id: String,
    model: String,
    created_s: i64,
    include_usage: bool,
    legacy_functions: bool,
    /// The provider speaks this dialect.
    same: bool,
    service_tier: Option<String>,
}

#[derive(Debug)]
struct Choice {
    index: u32,
    /// The role has been said.
    spoke: bool,
    blocks: Vec<Block>,
    calls: u64,
    proofs: usize,
    /// Characters of text so far, for annotations.
    characters: u64,
    refused: bool,
}

#[derive(Debug)]
struct Block {
    number: u32,
    state: BlockState,
}

#[derive(Debug)]
enum BlockState {
    Text { start: u64, citations: Vec<Citation> },
    Refusal,
    Thinking { text: String, signature: String },
    ToolCall { index: u64, kind: ToolCallKind, argued: bool },
    /// Not said in this dialect, or said already.
    Silent,
}

impl StreamEncoder {
    pub(crate) fn new(context: &ReplyContext<'_>) -> Self {
        Self {
            head: Head {
                context_id: context.id.to_owned(),
                id: reply_id(context),
                model: context.model.to_owned(),
                created_s: context.created_s,
                include_usage: context.include_usage,
                legacy_functions: context.legacy_functions,
                same: false,
                service_tier: None,
            },
            choices: Vec::new(),
            usage: None,
            notes: Notes::new(Dialect::OpenaiChat),
        }
    }

    pub(crate) fn notes(&self) -> &[Note] {
        self.notes.list()
    }

    pub(crate) fn push(&mut self, event: &ReplyEvent, out: &mut BytesMut) {
        match event {
            ReplyEvent::Start { origin, service_tier: tier, .. } => {
                self.head.same = *origin == Dialect::OpenaiChat;
                self.head.service_tier = service_tier(tier.as_deref(), self.head.same).map(str::to_owned);
            }
            ReplyEvent::Usage(usage) => self.usage = Some(*usage),
            ReplyEvent::Lost { field } => self.notes.dropped(field.clone()),
            ReplyEvent::Error(failure) => {
                let id = &self.head.context_id;
                write_stream_error(Dialect::OpenaiChat, &CallError::from(failure), id, out);
            }
            ReplyEvent::BlockStart { choice, block, kind } => {
                let place = self.place(*choice);
                let choice = &mut self.choices[place];
                choice.block_start(*block, kind, &self.head, &mut self.notes, out);
            }
            ReplyEvent::BlockDelta { choice, block, delta } => {
                let place = self.place(*choice);
                self.choices[place].block_delta(*block, delta, &self.head, out);
            }
            ReplyEvent::BlockStop { choice, block } => {
                let place = self.place(*choice);
                self.choices[place].block_stop(*block, &self.head, &mut self.notes, out);
            }
            ReplyEvent::Stop { choice, reason, details, sequence } => {
                if sequence.is_some() {
                    self.notes.dropped("stop_sequence");
                }
                let place = self.place(*choice);
                let choice = &mut self.choices[place];
                choice.stop(reason, details.as_ref(), &self.head, &mut self.notes, out);
            }
            ReplyEvent::End => self.end(out),
        }
    }

    fn place(&mut self, index: u32) -> usize {
        let known = self.choices.iter().position(|choice| choice.index == index);
        known.unwrap_or_else(|| {
            self.choices.push(Choice {
                index,
                spoke: false,
                blocks: Vec::new(),
                calls: 0,
                proofs: 0,
                characters: 0,
                refused: false,
            });
            self.choices.len() - 1
        })
    }

    fn end(&self, out: &mut BytesMut) {
        if let Some(usage) = self.usage.filter(|_| self.head.include_usage) {
            self.head.record(out, |chunk| {
                chunk.array("choices", |_| ());
                chunk.raw("usage", &write_usage(&usage).to_string());
            });
        }
        out.extend_from_slice(b"data: [DONE]\n\n");
    }
}

impl Head {
    fn record(&self, out: &mut BytesMut, fill: impl FnOnce(&mut Object<'_>)) {
        let mut data = Vec::with_capacity(256);
        writer::object(&mut data, |chunk| {
            chunk.string("id", &self.id);
            chunk.string("object", "chat.completion.chunk");
            chunk.integer("created", self.created_s);
            chunk.string("model", &self.model);
            chunk.optional_string("service_tier", self.service_tier.as_deref());
            fill(chunk);
        });
        out.extend_from_slice(b"data: ");
        out.extend_from_slice(&data);
        out.extend_from_slice(b"\n\n");
    }

    fn choice(
        &self,
        out: &mut BytesMut,
        index: u32,
        finish: Option<&str>,
        delta: impl FnOnce(&mut Object<'_>),
    ) {
        self.record(out, |chunk| {
            chunk.array("choices", |list| {
                list.object(|choice| {
                    choice.integer("index", index);
                    choice.object("delta", delta);
                    choice.null("logprobs");
                    match finish {
                        Some(reason) => choice.string("finish_reason", reason),
                        None => choice.null("finish_reason"),
                    }
                });
            });
            if self.include_usage {
                chunk.null("usage");
            }
        });
    }
}

impl Choice {
    /// Writes a delta; the first of a choice says the role as well.
    fn delta(&mut self, head: &Head, out: &mut BytesMut, fill: impl FnOnce(&mut Object<'_>)) {
        let first = !std::mem::replace(&mut self.spoke, true);
        head.choice(out, self.index, None, |delta| {
            if first {
                delta.string("role", "assistant");
            }
            fill(delta);
        });
    }

    fn block_start(
        &mut self,
        number: u32,
        kind: &BlockKind,
        head: &Head,
        notes: &mut Notes,
        out: &mut BytesMut,
    ) {
        let state = match kind {
            BlockKind::Text => {
                if !self.spoke {
                    self.delta(head, out, |delta| delta.string("content", ""));
                }
                BlockState::Text { start: self.characters, citations: Vec::new() }
            }
            BlockKind::Refusal => {
                self.refused = true;
                BlockState::Refusal
            }
            BlockKind::Thinking => BlockState::Thinking { text: String::new(), signature: String::new() },
            BlockKind::RedactedThinking { data } => {
                self.proof(Proof::Sealed { data }, head, out);
                BlockState::Silent
            }
            BlockKind::ToolCall { id, name, kind, .. } => self.call_start(id, name, *kind, head, out),
            BlockKind::Native { name, .. } => {
                notes.dropped(format!("content.{name}"));
                BlockState::Silent
            }
        };
        self.blocks.push(Block { number, state });
    }

    fn call_start(
        &mut self,
        id: &str,
        name: &str,
        kind: ToolCallKind,
        head: &Head,
        out: &mut BytesMut,
    ) -> BlockState {
        let index = self.calls;
        self.calls += 1;
        let first = !self.spoke;
        let made = format!("call_{}_{index}", head.context_id);
        let id = if id.is_empty() { &made } else { id };
        let (member, input) = names(kind);
        self.delta(head, out, |delta| {
            if first {
                delta.null("content");
            }
            if head.legacy_functions {
                delta.object("function_call", |call| {
                    call.string("name", name);
                    call.string("arguments", "");
                });
                return;
            }
            delta.array("tool_calls", |list| {
                list.object(|call| {
                    call.integer("index", index);
                    call.string("id", id);
                    call.string("type", member);
                    call.object(member, |inner| {
                        inner.string("name", name);
                        inner.string(input, "");
                    });
                });
            });
        });
        BlockState::ToolCall { index, kind, argued: false }
    }

    fn block_delta(&mut self, number: u32, delta: &Delta, head: &Head, out: &mut BytesMut) {
        let Some(block) = self.blocks.iter_mut().rev().find(|block| block.number == number) else { return };
        match (&mut block.state, delta) {
            (BlockState::Text { .. }, Delta::Text(text)) => {
                self.characters += text.chars().count() as u64;
                self.delta(head, out, |delta| delta.string("content", text));
            }
            (BlockState::Text { citations, .. }, Delta::Citation(citation)) => citations.push(citation.clone()),
            (BlockState::Refusal, Delta::Text(text)) => {
                self.delta(head, out, |delta| delta.string("refusal", text));
            }
            (BlockState::Thinking { text: known, .. }, Delta::Thinking(text)) => {
                known.push_str(text);
                self.delta(head, out, |delta| delta.string("reasoning_content", text));
            }
            (BlockState::Thinking { signature, .. }, Delta::Signature(proof)) => signature.clone_from(proof),
            (BlockState::ToolCall { index, kind, argued }, Delta::Arguments(text)) => {
                *argued = true;
                let (index, kind) = (*index, *kind);
                self.argue(index, kind, text, head, out);
            }
            _ => {}
        }
    }

    fn argue(&mut self, index: u64, kind: ToolCallKind, text: &str, head: &Head, out: &mut BytesMut) {
        let (member, input) = names(kind);
        self.delta(head, out, |delta| {
            if head.legacy_functions {
                delta.object("function_call", |call| call.string("arguments", text));
                return;
            }
            delta.array("tool_calls", |list| {
                list.object(|call| {
                    call.integer("index", index);
                    call.object(member, |inner| inner.string(input, text));
                });
            });
        });
    }

    fn block_stop(&mut self, number: u32, head: &Head, notes: &mut Notes, out: &mut BytesMut) {
        let Some(block) = self.blocks.iter_mut().rev().find(|block| block.number == number) else { return };
        match std::mem::replace(&mut block.state, BlockState::Silent) {
            BlockState::Text { start, citations } => self.annotate(start, &citations, head, notes, out),
            BlockState::Thinking { text, signature } if !signature.is_empty() => {
                self.proof(Proof::Signed { text: &text, signature: &signature }, head, out);
            }
            // A call without arguments still has to parse.
            BlockState::ToolCall { index, kind: kind @ ToolCallKind::Function, argued: false } => {
                self.argue(index, kind, "{}", head, out);
            }
            _ => {}
        }
    }

    fn annotate(
        &mut self,
        start: u64,
        citations: &[Citation],
        head: &Head,
        notes: &mut Notes,
        out: &mut BytesMut,
    ) {
        let sayable: Vec<_> =
            citations.iter().filter(|citation| head.same || citation.url.is_some()).collect();
        if sayable.len() < citations.len() {
            notes.dropped("content.citations");
        }
        if sayable.is_empty() {
            return;
        }
        let end = self.characters;
        self.delta(head, out, |delta| {
            delta.array("annotations", |list| {
                for citation in sayable {
                    match &citation.url {
                        Some(url) if !head.same => encode_annotation(list, url, start, end),
                        _ => list.json(&citation.written),
                    }
                }
            });
        });
    }

    fn proof(&mut self, proof: Proof<'_>, head: &Head, out: &mut BytesMut) {
        let index = self.proofs;
        self.proofs += 1;
        self.delta(head, out, |delta| {
            delta.array("reasoning_details", |list| list.object(|detail| proof.encode(detail, index)));
        });
    }

    fn stop(
        &mut self,
        reason: &StopReason,
        details: Option<&Json>,
        head: &Head,
        notes: &mut Notes,
        out: &mut BytesMut,
    ) {
        if let Some(why) = details.and_then(explanation).filter(|_| !self.refused) {
            self.refused = true;
            self.delta(head, out, |delta| delta.string("refusal", &why));
        }
        if !self.spoke {
            self.delta(head, out, |delta| delta.string("content", ""));
        }
        let (reason, exact) = finish_reason(reason, head.legacy_functions);
        if !exact {
            notes.changed("stop_reason");
        }
        head.choice(out, self.index, Some(reason), |_| ());
    }
}

const fn names(kind: ToolCallKind) -> (&'static str, &'static str) {
    match kind {
        ToolCallKind::Function => ("function", "arguments"),
        ToolCallKind::Custom => ("custom", "input"),
    }
}
