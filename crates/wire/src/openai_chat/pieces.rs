//! What another dialect's parts become in the content of a message: text, images, files and audio, each perhaps with
//! a cache mark.

use std::borrow::Cow;

use super::parts;
use crate::fields::{Path, Value};
use crate::hub::{CacheMark, Json, Media, Part, PartKind};
use crate::note::Notes;
use crate::writer::Object;

#[derive(Debug)]
pub(crate) enum Piece<'p> {
    Text { text: Cow<'p, str>, cached: bool },
    Image { url: Cow<'p, str>, detail: Option<&'p str>, cached: bool },
    File { source: &'p Media, name: &'p str, cached: bool },
    Audio { data: &'p str, format: &'p str },
}

impl<'p> Piece<'p> {
    pub(crate) fn text(text: impl Into<Cow<'p, str>>) -> Self {
        Self::Text { text: text.into(), cached: false }
    }

    pub(crate) const fn is_text(&self) -> bool {
        matches!(self, Self::Text { .. })
    }

    const fn mark(&mut self) -> bool {
        match self {
            Self::Text { cached, .. } | Self::Image { cached, .. } | Self::File { cached, .. } => {
                *cached = true;
                true
            }
            Self::Audio { .. } => false,
        }
    }
}

/// Appends what a part becomes; `field` is its place in the sender's words.
pub(crate) fn of_part<'p>(part: &'p Part, field: &str, pieces: &mut Vec<Piece<'p>>, notes: &mut Notes) {
    let before = pieces.len();
    match &part.kind {
        PartKind::Text { citations, .. } => {
            if !citations.is_empty() {
                notes.dropped(format!("{field}.citations"));
            }
            if let PartKind::Text { text, .. } = &part.kind
                && !text.is_empty()
            {
                pieces.push(Piece::text(text.as_str()));
            }
        }
        PartKind::Refusal { text } => pieces.push(Piece::text(text.as_str())),
        PartKind::Image { source, detail } => of_image(source, detail.as_deref(), field, pieces, notes),
        PartKind::Document { source, name } => of_document(source, name.as_deref(), field, pieces, notes),
        PartKind::Audio { data, format } => pieces.push(Piece::Audio { data, format }),
        PartKind::Native { name, json } if name == "search_result" => {
            notes.changed(field);
            pieces.extend(search_result_text(json).map(Piece::text));
        }
        PartKind::Native { .. }
        | PartKind::ToolCall(_)
        | PartKind::ToolResult(_)
        | PartKind::Thinking { .. }
        | PartKind::RedactedThinking { .. } => {
            notes.dropped(field);
            return;
        }
    }
    if let Some(mark) = &part.cache {
        mark_last(&mut pieces[before..], mark, field, notes);
    }
    notes.extra(&part.extra, field);
}

/// Puts a cache mark on the last piece. OpenAI keeps marked prefixes for 30 minutes or longer, so only a wish for more
/// than that is worth a note.
pub(crate) fn mark_last(pieces: &mut [Piece<'_>], mark: &CacheMark, field: &str, notes: &mut Notes) {
    if !pieces.last_mut().is_some_and(Piece::mark) {
        notes.dropped(format!("{field}.cache_control"));
    } else if mark.ttl.as_deref() == Some("1h") {
        notes.clamped(format!("{field}.cache_control.ttl"));
    }
}

fn of_image<'p>(
    source: &'p Media,
    detail: Option<&'p str>,
    field: &str,
    pieces: &mut Vec<Piece<'p>>,
    notes: &mut Notes,
) {
    let url = match source {
        Media::Url(url) => Cow::Borrowed(url.as_str()),
        Media::Inline { media_type, .. } if media_type.is_none() => {
            notes.dropped(field);
            return;
        }
        Media::Inline { .. } => Cow::Owned(parts::media_url(source)),
        // A file lives at the provider that it was given to.
        Media::File(_) | Media::Text(_) | Media::Parts { .. } | Media::Native(_) => {
            notes.dropped(field);
            return;
        }
    };
    pieces.push(Piece::Image { url, detail, cached: false });
}

fn of_document<'p>(
    source: &'p Media,
    name: Option<&'p str>,
    field: &str,
    pieces: &mut Vec<Piece<'p>>,
    notes: &mut Notes,
) {
    match source {
        Media::Inline { .. } => {
            // A file without a name is refused.
            pieces.push(Piece::File { source, name: name.unwrap_or("document.pdf"), cached: false });
        }
        Media::Text(text) => {
            notes.changed(field);
            pieces.push(Piece::text(titled(name, text)));
        }
        Media::Parts { parts, .. } => {
            notes.changed(field);
            pieces.extend(name.map(Piece::text));
            for (index, part) in parts.iter().enumerate() {
                of_part(part, &format!("{field}.source.content[{index}]"), pieces, notes);
            }
        }
        Media::Url(_) | Media::File(_) | Media::Native(_) => notes.dropped(field),
    }
}

fn titled<'p>(name: Option<&str>, text: &'p str) -> Cow<'p, str> {
    match name {
        Some(name) => Cow::Owned(format!("{name}\n\n{text}")),
        None => Cow::Borrowed(text),
    }
}

/// Anthropic's search results are text with a title and a source.
fn search_result_text(json: &Json) -> Option<String> {
    let mut fields = json.value()?.fields(&Path::Root)?;
    let mut text = |name: &str| fields.take(name).and_then(Value::text).map(Cow::into_owned);
    let heads: Vec<_> = [text("title"), text("source")].into_iter().flatten().collect();
    let parts = fields.take("content").and_then(Value::items).unwrap_or_default();
    let texts = parts.into_iter().filter_map(|part| {
        let part = part.fields(&Path::Root)?;
        part.peek("text").and_then(Value::text).map(Cow::into_owned)
    });
    let lines: Vec<_> = heads.into_iter().chain(texts).collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// Writes `content`: a string where one plain text is all, which every server understands.
pub(crate) fn encode_content(message: &mut Object<'_>, pieces: &[Piece<'_>]) {
    match pieces {
        [] => message.string("content", ""),
        [Piece::Text { text, cached: false }] => message.string("content", text),
        pieces => message.array("content", |list| {
            pieces.iter().for_each(|piece| list.object(|object| encode_piece(object, piece)));
        }),
    }
}

fn encode_piece(object: &mut Object<'_>, piece: &Piece<'_>) {
    let cached = match piece {
        Piece::Text { text, cached } => {
            parts::encode_text(object, text);
            *cached
        }
        Piece::Image { url, detail, cached } => {
            object.string("type", "image_url");
            parts::encode_image(object, url, *detail);
            *cached
        }
        Piece::File { source, name, cached } => {
            object.string("type", "file");
            parts::encode_file(object, source, Some(name));
            *cached
        }
        Piece::Audio { data, format } => {
            object.string("type", "input_audio");
            parts::encode_audio(object, data, format);
            false
        }
    };
    if cached {
        object.object("prompt_cache_breakpoint", |mark| mark.string("mode", "explicit"));
    }
}
