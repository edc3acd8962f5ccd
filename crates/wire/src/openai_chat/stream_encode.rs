//! Writes the chunks of a stream: the role in the first delta of a choice, calls numbered among themselves, the
//! reason to stop in a chunk of its own, and usage in a last one for callers that asked for it.

use bytes::BytesMut;
use domain::{CallError, Dialect, Usage};

use super::choice_stream_encode::ChoiceEncoder;
use super::reply_encode::{reply_id, service_tier};
use super::usage::write_usage;
use crate::error::write_stream_error;
use crate::hub::ReplyEvent;
use crate::note::{Note, Notes};
use crate::translate::ReplyContext;
use crate::writer::{self, Object};

#[derive(Debug)]
pub(crate) struct StreamEncoder {
    head: Head,
    choices: Vec<ChoiceEncoder>,
    usage: Option<Usage>,
    notes: Notes,
}

/// What every chunk repeats.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) context_id: String,
    id: String,
    model: String,
    created_s: i64,
    include_usage: bool,
    pub(crate) legacy_functions: bool,
    /// The provider speaks this dialect.
    pub(crate) same: bool,
    service_tier: Option<String>,
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
        let known = self.choices.iter().position(|choice| choice.index() == index);
        known.unwrap_or_else(|| {
            self.choices.push(ChoiceEncoder::new(index));
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

    pub(crate) fn choice(
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
