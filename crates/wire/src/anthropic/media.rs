//! Images and documents of other dialects, as far as this one takes them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::blocks_same::encode_text_source;
use crate::hub::Media;
use crate::writer::{Array, Object};

/// Writes an image block, `rest` being what follows the source; false when there is no such source here.
pub(crate) fn encode_image(list: &mut Array<'_>, source: &Media, rest: impl FnOnce(&mut Object<'_>)) -> bool {
    match source {
        Media::Url(url) if is_web(url) => {
            list.object(|block| {
                block.string("type", "image");
                encode_url(block, url);
                rest(block);
            });
        }
        Media::Inline { media_type: Some(media_type), data } => {
            let Some(media_type) = image_type(media_type) else {
                return false;
            };
            list.object(|block| {
                block.string("type", "image");
                encode_base64(block, media_type, data);
                rest(block);
            });
        }
        _ => return false,
    }
    true
}

/// Writes a document block, `rest` being what follows the title; false when there is no such source here.
pub(crate) fn encode_document(
    list: &mut Array<'_>,
    source: &Media,
    title: Option<&str>,
    rest: impl FnOnce(&mut Object<'_>),
) -> bool {
    let text = match source {
        Media::Text(text) => Some(text.clone()),
        Media::Inline { media_type: Some(media_type), data } if media_type.starts_with("text/") => {
            match STANDARD.decode(data).ok().and_then(|bytes| String::from_utf8(bytes).ok()) {
                Some(text) => Some(text),
                None => return false,
            }
        }
        Media::Inline { media_type, .. } if media_type.as_deref().is_none_or(|kind| kind == PDF) => None,
        Media::Url(url) if is_web(url) => None,
        _ => return false,
    };
    list.object(|block| {
        block.string("type", "document");
        match (source, &text) {
            (_, Some(text)) => block.object("source", |source| encode_text_source(source, text)),
            (Media::Inline { data, .. }, None) => encode_base64(block, PDF, data),
            (Media::Url(url), None) => encode_url(block, url),
            _ => {}
        }
        block.optional_string("title", title);
        rest(block);
    });
    true
}

const PDF: &str = "application/pdf";

fn encode_url(block: &mut Object<'_>, url: &str) {
    block.object("source", |source| {
        source.string("type", "url");
        source.string("url", url);
    });
}

fn encode_base64(block: &mut Object<'_>, media_type: &str, data: &str) {
    block.object("source", |source| {
        source.string("type", "base64");
        source.string("media_type", media_type);
        source.string("data", data);
    });
}

fn is_web(url: &str) -> bool {
    url.starts_with("https://") || url.starts_with("http://")
}

/// The four types that this dialect takes.
fn image_type(media_type: &str) -> Option<&'static str> {
    match media_type.to_ascii_lowercase().as_str() {
        "image/png" => Some("image/png"),
        "image/jpeg" | "image/jpg" => Some("image/jpeg"),
        "image/gif" => Some("image/gif"),
        "image/webp" => Some("image/webp"),
        _ => None,
    }
}
