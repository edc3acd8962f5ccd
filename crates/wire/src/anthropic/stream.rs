//! Reads the events of a stream. <https://docs.anthropic.com/en/api/messages-streaming>

use domain::{CallError, Dialect};

use super::blocks::{decode_block, decode_citation};
use super::stop::decode_stop_reason;
use super::usage::Counts;
use crate::failure::read_error;
use crate::fields::{Fields, Path, Value, wrong};
use crate::hub::{BlockKind, Delta, Json, PartKind, ReplyEvent, StopReason, ToolCallKind};
use crate::translate::broken_stream;

#[derive(Debug, Clone, Default)]
pub(crate) struct StreamDecoder {
    started: bool,
    open: Vec<OpenBlock>,
    blocks: u32,
    stopped: bool,
    counts: Counts,
}

#[derive(Debug, Clone, Copy)]
struct OpenBlock {
    /// The provider's number.
    theirs: u64,
    ours: u32,
    /// Only this dialect knows the block, so its pieces stay as they are.
    native: bool,
}

impl StreamDecoder {
    /// Reads one event. What cannot be read is an error event; what is not known is skipped, as the vendor asks.
    pub(crate) fn event(&mut self, name: Option<&str>, data: &[u8], out: &mut Vec<ReplyEvent>) {
        let fail = |message: String| ReplyEvent::Error(broken_stream(message));
        let body = match Value::parse(data) {
            Ok(body) => body,
            Err(error) => {
                out.push(fail(format!(
                    "the provider's stream cannot be read: {} at byte {}",
                    error.reason, error.at
                )));
                return;
            }
        };
        let root = Path::Root;
        let Some(mut fields) = body.fields(&root) else {
            out.push(fail("the provider's stream cannot be read: an event is no object".to_owned()));
            return;
        };
        let kind = fields.take("type").and_then(Value::text);
        let read = match kind.as_deref().or(name) {
            Some("message_start") => self.message_start(&mut fields, out),
            Some("content_block_start") => self.block_start(&mut fields, out),
            Some("content_block_delta") => self.block_delta(&mut fields, out),
            Some("content_block_stop") => self.block_stop(&mut fields, out),
            Some("message_delta") => self.message_delta(&mut fields, out),
            Some("message_stop") => {
                self.message_stop(out);
                Ok(())
            }
            Some("error") => {
                out.push(ReplyEvent::Error(read_error(Dialect::AnthropicMessages, None, data)));
                Ok(())
            }
            // `ping`, and what the vendor adds.
            _ => Ok(()),
        };
        if let Err(error) = read {
            out.push(fail(format!("the provider's stream cannot be read: {}", error.message)));
        }
    }

    fn message_start(
        &mut self,
        fields: &mut Fields<'_, '_>,
        out: &mut Vec<ReplyEvent>,
    ) -> Result<(), CallError> {
        let at = fields.at.member("message");
        let mut message = fields.need_object("message")?.need_fields(&at)?;
        let usage = message.object("usage")?;
        let usage_at = at.member("usage");
        let service_tier = match usage {
            Some(usage) => usage.need_fields(&usage_at)?.text("service_tier")?,
            None => None,
        };
        self.started = true;
        out.push(ReplyEvent::Start {
            origin: Dialect::AnthropicMessages,
            id: message.text("id")?.unwrap_or_default(),
            model: message.text("model")?.unwrap_or_default(),
            service_tier,
        });
        self.usage(usage, out);
        Ok(())
    }

    fn usage(&mut self, report: Option<Value<'_>>, out: &mut Vec<ReplyEvent>) {
        let Some(report) = report.and_then(|report| serde_json::from_str(report.raw()).ok()) else {
            return;
        };
        self.counts.absorb(&report);
        out.push(ReplyEvent::Usage(self.counts.usage()));
    }

    fn block_start(
        &mut self,
        fields: &mut Fields<'_, '_>,
        out: &mut Vec<ReplyEvent>,
    ) -> Result<(), CallError> {
        let index = read_index(fields)?;
        let at = fields.at.member("content_block");
        let part = decode_block(fields.need_object("content_block")?, &at)?;
        let block = self.blocks;
        self.blocks += 1;
        let native = matches!(part.kind, PartKind::Native { .. });
        self.open.push(OpenBlock { theirs: index, ours: block, native });
        let mut deltas = Vec::new();
        let kind = match part.kind {
            PartKind::Text { text, citations } => {
                deltas.push(Delta::Text(text));
                deltas.extend(citations.into_iter().map(Delta::Citation));
                BlockKind::Text
            }
            PartKind::Thinking { text, signature } => {
                deltas.push(Delta::Thinking(text));
                deltas.extend(signature.map(Delta::Signature));
                BlockKind::Thinking
            }
            PartKind::RedactedThinking { data } => BlockKind::RedactedThinking { data },
            PartKind::ToolCall(call) => {
                // The input starts empty and follows in pieces; some servers send it here, whole.
                if !is_empty_object(&call.arguments) {
                    deltas.push(Delta::Arguments(call.arguments));
                }
                BlockKind::ToolCall {
                    id: call.id,
                    name: call.name,
                    kind: ToolCallKind::Function,
                    extra: part.extra,
                }
            }
            PartKind::Native { name, json } => BlockKind::Native { name, json },
            _ => BlockKind::Native { name: "content_block".to_owned(), json: Json::of_checked("{}") },
        };
        out.push(ReplyEvent::BlockStart { choice: 0, block, kind });
        let said = |delta: &Delta| match delta {
            Delta::Text(text) | Delta::Thinking(text) | Delta::Signature(text) => !text.is_empty(),
            _ => true,
        };
        let deltas = deltas.into_iter().filter(said);
        out.extend(deltas.map(|delta| ReplyEvent::BlockDelta { choice: 0, block, delta }));
        Ok(())
    }

    fn block_delta(
        &mut self,
        fields: &mut Fields<'_, '_>,
        out: &mut Vec<ReplyEvent>,
    ) -> Result<(), CallError> {
        let OpenBlock { ours: block, native, .. } = self.find(fields)?;
        let at = fields.at.member("delta");
        let value = fields.need_object("delta")?;
        let mut inner = value.need_fields(&at)?;
        let delta = match inner.need_text("type")?.as_str() {
            "text_delta" => Delta::Text(inner.need_text("text")?),
            "thinking_delta" => Delta::Thinking(inner.need_text("thinking")?),
            "signature_delta" => Delta::Signature(inner.need_text("signature")?),
            "input_json_delta" if !native => Delta::Arguments(inner.need_text("partial_json")?),
            "citations_delta" => {
                let citation_at = at.member("citation");
                Delta::Citation(decode_citation(inner.need_object("citation")?, &citation_at)?)
            }
            _ => Delta::Native(value.to_json()),
        };
        let said = !matches!(&delta, Delta::Text(text) | Delta::Thinking(text) | Delta::Arguments(text) if text.is_empty());
        if said {
            out.push(ReplyEvent::BlockDelta { choice: 0, block, delta });
        }
        Ok(())
    }

    fn block_stop(
        &mut self,
        fields: &mut Fields<'_, '_>,
        out: &mut Vec<ReplyEvent>,
    ) -> Result<(), CallError> {
        let block = self.find(fields)?.ours;
        self.open.retain(|open| open.ours != block);
        out.push(ReplyEvent::BlockStop { choice: 0, block });
        Ok(())
    }

    fn message_delta(
        &mut self,
        fields: &mut Fields<'_, '_>,
        out: &mut Vec<ReplyEvent>,
    ) -> Result<(), CallError> {
        let at = fields.at.member("delta");
        if let Some(delta) = fields.object("delta")? {
            let mut delta = delta.need_fields(&at)?;
            let details = delta.object("stop_details")?.map(Value::to_json);
            let sequence = delta.text("stop_sequence")?;
            if let Some(reason) = delta.text("stop_reason")? {
                self.stop(decode_stop_reason(&reason), sequence, details, out);
            }
        }
        let usage = fields.object("usage")?;
        self.usage(usage, out);
        Ok(())
    }

    fn message_stop(&mut self, out: &mut Vec<ReplyEvent>) {
        if !self.started {
            out.push(ReplyEvent::Error(broken_stream("the provider's stream ended before it began")));
            return;
        }
        self.stop(StopReason::EndTurn, None, None, out);
        out.push(ReplyEvent::End);
    }

    /// The open block that an event is about.
    fn find(&self, fields: &mut Fields<'_, '_>) -> Result<OpenBlock, CallError> {
        let index = read_index(fields)?;
        let found = self.open.iter().rev().find(|open| open.theirs == index);
        found.copied().ok_or_else(|| wrong(&fields.at.member("index"), "the index of an open block"))
    }

    fn stop(
        &mut self,
        reason: StopReason,
        sequence: Option<String>,
        details: Option<Json>,
        out: &mut Vec<ReplyEvent>,
    ) {
        if std::mem::replace(&mut self.stopped, true) {
            return;
        }
        for open in self.open.drain(..) {
            out.push(ReplyEvent::BlockStop { choice: 0, block: open.ours });
        }
        out.push(ReplyEvent::Stop { choice: 0, reason, sequence, details });
    }
}

fn read_index(fields: &mut Fields<'_, '_>) -> Result<u64, CallError> {
    let missing = fields.missing("index", "a whole number");
    fields.count("index")?.ok_or(missing)
}

fn is_empty_object(json: &str) -> bool {
    json.trim_start_matches('{').trim_end_matches('}').trim().is_empty()
}
