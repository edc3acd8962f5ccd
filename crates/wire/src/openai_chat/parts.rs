//! The parts of a message's content, both ways.

use domain::CallError;

use crate::fields::{Fields, Path, Value};
use crate::hub::{CacheMark, Media, Part, PartKind};
use crate::writer::Object;

pub(crate) fn decode_part(part: Value<'_>, at: &Path<'_>) -> Result<Part, CallError> {
    let mut fields = part.need_fields(at)?;
    let name = fields.need_text("type")?;
    let kind = match name.as_str() {
        "text" => PartKind::Text { text: fields.need_text("text")?, citations: Vec::new() },
        "refusal" => PartKind::Refusal { text: fields.need_text("refusal")? },
        "image_url" => decode_inner(&mut fields, "image_url", |image| {
            let source = decode_url(&image.need_text("url")?);
            Ok(PartKind::Image { source, detail: image.text("detail")? })
        })?,
        "file" => decode_inner(&mut fields, "file", decode_file)?,
        "input_audio" => decode_inner(&mut fields, "input_audio", |audio| {
            Ok(PartKind::Audio { data: audio.need_text("data")?, format: audio.need_text("format")? })
        })?,
        _ => {
            return Ok(PartKind::Native { name, json: part.to_json() }.into());
        }
    };
    let cache = decode_cache_mark(&mut fields)?;
    Ok(Part { kind, cache, extra: fields.rest() })
}

/// Reads the object that a part nests. One that says more than the hub knows stays among what rides along, whole, and
/// is what the same dialect gets back.
fn decode_inner(
    fields: &mut Fields<'_, '_>,
    name: &str,
    read: impl FnOnce(&mut Fields<'_, '_>) -> Result<PartKind, CallError>,
) -> Result<PartKind, CallError> {
    let at = fields.at.member(name);
    let Some(value) = fields.peek(name) else {
        return Err(fields.missing(name, "an object"));
    };
    let mut inner = value.need_fields(&at)?;
    let kind = read(&mut inner)?;
    if inner.is_spent() {
        fields.take(name);
    }
    Ok(kind)
}

fn decode_file(file: &mut Fields<'_, '_>) -> Result<PartKind, CallError> {
    let name = file.text("filename")?;
    let source = match (file.text("file_data")?, file.text("file_id")?) {
        (Some(data), _) if data.starts_with("data:") => decode_url(&data),
        (Some(data), _) => Media::Inline { media_type: None, data },
        (None, Some(id)) => Media::File(id),
        (None, None) => return Err(file.missing("file_data", "a string, or `file_id`")),
    };
    Ok(PartKind::Document { source, name })
}

/// Takes a plain data URL apart; any other URL is one.
fn decode_url(url: &str) -> Media {
    let plain = url.strip_prefix("data:").and_then(|rest| rest.split_once(";base64,"));
    match plain {
        Some((media_type, data)) if !media_type.contains([';', ',']) => {
            Media::Inline { media_type: Some(media_type.to_owned()), data: data.to_owned() }
        }
        _ => Media::Url(url.to_owned()),
    }
}

fn decode_cache_mark(fields: &mut Fields<'_, '_>) -> Result<Option<CacheMark>, CallError> {
    let at = fields.at.member("prompt_cache_breakpoint");
    let Some(mark) = fields.object("prompt_cache_breakpoint")? else {
        return Ok(None);
    };
    let ttl = mark.need_fields(&at)?.text("ttl")?;
    Ok(Some(CacheMark { written: mark.to_json(), ttl }))
}

/// Writes a part as the same dialect had it.
pub(crate) fn encode_same_part(object: &mut Object<'_>, part: &Part) {
    let whole = |name: &str| part.extra.get(name).is_some();
    match &part.kind {
        PartKind::Text { text, .. } => encode_text(object, text),
        PartKind::Refusal { text } => {
            object.string("type", "refusal");
            object.string("refusal", text);
        }
        PartKind::Image { source, detail } => {
            object.string("type", "image_url");
            if !whole("image_url") {
                encode_image(object, &media_url(source), detail.as_deref());
            }
        }
        PartKind::Document { source, name } => {
            object.string("type", "file");
            if !whole("file") {
                encode_file(object, source, name.as_deref());
            }
        }
        PartKind::Audio { data, format } => {
            object.string("type", "input_audio");
            if !whole("input_audio") {
                encode_audio(object, data, format);
            }
        }
        // Written elsewhere, or raw by the caller.
        PartKind::ToolCall(_)
        | PartKind::ToolResult(_)
        | PartKind::Thinking { .. }
        | PartKind::RedactedThinking { .. }
        | PartKind::Native { .. } => {}
    }
    if let Some(mark) = &part.cache {
        object.json("prompt_cache_breakpoint", &mark.written);
    }
    object.extra(&part.extra);
}

pub(crate) fn encode_text(object: &mut Object<'_>, text: &str) {
    object.string("type", "text");
    object.string("text", text);
}

pub(crate) fn encode_image(object: &mut Object<'_>, url: &str, detail: Option<&str>) {
    object.object("image_url", |image| {
        image.string("url", url);
        image.optional_string("detail", detail);
    });
}

pub(crate) fn encode_file(object: &mut Object<'_>, source: &Media, name: Option<&str>) {
    object.object("file", |file| {
        match source {
            Media::File(id) => file.string("file_id", id),
            Media::Inline { media_type: None, data } => file.string("file_data", data),
            other => file.string("file_data", &media_url(other)),
        }
        file.optional_string("filename", name);
    });
}

pub(crate) fn encode_audio(object: &mut Object<'_>, data: &str, format: &str) {
    object.object("input_audio", |audio| {
        audio.string("data", data);
        audio.string("format", format);
    });
}

/// The URL of a source that has one; bytes become a data URL.
pub(crate) fn media_url(source: &Media) -> String {
    match source {
        Media::Inline { media_type, data } => {
            format!("data:{};base64,{data}", media_type.as_deref().unwrap_or("application/octet-stream"))
        }
        Media::Url(url) | Media::File(url) | Media::Text(url) => url.clone(),
        Media::Parts { .. } | Media::Native(_) => String::new(),
    }
}
