//! Annotations of a message: the web pages that a stretch of its text rests on.

use domain::CallError;

use crate::fields::{Fields, Path, Value};
use crate::hub::{Citation, UrlCitation};
use crate::writer::Array;

/// Reads `annotations`. An empty list stays among what rides along.
pub(crate) fn decode_annotations(fields: &mut Fields<'_, '_>) -> Result<Vec<Citation>, CallError> {
    let at = fields.at.member("annotations");
    if fields.peek("annotations").and_then(Value::items).is_some_and(|items| items.is_empty()) {
        return Ok(Vec::new());
    }
    let items = fields.items("annotations")?.unwrap_or_default().into_iter().enumerate();
    items.map(|(index, item)| decode_annotation(item, &at.item(index))).collect()
}

fn decode_annotation(annotation: Value<'_>, at: &Path<'_>) -> Result<Citation, CallError> {
    let mut fields = annotation.need_fields(at)?;
    let inner_at = at.member("url_citation");
    let url = match fields.object("url_citation")? {
        None => None,
        Some(inner) => {
            let mut inner = inner.need_fields(&inner_at)?;
            Some(UrlCitation {
                url: inner.need_text("url")?,
                title: inner.text("title")?,
                cited_text: None,
                start: inner.count("start_index")?,
                end: inner.count("end_index")?,
            })
        }
    };
    Ok(Citation { url, written: annotation.to_json() })
}

/// Writes an annotation about the characters from `start` to `end` of the message.
pub(crate) fn encode_annotation(list: &mut Array<'_>, citation: &UrlCitation, start: u64, end: u64) {
    list.object(|annotation| {
        annotation.string("type", "url_citation");
        annotation.object("url_citation", |inner| {
            inner.integer("start_index", citation.start.unwrap_or(start));
            inner.integer("end_index", citation.end.unwrap_or(end));
            inner.string("title", citation.title.as_deref().unwrap_or_default());
            inner.string("url", &citation.url);
        });
    });
}
