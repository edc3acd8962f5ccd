//! Puts the events of a stream together into the reply that they are.

use domain::Dialect;

use super::event::{BlockKind, Delta, ReplyEvent};
use super::json::{Extra, Json};
use super::part::{Citation, Part, PartKind, ToolCall};
use super::reply::{Choice, Reply};
use crate::failure::ProviderFailure;
use crate::fields::{Path, Value};
use crate::translate::broken_stream;
use crate::writer;

/// The reply that `events` amount to. A stream that failed, or has no end, is not a reply.
pub fn fold(events: &[ReplyEvent]) -> Result<Reply, ProviderFailure> {
    let mut reply = Reply::new(Dialect::OpenaiChat);
    let mut choices: Vec<Folding> = Vec::new();
    for event in events {
        match event {
            ReplyEvent::Start { origin, id, model, service_tier } => {
                reply.origin = *origin;
                reply.id.clone_from(id);
                reply.model.clone_from(model);
                reply.service_tier.clone_from(service_tier);
            }
            ReplyEvent::BlockStart { choice, block, kind } => {
                of(&mut choices, *choice).blocks.push(Block::new(*block, kind.clone()));
            }
            ReplyEvent::BlockDelta { choice, block, delta } => of(&mut choices, *choice).add(*block, delta),
            ReplyEvent::Stop { choice, reason, sequence, details } => {
                let stopped = &mut of(&mut choices, *choice).choice;
                stopped.stop = Some(reason.clone());
                stopped.stop_sequence.clone_from(sequence);
                stopped.stop_details.clone_from(details);
            }
            ReplyEvent::Usage(usage) => reply.usage = Some(*usage),
            ReplyEvent::Error(failure) => return Err(failure.clone()),
            ReplyEvent::End => {
                choices.sort_by_key(|folding| folding.choice.index);
                reply.choices = choices.into_iter().map(Folding::finish).collect();
                return Ok(reply);
            }
            ReplyEvent::BlockStop { .. } | ReplyEvent::Lost { .. } => {}
        }
    }
    Err(broken_stream("the stream has no end"))
}

#[derive(Debug, Default)]
struct Folding {
    choice: Choice,
    blocks: Vec<Block>,
}

fn of(choices: &mut Vec<Folding>, index: u32) -> &mut Folding {
    let place = choices.iter().position(|folding| folding.choice.index == index).unwrap_or_else(|| {
        choices.push(Folding { choice: Choice { index, ..Choice::default() }, blocks: Vec::new() });
        choices.len() - 1
    });
    &mut choices[place]
}

impl Folding {
    fn add(&mut self, number: u32, delta: &Delta) {
        if let Some(block) = self.blocks.iter_mut().rev().find(|block| block.number == number) {
            block.add(delta);
        }
    }

    fn finish(mut self) -> Choice {
        self.choice.parts = self.blocks.into_iter().map(Block::finish).collect();
        self.choice
    }
}

#[derive(Debug)]
struct Block {
    number: u32,
    kind: BlockKind,
    text: String,
    signature: Option<String>,
    citations: Vec<Citation>,
}

impl Block {
    const fn new(number: u32, kind: BlockKind) -> Self {
        Self { number, kind, text: String::new(), signature: None, citations: Vec::new() }
    }

    fn add(&mut self, delta: &Delta) {
        match delta {
            Delta::Text(text) | Delta::Thinking(text) | Delta::Arguments(text) => self.text.push_str(text),
            Delta::Signature(signature) => self.signature = Some(signature.clone()),
            Delta::Citation(citation) => self.citations.push(citation.clone()),
            Delta::Native(json) => self.text.push_str(&partial_json(json)),
        }
    }

    fn finish(self) -> Part {
        let text = self.text;
        match self.kind {
            BlockKind::Text => PartKind::Text { text, citations: self.citations }.into(),
            BlockKind::Refusal => PartKind::Refusal { text }.into(),
            BlockKind::Thinking => PartKind::Thinking { text, signature: self.signature }.into(),
            BlockKind::RedactedThinking { data } => PartKind::RedactedThinking { data }.into(),
            BlockKind::ToolCall { id, name, kind, extra } => {
                let arguments = if text.is_empty() { "{}".to_owned() } else { text };
                let call = ToolCall { id, name, arguments, kind, extra: Extra::default() };
                Part { extra, ..PartKind::ToolCall(call).into() }
            }
            BlockKind::Native { name, json } => {
                PartKind::Native { json: with_input(&json, &text).unwrap_or(json), name }.into()
            }
        }
    }
}

/// A server tool's input streams in pieces like that of any tool.
fn partial_json(delta: &Json) -> String {
    let fields = delta.value().and_then(|value| value.fields(&Path::Root));
    let piece = fields.and_then(|fields| fields.peek("partial_json").and_then(Value::text));
    piece.map(std::borrow::Cow::into_owned).unwrap_or_default()
}

fn with_input(block: &Json, input: &str) -> Option<Json> {
    let input = Json::parse(input)?;
    let fields = block.value()?.fields(&Path::Root)?;
    Some(writer::json_object(|object| {
        let others = fields.iter().filter(|(name, _)| *name != "input");
        others.for_each(|(name, value)| object.raw(name, value.raw()));
        object.json("input", &input);
    }))
}
