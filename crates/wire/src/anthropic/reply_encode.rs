//! Writes a whole reply.

use domain::{Dialect, Usage};

use super::blocks_same::{encode_same_block, encode_text, encode_tool_use, input_object};
use super::stop::stop_reason;
use super::usage;
use crate::hub::id::{IdRule, legal};
use crate::hub::{Choice, Citation, Part, PartKind, Reply, StopReason, ToolCall, UrlCitation};
use crate::note::Notes;
use crate::translate::{ReplyContext, Translated};
use crate::writer::{self, Array, Object};

const CALL_ID: IdRule = IdRule { max_len: 64, plain: true, prefix: "toolu_" };

pub(crate) fn encode_reply(reply: &Reply, context: &ReplyContext<'_>) -> Translated {
    let mut notes = Notes::new(Dialect::AnthropicMessages);
    let same = reply.origin == Dialect::AnthropicMessages;
    let empty = Choice::default();
    let choice = reply.choices.iter().min_by_key(|choice| choice.index).unwrap_or(&empty);
    for other in reply.choices.iter().filter(|other| other.index != choice.index) {
        notes.dropped(format!("choices[{}]", other.index));
    }
    let mut body = Vec::new();
    writer::object(&mut body, |object| {
        object.string("id", &reply_id(context.id));
        object.string("type", "message");
        object.string("role", "assistant");
        object.string("model", context.model);
        object.array("content", |list| {
            for (index, part) in choice.parts.iter().enumerate() {
                if same {
                    encode_same_block(list, part);
                } else {
                    encode_foreign_block(list, part, context, index, &mut notes);
                }
            }
        });
        encode_stop(object, reply, choice, &mut notes);
        match &reply.usage_written {
            Some(written) if same => object.json("usage", written),
            _ => encode_usage(object, reply.usage.unwrap_or_default(), reply.service_tier.as_deref()),
        }
        if same {
            object.extra(&reply.extra);
        } else {
            notes.extra(&reply.extra, "");
            notes.extra(&choice.extra, "choices[0]");
            notes.extra(&choice.message_extra, "choices[0].message");
        }
    });
    Translated { body, notes: notes.into_list(), headers: Vec::new() }
}

pub(crate) fn reply_id(id: &str) -> String {
    format!("msg_{id}")
}

fn encode_stop(object: &mut Object<'_>, reply: &Reply, choice: &Choice, notes: &mut Notes) {
    let same = reply.origin == Dialect::AnthropicMessages;
    let reason = match &choice.stop {
        Some(StopReason::Other(name)) if same => name,
        stop => {
            let stop = stop.as_ref().unwrap_or(&StopReason::EndTurn);
            let (name, exact) = stop_reason(stop, choice.has_tool_calls(), choice.has_refusal());
            if !exact {
                notes.changed("finish_reason");
            }
            name
        }
    };
    object.string("stop_reason", reason);
    match &choice.stop_sequence {
        Some(sequence) => object.string("stop_sequence", sequence),
        None if same && reply.extra.get("stop_sequence").is_some() => {}
        None => object.null("stop_sequence"),
    }
    match (&choice.stop_details, refusal_text(choice)) {
        (Some(details), _) if same => object.json("stop_details", details),
        (None, Some(text)) if !same => encode_refusal_details(object, text),
        _ => {}
    }
}

pub(crate) fn encode_refusal_details(object: &mut Object<'_>, explanation: &str) {
    object.object("stop_details", |details| {
        details.string("type", "refusal");
        details.null("category");
        details.string("explanation", explanation);
    });
}

fn refusal_text(choice: &Choice) -> Option<&str> {
    choice.parts.iter().find_map(|part| match &part.kind {
        PartKind::Refusal { text } => Some(text.as_str()),
        _ => None,
    })
}

fn encode_usage(object: &mut Object<'_>, usage: Usage, tier: Option<&str>) {
    let mut report = usage::write_usage(&usage);
    if let Some(tier) = service_tier(tier) {
        report["service_tier"] = tier.into();
    }
    object.raw("usage", &report.to_string());
}

/// The tier in this dialect's words, where it has one.
pub(crate) fn service_tier(tier: Option<&str>) -> Option<&'static str> {
    match tier {
        Some("default") => Some("standard"),
        Some("priority") => Some("priority"),
        _ => None,
    }
}

fn encode_foreign_block(
    list: &mut Array<'_>,
    part: &Part,
    context: &ReplyContext<'_>,
    index: usize,
    notes: &mut Notes,
) {
    match &part.kind {
        PartKind::Text { text, citations } if !text.is_empty() => list.object(|block| {
            encode_text(block, text);
            encode_citations(block, text, citations, notes);
        }),
        PartKind::Refusal { text } if !text.is_empty() => list.object(|block| encode_text(block, text)),
        PartKind::Text { .. } | PartKind::Refusal { .. } => {}
        PartKind::Thinking { text, signature } => list.object(|block| {
            block.string("type", "thinking");
            block.string("thinking", text);
            // Required; without a proof it is empty, and the block is left out when it comes back.
            block.string("signature", signature.as_deref().unwrap_or_default());
        }),
        PartKind::RedactedThinking { data } => list.object(|block| {
            block.string("type", "redacted_thinking");
            block.string("data", data);
        }),
        PartKind::ToolCall(call) => encode_call(list, call, context, index, notes),
        PartKind::Native { name, .. } => notes.dropped(format!("message.{name}")),
        _ => notes.dropped("message.content"),
    }
}

fn encode_call(
    list: &mut Array<'_>,
    call: &ToolCall,
    context: &ReplyContext<'_>,
    index: usize,
    notes: &mut Notes,
) {
    let (input, exact) = input_object(&call.arguments);
    if !exact {
        notes.changed("message.tool_calls.arguments");
    }
    list.object(|block| encode_tool_use(block, &call_id(&call.id, context.id, index), &call.name, &input));
}

/// A legal id; one made from the reply's for a call whose provider gave none.
pub(crate) fn call_id(id: &str, reply: &str, index: usize) -> String {
    let made = format!("toolu_{reply}_{index}");
    legal(if id.is_empty() { &made } else { id }, &CALL_ID).into_owned()
}

fn encode_citations(block: &mut Object<'_>, text: &str, citations: &[Citation], notes: &mut Notes) {
    let urls: Vec<_> = citations.iter().filter_map(|citation| citation.url.as_ref()).collect();
    if urls.len() < citations.len() {
        notes.dropped("message.annotations");
    }
    if !urls.is_empty() {
        block.array("citations", |list| {
            urls.into_iter().for_each(|url| list.object(|citation| encode_citation(citation, text, url)));
        });
    }
}

/// A citation of a web page. Its index is opaque and belongs to a search that was not made here, so it is empty.
pub(crate) fn encode_citation(citation: &mut Object<'_>, text: &str, url: &UrlCitation) {
    let bound = |place: Option<u64>| place.and_then(|place| usize::try_from(place).ok());
    let cited: String = match (bound(url.start), bound(url.end)) {
        (Some(start), Some(end)) if start < end => text.chars().skip(start).take(end - start).collect(),
        _ => String::new(),
    };
    citation.string("type", "web_search_result_location");
    citation.string("cited_text", url.cited_text.as_deref().unwrap_or(&cited));
    citation.string("encrypted_index", "");
    citation.optional_string("title", url.title.as_deref());
    citation.string("url", &url.url);
}
