//! Reads the messages of a request.

use domain::CallError;

use super::blocks;
use crate::fields::{Fields, Path, Value, wrong};
use crate::hub::{Part, Role, Turn, TurnSpelling};

pub(crate) fn decode_turns(fields: &mut Fields<'_, '_>) -> Result<Vec<Turn>, CallError> {
    let at = fields.at.member("messages");
    let messages = fields.need_items("messages")?;
    if messages.is_empty() {
        return Err(wrong(&at, "an array of at least one message"));
    }
    messages.into_iter().enumerate().map(|(index, message)| decode_turn(message, &at.item(index))).collect()
}

fn decode_turn(message: Value<'_>, at: &Path<'_>) -> Result<Turn, CallError> {
    let mut fields = message.need_fields(at)?;
    let role = match fields.need_text("role")?.as_str() {
        "user" => Role::User,
        "assistant" => Role::Assistant,
        "system" => Role::System,
        _ => return Err(wrong(&at.member("role"), "`user`, `assistant` or `system`")),
    };
    let (parts, bare) = match decode_content(&mut fields)? {
        Some(content) => content,
        // A system message may hold nothing but settings for what follows.
        None if role == Role::System => (Vec::new(), false),
        None => return Err(fields.missing("content", "a string or an array of content blocks")),
    };
    Ok(Turn { role, parts, extra: fields.rest(), spelling: TurnSpelling { bare, ..Default::default() } })
}

/// The blocks of `content`, and whether it is a plain string.
pub(crate) fn decode_content(fields: &mut Fields<'_, '_>) -> Result<Option<(Vec<Part>, bool)>, CallError> {
    let at = fields.at.member("content");
    let Some(content) = fields.peek("content") else {
        return Ok(None);
    };
    if let Some(text) = content.text() {
        fields.take("content");
        return Ok(Some((vec![Part::text(text)], true)));
    }
    let items = content.items().ok_or_else(|| wrong(&at, "a string or an array of content blocks"))?;
    if items.is_empty() {
        // It says nothing, but its sender wrote it: it stays among what rides along.
        return Ok(Some((Vec::new(), false)));
    }
    fields.take("content");
    Ok(Some((blocks::decode_blocks(items, &at)?, false)))
}
