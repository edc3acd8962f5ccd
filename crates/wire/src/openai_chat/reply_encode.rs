//! Writes a whole reply.

use domain::Dialect;

use super::citations::encode_annotation;
use super::stop::finish_reason;
use super::turns_same::encode_call;
use super::{reasoning, usage};
use crate::fields::{Path, Value};
use crate::hub::{Choice, Citation, Json, PartKind, Reply, StopReason, ToolCall};
use crate::note::Notes;
use crate::translate::{ReplyContext, Translated};
use crate::writer::{self, Object};

pub(crate) fn encode_reply(reply: &Reply, context: &ReplyContext<'_>) -> Translated {
    let mut notes = Notes::new(Dialect::OpenaiChat);
    let same = reply.origin == Dialect::OpenaiChat;
    let mut body = Vec::new();
    writer::object(&mut body, |object| {
        object.string("id", &reply_id(context));
        object.string("object", "chat.completion");
        object.integer("created", context.created_s);
        object.string("model", context.model);
        object.array("choices", |list| {
            for choice in &reply.choices {
                list.object(|object| encode_choice(object, choice, context, same, &mut notes));
            }
        });
        match (&reply.usage_written, &reply.usage) {
            (Some(written), _) if same => object.json("usage", written),
            (_, Some(usage)) => object.raw("usage", &usage::write_usage(usage).to_string()),
            _ => {}
        }
        object.optional_string("service_tier", service_tier(reply.service_tier.as_deref(), same));
        if same {
            object.extra(&reply.extra);
        } else {
            notes.extra(&reply.extra, "");
        }
    });
    Translated { body, notes: notes.into_list(), headers: Vec::new() }
}

pub(crate) fn reply_id(context: &ReplyContext<'_>) -> String {
    format!("chatcmpl-{}", context.id)
}

/// The tier in this dialect's words, where it has one.
pub(crate) fn service_tier(tier: Option<&str>, same: bool) -> Option<&str> {
    match tier {
        tier if same => tier,
        Some("standard") => Some("default"),
        Some("priority") => Some("priority"),
        _ => None,
    }
}

fn encode_choice(
    object: &mut Object<'_>,
    choice: &Choice,
    context: &ReplyContext<'_>,
    same: bool,
    notes: &mut Notes,
) {
    let legacy = if same { choice.spelling.legacy_function } else { context.legacy_functions };
    object.integer("index", choice.index);
    object.object("message", |message| {
        message.string("role", "assistant");
        encode_content(message, choice, same, notes);
        encode_calls(message, choice, context, same, legacy);
        if same {
            message.extra(&choice.message_extra);
        }
    });
    let finish = match &choice.stop {
        Some(StopReason::Other(name)) if same => Some(name.as_str()),
        None if same => None,
        stop => {
            let (name, exact) = finish_reason(stop.as_ref().unwrap_or(&StopReason::EndTurn), legacy);
            if !exact {
                notes.changed("stop_reason");
            }
            Some(name)
        }
    };
    match finish {
        Some(name) => object.string("finish_reason", name),
        None if choice.extra.get("finish_reason").is_none() => object.null("finish_reason"),
        None => {}
    }
    if same {
        object.extra(&choice.extra);
    } else {
        object.null("logprobs");
        notes.extra(&choice.extra, "");
        if choice.stop_sequence.is_some() {
            notes.dropped("stop_sequence");
        }
    }
}

fn encode_content(message: &mut Object<'_>, choice: &Choice, same: bool, notes: &mut Notes) {
    let mut text = String::new();
    let mut has_text = false;
    let mut refusal = None;
    let mut cited = Vec::new();
    for part in &choice.parts {
        match &part.kind {
            PartKind::Text { text: more, citations } => {
                let start = text.chars().count();
                text.push_str(more);
                has_text = true;
                cited.extend(citations.iter().map(|citation| (citation, start, text.chars().count())));
            }
            PartKind::Refusal { text } => refusal = Some(text.clone()),
            PartKind::ToolCall(_) | PartKind::Thinking { .. } | PartKind::RedactedThinking { .. } => {}
            PartKind::Native { name, .. } => notes.dropped(format!("content.{name}")),
            _ => notes.dropped("content"),
        }
        if !same {
            notes.extra(&part.extra, "content");
        }
    }
    let refusal = refusal.or_else(|| choice.stop_details.as_ref().and_then(explanation));
    if has_text || !(choice.has_tool_calls() || refusal.is_some()) {
        message.string("content", &text);
    } else if choice.message_extra.get("content").is_none() {
        message.null("content");
    }
    if same && choice.spelling.has_reasoning() {
        reasoning::encode_same_reasoning(message, &choice.parts, &choice.spelling);
    } else {
        reasoning::encode_reasoning(message, &choice.parts);
    }
    match &refusal {
        Some(refusal) => message.string("refusal", refusal),
        None if choice.message_extra.get("refusal").is_none() => message.null("refusal"),
        None => {}
    }
    encode_annotations(message, &cited, same, notes);
}

fn encode_annotations(
    message: &mut Object<'_>,
    cited: &[(&Citation, usize, usize)],
    same: bool,
    notes: &mut Notes,
) {
    if cited.is_empty() {
        return;
    }
    let sayable = cited.iter().any(|(citation, ..)| same || citation.url.is_some());
    let mut write = |list: &mut writer::Array<'_>| {
        for (citation, start, end) in cited {
            match &citation.url {
                _ if same => list.json(&citation.written),
                Some(url) => encode_annotation(list, url, *start as u64, *end as u64),
                None => notes.dropped("content.citations"),
            }
        }
    };
    if sayable {
        message.array("annotations", write);
    } else {
        let mut unused = Vec::new();
        writer::array(&mut unused, &mut write);
    }
}

fn encode_calls(
    message: &mut Object<'_>,
    choice: &Choice,
    context: &ReplyContext<'_>,
    same: bool,
    legacy: bool,
) {
    let calls: Vec<_> = choice
        .parts
        .iter()
        .filter_map(|part| match &part.kind {
            PartKind::ToolCall(call) => Some((part, call)),
            _ => None,
        })
        .collect();
    match calls.as_slice() {
        [] => {}
        [(_, call), ..] if legacy => message.object("function_call", |object| {
            object.string("name", &call.name);
            object.string("arguments", arguments(call));
        }),
        calls => message.array("tool_calls", |list| {
            for (index, (part, call)) in calls.iter().enumerate() {
                list.object(|object| {
                    if same {
                        encode_call(object, &call.id, call);
                        object.extra(&part.extra);
                        return;
                    }
                    let whole = ToolCall { arguments: arguments(call).to_owned(), ..(*call).clone() };
                    encode_call(object, &call_id(&call.id, context, index), &whole);
                });
            }
        }),
    }
}

/// An id for a call whose provider gave none.
pub(crate) fn call_id(id: &str, context: &ReplyContext<'_>, index: usize) -> String {
    if id.is_empty() { format!("call_{}_{index}", context.id) } else { id.to_owned() }
}

/// A call without arguments still has to parse.
fn arguments(call: &ToolCall) -> &str {
    if call.arguments.is_empty() { "{}" } else { &call.arguments }
}

/// Why a reply was refused, in words.
pub(crate) fn explanation(details: &Json) -> Option<String> {
    let fields = details.value()?.fields(&Path::Root)?;
    fields.peek("explanation").and_then(Value::text).map(std::borrow::Cow::into_owned)
}
