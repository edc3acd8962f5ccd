//! Reads the deltas of one choice of a stream.

use std::borrow::Cow;

use domain::CallError;

use super::citations::decode_annotations;
use super::stop::decode_finish_reason;
use crate::fields::{Fields, Path, Value, wrong};
use crate::hub::{BlockKind, Delta, Extra, PartKind, ReplyEvent, ToolCallKind};

#[derive(Debug, Clone)]
pub(crate) struct ChoiceStream {
    index: u32,
    blocks: u32,
    /// The block of text, refusal or thinking that is open; only one is.
    prose: Option<Prose>,
    /// The open block of thinking comes in a plain field, so that details only repeat its text.
    plain_thinking: bool,
    tools: Vec<Tool>,
    finished: bool,
}

#[derive(Debug, Clone, Copy)]
struct Prose {
    block: u32,
    kind: ProseKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ProseKind {
    Text,
    Refusal,
    Thinking,
}

#[derive(Debug, Clone)]
struct Tool {
    /// The provider's number; servers exist that give every call the same.
    position: u64,
    id: String,
    name: String,
    kind: ToolCallKind,
    extra: Extra,
    /// Set once the name is known, which is when the block begins.
    block: Option<u32>,
    /// Arguments that came before the name.
    early: String,
}

/// More calls than any reply has; keeps a hostile stream from growing the list.
const TOOLS_MAX: usize = 1_024;

impl ChoiceStream {
    pub(crate) const fn new(index: u32) -> Self {
        Self { index, blocks: 0, prose: None, plain_thinking: false, tools: Vec::new(), finished: false }
    }

    pub(crate) const fn index(&self) -> u32 {
        self.index
    }

    pub(crate) const fn is_finished(&self) -> bool {
        self.finished
    }

    /// Reads one entry of `choices`.
    pub(crate) fn read(
        &mut self,
        choice: &mut Fields<'_, '_>,
        out: &mut Vec<ReplyEvent>,
    ) -> Result<(), CallError> {
        if self.finished {
            return Ok(());
        }
        let at = choice.at.member("delta");
        if let Some(delta) = choice.object("delta")? {
            self.delta(&mut delta.need_fields(&at)?, out)?;
        }
        if choice.peek("logprobs").is_some() {
            out.push(ReplyEvent::Lost { field: "choices[].logprobs".to_owned() });
        }
        if let Some(reason) = choice.text("finish_reason")? {
            self.finish(&reason, out)?;
        }
        Ok(())
    }

    fn delta(&mut self, delta: &mut Fields<'_, '_>, out: &mut Vec<ReplyEvent>) -> Result<(), CallError> {
        self.thinking(delta, out)?;
        self.content(delta, out)?;
        if let Some(text) = delta.text("refusal")?.filter(|text| !text.is_empty()) {
            self.say(ProseKind::Refusal, Delta::Text(text), out);
        }
        for citation in decode_annotations(delta)? {
            match self.prose {
                Some(Prose { block, kind: ProseKind::Text }) => {
                    self.emit(block, Delta::Citation(citation), out);
                }
                _ => out.push(ReplyEvent::Lost { field: "choices[].message.annotations".to_owned() }),
            }
        }
        if delta.peek("audio").is_some() {
            out.push(ReplyEvent::Lost { field: "choices[].message.audio".to_owned() });
        }
        let at = delta.at.member("tool_calls");
        for (position, call) in delta.items("tool_calls")?.unwrap_or_default().into_iter().enumerate() {
            let item = at.item(position);
            self.tool_call(&mut call.need_fields(&item)?, out)?;
        }
        let at = delta.at.member("function_call");
        if let Some(call) = delta.object("function_call")? {
            self.function_call(&mut call.need_fields(&at)?, out)?;
        }
        Ok(())
    }

    /// Content is a string; some servers stream parts.
    fn content(&mut self, delta: &mut Fields<'_, '_>, out: &mut Vec<ReplyEvent>) -> Result<(), CallError> {
        let at = delta.at.member("content");
        let Some(content) = delta.take("content") else {
            return Ok(());
        };
        if let Some(text) = content.text() {
            if !text.is_empty() {
                self.say(ProseKind::Text, Delta::Text(text.into_owned()), out);
            }
            return Ok(());
        }
        let parts = content.items().ok_or_else(|| wrong(&at, "a string"))?;
        for (index, part) in parts.into_iter().enumerate() {
            let part = super::parts::decode_part(part, &at.item(index))?;
            match part.kind {
                PartKind::Text { text, .. } if !text.is_empty() => {
                    self.say(ProseKind::Text, Delta::Text(text), out);
                }
                PartKind::Text { .. } => {}
                _ => out.push(ReplyEvent::Lost { field: "choices[].message.content".to_owned() }),
            }
        }
        Ok(())
    }

    /// The text comes in a plain field; details repeat it, or bring what the plain field cannot say.
    fn thinking(&mut self, delta: &mut Fields<'_, '_>, out: &mut Vec<ReplyEvent>) -> Result<(), CallError> {
        let plain = match delta.text("reasoning_content")? {
            Some(text) => Some(text),
            None => delta.text("reasoning")?,
        };
        if let Some(text) = plain.filter(|text| !text.is_empty()) {
            self.say(ProseKind::Thinking, Delta::Thinking(text), out);
            self.plain_thinking = true;
        }
        let Some(details) = delta.peek("reasoning_details").and_then(Value::items) else {
            return Ok(());
        };
        for detail in details {
            let Some(mut detail) = detail.fields(&Path::Root) else {
                continue;
            };
            let mut text = |name: &str| {
                detail.take(name).and_then(Value::text).map(Cow::into_owned).filter(|text| !text.is_empty())
            };
            match text("type").as_deref() {
                Some("reasoning.text") => {
                    let (more, proof) = (text("text"), text("signature"));
                    if let Some(more) = more.filter(|_| !self.plain_thinking) {
                        self.say(ProseKind::Thinking, Delta::Thinking(more), out);
                    }
                    if let Some(proof) = proof {
                        self.say(ProseKind::Thinking, Delta::Signature(proof), out);
                        // What is signed is over; more thinking is another block.
                        self.end_prose(out);
                    }
                }
                Some("reasoning.encrypted") => {
                    if let Some(data) = text("data") {
                        self.end_prose(out);
                        let block = self.begin(BlockKind::RedactedThinking { data }, out);
                        out.push(ReplyEvent::BlockStop { choice: self.index, block });
                    }
                }
                _ => out.push(ReplyEvent::Lost { field: "choices[].message.reasoning_details".to_owned() }),
            }
        }
        Ok(())
    }

    /// Adds to the open block of this kind, or begins one.
    fn say(&mut self, kind: ProseKind, delta: Delta, out: &mut Vec<ReplyEvent>) {
        let block = match self.prose {
            Some(prose) if prose.kind == kind => prose.block,
            _ => {
                self.end_prose(out);
                let block = self.begin(
                    match kind {
                        ProseKind::Text => BlockKind::Text,
                        ProseKind::Refusal => BlockKind::Refusal,
                        ProseKind::Thinking => BlockKind::Thinking,
                    },
                    out,
                );
                self.prose = Some(Prose { block, kind });
                block
            }
        };
        self.emit(block, delta, out);
    }

    fn tool_call(&mut self, call: &mut Fields<'_, '_>, out: &mut Vec<ReplyEvent>) -> Result<(), CallError> {
        let position = call.count("index")?;
        let id = call.text("id")?.unwrap_or_default();
        let kind = match call.text("type")?.as_deref() {
            Some("custom") => ToolCallKind::Custom,
            _ => ToolCallKind::Function,
        };
        let (member, input) = match kind {
            ToolCallKind::Function => ("function", "arguments"),
            ToolCallKind::Custom => ("custom", "input"),
        };
        let at = call.at.member(member);
        let (mut name, mut arguments) = (None, None);
        if let Some(inner) = call.object(member)? {
            let mut inner = inner.need_fields(&at)?;
            name = inner.text("name")?.filter(|name| !name.is_empty());
            arguments = match inner.peek(input) {
                Some(value) if value.is_object() => Some(value.raw().to_owned()),
                _ => inner.text(input)?,
            };
        }
        let extra = match call.peek("extra_content") {
            Some(json) => Extra::new(vec![("extra_content".to_owned(), json.to_json())]),
            None => Extra::default(),
        };
        let place = self.tool(position, &id, name.is_some(), call.at)?;
        let tool = &mut self.tools[place];
        if tool.block.is_none() {
            tool.kind = kind;
            tool.id.push_str(&id);
            tool.name.push_str(name.as_deref().unwrap_or_default());
            tool.extra = extra;
        }
        self.argue(place, arguments.unwrap_or_default(), out);
        Ok(())
    }

    /// The call that a delta is about. A new id and a name begin a call even where the number is an old one.
    fn tool(
        &mut self,
        position: Option<u64>,
        id: &str,
        named: bool,
        at: &Path<'_>,
    ) -> Result<usize, CallError> {
        let last = match position {
            Some(position) => self.tools.iter().rposition(|tool| tool.position == position),
            None => self.tools.len().checked_sub(1),
        };
        let is_new = |tool: &Tool| named && !id.is_empty() && tool.block.is_some() && tool.id != id;
        match last {
            Some(place) if !is_new(&self.tools[place]) => Ok(place),
            _ if self.tools.len() == TOOLS_MAX => Err(wrong(&at.member("index"), "a small number")),
            _ => {
                self.tools.push(Tool {
                    position: position.unwrap_or(self.tools.len() as u64),
                    id: String::new(),
                    name: String::new(),
                    kind: ToolCallKind::Function,
                    extra: Extra::default(),
                    block: None,
                    early: String::new(),
                });
                Ok(self.tools.len() - 1)
            }
        }
    }

    fn function_call(
        &mut self,
        call: &mut Fields<'_, '_>,
        out: &mut Vec<ReplyEvent>,
    ) -> Result<(), CallError> {
        let name = call.text("name")?.unwrap_or_default();
        let arguments = call.text("arguments")?.unwrap_or_default();
        let place = self.tool(Some(0), "", false, call.at)?;
        if self.tools[place].block.is_none() {
            self.tools[place].name.push_str(&name);
        }
        self.argue(place, arguments, out);
        Ok(())
    }

    /// Adds arguments to a call, which begins once its name is known.
    fn argue(&mut self, place: usize, arguments: String, out: &mut Vec<ReplyEvent>) {
        let tool = &mut self.tools[place];
        let (block, arguments) = match tool.block {
            Some(block) => (block, arguments),
            None if tool.name.is_empty() => {
                tool.early.push_str(&arguments);
                return;
            }
            None => {
                let arguments = std::mem::take(&mut tool.early) + &arguments;
                let kind = BlockKind::ToolCall {
                    id: tool.id.clone(),
                    name: tool.name.clone(),
                    kind: tool.kind,
                    extra: tool.extra.clone(),
                };
                self.end_prose(out);
                let block = self.begin(kind, out);
                self.tools[place].block = Some(block);
                (block, arguments)
            }
        };
        if !arguments.is_empty() {
            self.emit(block, Delta::Arguments(arguments), out);
        }
    }

    fn finish(&mut self, reason: &str, out: &mut Vec<ReplyEvent>) -> Result<(), CallError> {
        if self.tools.iter().any(|tool| tool.block.is_none()) {
            return Err(wrong(&Path::Root.member("tool_calls[].function.name"), "given, as a string"));
        }
        self.end_prose(out);
        for block in self.tools.iter().filter_map(|tool| tool.block) {
            out.push(ReplyEvent::BlockStop { choice: self.index, block });
        }
        self.finished = true;
        out.push(ReplyEvent::Stop {
            choice: self.index,
            reason: decode_finish_reason(reason),
            sequence: None,
            details: None,
        });
        Ok(())
    }

    fn begin(&mut self, kind: BlockKind, out: &mut Vec<ReplyEvent>) -> u32 {
        let block = self.blocks;
        self.blocks += 1;
        out.push(ReplyEvent::BlockStart { choice: self.index, block, kind });
        block
    }

    fn end_prose(&mut self, out: &mut Vec<ReplyEvent>) {
        self.plain_thinking = false;
        if let Some(prose) = self.prose.take() {
            out.push(ReplyEvent::BlockStop { choice: self.index, block: prose.block });
        }
    }

    fn emit(&self, block: u32, delta: Delta, out: &mut Vec<ReplyEvent>) {
        out.push(ReplyEvent::BlockDelta { choice: self.index, block, delta });
    }
}
