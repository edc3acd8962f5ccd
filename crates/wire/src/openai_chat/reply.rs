//! Reads a whole reply. <https://platform.openai.com/docs/api-reference/chat/object>

use domain::{CallError, Dialect};

use super::stop::decode_finish_reason;
use super::{citations, parts, reasoning, turns, usage};
use crate::fields::{Fields, Path, Value, wrong};
use crate::hub::{Choice, Part, PartKind, Reply, ToolCall};

pub(crate) fn decode_reply(body: Value<'_>) -> Result<Reply, CallError> {
    let root = Path::Root;
    let mut fields = body.need_fields(&root)?;
    let mut reply = Reply::new(Dialect::OpenaiChat);
    reply.id = fields.text("id")?.unwrap_or_default();
    reply.model = fields.text("model")?.unwrap_or_default();
    reply.service_tier = fields.text("service_tier")?;
    let at = fields.at.member("choices");
    let choices = fields.need_items("choices")?;
    if choices.is_empty() {
        return Err(wrong(&at, "an array of at least one choice"));
    }
    for (position, choice) in choices.into_iter().enumerate() {
        reply.choices.push(decode_choice(choice, &at.item(position), position)?);
    }
    if let Some(report) = fields.object("usage")? {
        reply.usage = serde_json::from_str(report.raw()).ok().map(|report| usage::read_usage(&report));
        reply.usage_written = Some(report.to_json());
    }
    // Written anew for every reply.
    fields.take("object");
    fields.take("created");
    reply.extra = fields.rest();
    Ok(reply)
}

fn decode_choice(choice: Value<'_>, at: &Path<'_>, position: usize) -> Result<Choice, CallError> {
    let mut fields = choice.need_fields(at)?;
    let index = fields.count("index")?.and_then(|index| u32::try_from(index).ok());
    let stop = fields.text("finish_reason")?.as_deref().map(decode_finish_reason);
    let message_at = at.member("message");
    let mut message = fields.need_object("message")?.need_fields(&message_at)?;
    message.take("role");
    let mut choice = Choice {
        index: index.unwrap_or_else(|| u32::try_from(position).unwrap_or(u32::MAX)),
        stop,
        ..Choice::default()
    };
    decode_message(&mut message, &mut choice)?;
    choice.message_extra = message.rest();
    choice.extra = fields.rest();
    Ok(choice)
}

fn decode_message(message: &mut Fields<'_, '_>, choice: &mut Choice) -> Result<(), CallError> {
    choice.parts = reasoning::decode_reasoning(message, &mut choice.spelling)?;
    let mut texts = decode_content(message)?;
    if let Some(Part { kind: PartKind::Text { citations, .. }, .. }) = texts.last_mut() {
        *citations = citations::decode_annotations(message)?;
    }
    choice.parts.append(&mut texts);
    if let Some(text) = message.text("refusal")? {
        choice.parts.push(PartKind::Refusal { text }.into());
    }
    choice.parts.append(&mut turns::decode_tool_calls(message)?);
    if let Some(call) = message.object("function_call")? {
        let at = message.at.member("function_call");
        let mut call = call.need_fields(&at)?;
        let name = call.need_text("name")?;
        let arguments = call.text("arguments")?.unwrap_or_default();
        let call = ToolCall { extra: call.rest(), ..ToolCall::function("", name, arguments) };
        choice.parts.push(PartKind::ToolCall(call).into());
        choice.spelling.legacy_function = true;
    }
    Ok(())
}

/// Content is a string; some servers send parts.
fn decode_content(message: &mut Fields<'_, '_>) -> Result<Vec<Part>, CallError> {
    let at = message.at.member("content");
    let Some(content) = message.take("content") else {
        return Ok(Vec::new());
    };
    if let Some(text) = content.text() {
        return Ok(vec![Part::text(text)]);
    }
    let items = content.items().ok_or_else(|| wrong(&at, "a string"))?.into_iter().enumerate();
    items.map(|(index, item)| parts::decode_part(item, &at.item(index))).collect()
}
