//! Writes the deltas of one choice of a stream.

use bytes::BytesMut;

use super::citations::encode_annotation;
use super::reasoning::Proof;
use super::reply_encode::explanation;
use super::stop::finish_reason;
use super::stream_encode::Head;
use crate::hub::{BlockKind, Citation, Delta, Json, StopReason, ToolCallKind};
use crate::note::Notes;
use crate::writer::Object;

#[derive(Debug)]
pub(crate) struct ChoiceEncoder {
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
    Text {
        start: u64,
        citations: Vec<Citation>,
    },
    Refusal,
    Thinking {
        text: String,
        signature: String,
    },
    ToolCall {
        index: u64,
        kind: ToolCallKind,
        argued: bool,
    },
    /// Not said in this dialect, or said already.
    Silent,
}

impl ChoiceEncoder {
    pub(crate) const fn new(index: u32) -> Self {
        Self { index, spoke: false, blocks: Vec::new(), calls: 0, proofs: 0, characters: 0, refused: false }
    }

    pub(crate) const fn index(&self) -> u32 {
        self.index
    }

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

    pub(crate) fn block_start(
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

    pub(crate) fn block_delta(&mut self, number: u32, delta: &Delta, head: &Head, out: &mut BytesMut) {
        let Some(block) = self.blocks.iter_mut().rev().find(|block| block.number == number) else {
            return;
        };
        match (&mut block.state, delta) {
            (BlockState::Text { .. }, Delta::Text(text)) => {
                self.characters += text.chars().count() as u64;
                self.delta(head, out, |delta| delta.string("content", text));
            }
            (BlockState::Text { citations, .. }, Delta::Citation(citation)) => {
                citations.push(citation.clone());
            }
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

    pub(crate) fn block_stop(&mut self, number: u32, head: &Head, notes: &mut Notes, out: &mut BytesMut) {
        let Some(block) = self.blocks.iter_mut().rev().find(|block| block.number == number) else {
            return;
        };
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
            delta.array("reasoning_details", |list| {
                list.object(|detail| proof.encode(detail, index));
            });
        });
    }

    pub(crate) fn stop(
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
