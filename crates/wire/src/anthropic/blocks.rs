//! Reads content blocks, of a message in a request or of a reply.

use domain::CallError;

use super::turns::decode_content;
use crate::fields::{Fields, Path, Value};
use crate::hub::{CacheMark, Citation, Media, Part, PartKind, ToolCall, ToolResult, UrlCitation};

pub(crate) fn decode_blocks(blocks: Vec<Value<'_>>, at: &Path<'_>) -> Result<Vec<Part>, CallError> {
    blocks.into_iter().enumerate().map(|(index, block)| decode_block(block, &at.item(index))).collect()
}

pub(crate) fn decode_block(block: Value<'_>, at: &Path<'_>) -> Result<Part, CallError> {
    let mut fields = block.need_fields(at)?;
    let name = fields.need_text("type")?;
    let kind = match name.as_str() {
        "text" => {
            PartKind::Text { text: fields.need_text("text")?, citations: decode_citations(&mut fields)? }
        }
        "image" => PartKind::Image { source: decode_source(&mut fields)?, detail: None },
        "document" => PartKind::Document { source: decode_source(&mut fields)?, name: fields.text("title")? },
        "tool_use" => PartKind::ToolCall(ToolCall::function(
            fields.need_text("id")?,
            fields.need_text("name")?,
            fields.need_object("input")?.to_json().compact(),
        )),
        "tool_result" => decode_tool_result(&mut fields)?,
        "thinking" => {
            PartKind::Thinking { text: fields.need_text("thinking")?, signature: fields.text("signature")? }
        }
        "redacted_thinking" => PartKind::RedactedThinking { data: fields.need_text("data")? },
        _ => {
            return Ok(PartKind::Native { name, json: block.to_json() }.into());
        }
    };
    let cache = decode_cache_mark(&mut fields)?;
    Ok(Part { kind, cache, extra: fields.rest() })
}

fn decode_tool_result(fields: &mut Fields<'_, '_>) -> Result<PartKind, CallError> {
    let call_id = fields.need_text("tool_use_id")?;
    let (parts, bare) = decode_content(fields)?.unwrap_or_default();
    let is_error = fields.flag("is_error")?;
    Ok(PartKind::ToolResult(ToolResult { call_id, name: None, parts, bare, is_error }))
}

fn decode_source(fields: &mut Fields<'_, '_>) -> Result<Media, CallError> {
    let at = fields.at.member("source");
    let source = fields.need_object("source")?;
    let mut inner = source.need_fields(&at)?;
    let media = match inner.need_text("type")?.as_str() {
        "base64" => {
            Media::Inline { media_type: Some(inner.need_text("media_type")?), data: inner.need_text("data")? }
        }
        "url" => Media::Url(inner.need_text("url")?),
        "file" => Media::File(inner.need_text("file_id")?),
        "text" => {
            // There is one type, so the hub does not keep it.
            inner.text("media_type")?;
            Media::Text(inner.need_text("data")?)
        }
        "content" => {
            let (parts, bare) = decode_content(&mut inner)?.unwrap_or_default();
            Media::Parts { parts, bare }
        }
        _ => return Ok(Media::Native(source.to_json())),
    };
    Ok(if inner.is_spent() { media } else { Media::Native(source.to_json()) })
}

pub(crate) fn decode_cache_mark(fields: &mut Fields<'_, '_>) -> Result<Option<CacheMark>, CallError> {
    let at = fields.at.member("cache_control");
    let Some(mark) = fields.object("cache_control")? else {
        return Ok(None);
    };
    let ttl = mark.need_fields(&at)?.text("ttl")?;
    Ok(Some(CacheMark { written: mark.to_json(), ttl }))
}

/// An empty list stays among what rides along: it says nothing, but its sender wrote it.
fn decode_citations(fields: &mut Fields<'_, '_>) -> Result<Vec<Citation>, CallError> {
    let at = fields.at.member("citations");
    if fields.peek("citations").and_then(Value::items).is_some_and(|items| items.is_empty()) {
        return Ok(Vec::new());
    }
    let items = fields.items("citations")?.unwrap_or_default().into_iter().enumerate();
    items.map(|(index, citation)| decode_citation(citation, &at.item(index))).collect()
}

pub(crate) fn decode_citation(citation: Value<'_>, at: &Path<'_>) -> Result<Citation, CallError> {
    let mut fields = citation.need_fields(at)?;
    let is_web = fields.text("type")?.as_deref() == Some("web_search_result_location");
    let url = match fields.text("url") {
        Ok(Some(url)) if is_web => Some(UrlCitation {
            url,
            title: fields.text("title")?,
            cited_text: fields.text("cited_text")?,
            start: None,
            end: None,
        }),
        _ => None,
    };
    Ok(Citation { url, written: citation.to_json() })
}
