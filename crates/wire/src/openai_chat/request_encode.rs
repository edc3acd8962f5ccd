//! Writes a request.

use domain::{CallError, Dialect};

use super::{tools, turns_foreign, turns_same};
use crate::hub::id::fingerprint;
use crate::hub::{
    Effort, Field, Json, OutputFormat, Prompt, PromptSpelling, Thinking, ThinkingMode, field_name, schema,
};
use crate::note::Notes;
use crate::translate::{EncodeOptions, Translated, nothing_said};
use crate::writer::{self, Object};

pub(crate) fn encode_request(prompt: &Prompt, options: &EncodeOptions<'_>) -> Result<Translated, CallError> {
    let mut notes = Notes::new(Dialect::OpenaiChat);
    let mut body = Vec::new();
    let same = prompt.origin == Dialect::OpenaiChat;
    let mut said = true;
    writer::object(&mut body, |object| {
        object.string("model", options.model);
        if same {
            turns_same::encode_same_turns(object, prompt);
            tools::encode_same_tools(object, prompt);
            object.optional_boolean("parallel_tool_calls", prompt.parallel_tool_calls);
        } else {
            said = turns_foreign::encode_foreign_turns(object, prompt, &mut notes);
            tools::encode_foreign_tools(object, prompt, &mut notes);
        }
        encode_output_format(object, prompt, &mut notes);
        encode_reasoning(object, prompt, &mut notes);
        encode_sampling(object, prompt, &mut notes);
        encode_limits(object, prompt, options, &mut notes);
        encode_rest(object, prompt, same, &mut notes);
    });
    if !said {
        return Err(nothing_said(prompt, Dialect::OpenaiChat));
    }
    Ok(Translated { body, notes: notes.into_list(), headers: Vec::new() })
}

fn encode_output_format(object: &mut Object<'_>, prompt: &Prompt, notes: &mut Notes) {
    let field = field_name(prompt, Field::OutputFormat);
    let same = prompt.origin == Dialect::OpenaiChat;
    match &prompt.output_format {
        None => {}
        Some(OutputFormat::Text) => object.object("response_format", |format| format.string("type", "text")),
        Some(OutputFormat::JsonObject) => {
            object.object("response_format", |format| format.string("type", "json_object"));
        }
        Some(OutputFormat::Native(json)) if same => object.json("response_format", json),
        Some(OutputFormat::Native(_)) => notes.dropped(field),
        Some(OutputFormat::JsonSchema { name, description, schema, strict, extra }) => {
            let strict = if same { *strict } else { Some(strict_or_note(schema.as_ref(), field, notes)) };
            object.object("response_format", |format| {
                format.string("type", "json_schema");
                format.object("json_schema", |inner| {
                    // The name is required; it is a label, and dialects without it lose nothing.
                    inner.string("name", if name.is_empty() { "response" } else { name });
                    inner.optional_string("description", description.as_deref());
                    if let Some(schema) = schema {
                        inner.json("schema", schema);
                    }
                    inner.optional_boolean("strict", strict);
                    if same {
                        inner.extra(extra);
                    }
                });
            });
            if !same {
                notes.extra(extra, field);
            }
        }
    }
}

/// Other dialects always hold the model to the schema; OpenAI does in strict mode, for schemas that require every
/// property.
fn strict_or_note(schema: Option<&Json>, field: &str, notes: &mut Notes) -> bool {
    let possible = schema.is_none_or(schema::is_strict);
    if !possible {
        notes.changed(format!("{field}.schema"));
    }
    possible
}

fn encode_reasoning(object: &mut Object<'_>, prompt: &Prompt, notes: &mut Notes) {
    let field = field_name(prompt, Field::Thinking);
    let mut effort = prompt.reasoning.effort.as_ref().map(Effort::name);
    if let Some(Thinking { mode, display, extra }) = &prompt.reasoning.thinking {
        match mode {
            ThinkingMode::Adaptive => {}
            ThinkingMode::Budget(tokens) => {
                notes.changed(format!("{field}.budget_tokens"));
                effort = effort.or(Some(effort_of(*tokens)));
            }
            // `none` would be refused by most models, which either cannot think or cannot stop.
            ThinkingMode::Disabled | ThinkingMode::Other(_) => notes.dropped(field),
        }
        if display.is_some() {
            notes.dropped(format!("{field}.display"));
        }
        notes.extra(extra, field);
    }
    object.optional_string("reasoning_effort", effort);
}

/// The effort at which OpenAI's models think about as much.
const fn effort_of(budget_tokens: u64) -> &'static str {
    match budget_tokens {
        ..4_096 => "low",
        4_096..16_384 => "medium",
        _ => "high",
    }
}

fn encode_sampling(object: &mut Object<'_>, prompt: &Prompt, notes: &mut Notes) {
    let sampling = &prompt.sampling;
    object.optional_number("temperature", sampling.temperature.as_ref());
    object.optional_number("top_p", sampling.top_p.as_ref());
    object.optional_number("frequency_penalty", sampling.frequency_penalty.as_ref());
    object.optional_number("presence_penalty", sampling.presence_penalty.as_ref());
    object.optional_number("seed", sampling.seed.as_ref());
    if sampling.top_k.is_some() {
        notes.dropped("top_k");
    }
    object.optional_integer("n", prompt.choices);
    object.optional_boolean("logprobs", prompt.logprobs);
    object.optional_integer("top_logprobs", prompt.top_logprobs);
}

fn encode_limits(object: &mut Object<'_>, prompt: &Prompt, options: &EncodeOptions<'_>, notes: &mut Notes) {
    let same = prompt.origin == Dialect::OpenaiChat;
    let legacy = same && prompt.spelling.legacy_max_tokens;
    let maximum = options.clamp(prompt, notes);
    object.optional_integer(if legacy { "max_tokens" } else { "max_completion_tokens" }, maximum);
    match prompt.stop.as_slice() {
        [] => {}
        [stop] if same && prompt.spelling.bare_stop => object.string("stop", stop),
        stops if same => object.strings("stop", stops.iter().map(String::as_str)),
        stops => {
            if stops.len() > STOP_MAX {
                notes.clamped(field_name(prompt, Field::Stop));
            }
            object.strings("stop", stops.iter().take(STOP_MAX).map(String::as_str));
        }
    }
}

/// OpenAI takes no more stop sequences.
const STOP_MAX: usize = 4;

fn encode_rest(object: &mut Object<'_>, prompt: &Prompt, same: bool, notes: &mut Notes) {
    object.optional_boolean("stream", prompt.stream);
    let PromptSpelling { legacy_user, .. } = prompt.spelling;
    if same {
        object
            .optional_string(if legacy_user { "user" } else { "safety_identifier" }, prompt.user.as_deref());
        object.optional_string("service_tier", prompt.service_tier.as_deref());
        object.extra(&prompt.extra);
        return;
    }
    if prompt.streams() {
        // Without it OpenAI reports no usage at all, and the call would have no price.
        object.object("stream_options", |options| options.boolean("include_usage", true));
    }
    encode_user(object, prompt, notes);
    match prompt.service_tier.as_deref() {
        None => {}
        Some("auto") => object.string("service_tier", "auto"),
        Some("standard_only") => object.string("service_tier", "default"),
        Some(_) => notes.dropped("service_tier"),
    }
    notes.extra(&prompt.extra, "");
}

/// OpenAI takes 64 characters; a longer id is replaced by its fingerprint, which is as good for telling users apart.
fn encode_user(object: &mut Object<'_>, prompt: &Prompt, notes: &mut Notes) {
    let Some(user) = &prompt.user else { return };
    if user.chars().count() <= 64 {
        object.string("safety_identifier", user);
    } else {
        notes.changed(field_name(prompt, Field::User));
        object.string("safety_identifier", &format!("{:032x}", fingerprint(user)));
    }
}
