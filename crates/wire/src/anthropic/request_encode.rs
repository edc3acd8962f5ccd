//! Writes a request.

use domain::{CallError, Dialect};

use super::request::rides_along;
use super::{blocks_same, thinking, tools, turns_foreign, version};
use crate::hub::{Effort, Field, Json, OutputFormat, Prompt, Thinking, ThinkingMode, field_name, schema};
use crate::note::Notes;
use crate::translate::{EncodeOptions, Translated, nothing_said};
use crate::writer::{self, Object};

pub(crate) fn encode_request(prompt: &Prompt, options: &EncodeOptions<'_>) -> Result<Translated, CallError> {
    let mut notes = Notes::new(Dialect::AnthropicMessages);
    let same = prompt.origin == Dialect::AnthropicMessages;
    let max_tokens = options.clamp(prompt, &mut notes).unwrap_or(options.default_max_output_tokens);
    let mut body = Vec::new();
    let mut version = None;
    let mut said = true;
    writer::object(&mut body, |object| {
        object.string("model", options.model);
        object.integer("max_tokens", max_tokens);
        version = Some(if same {
            encode_same(object, prompt, options, &mut notes)
        } else {
            said = turns_foreign::encode_foreign_turns(object, prompt, &mut notes);
            encode_foreign(object, prompt, options, max_tokens, &mut notes)
        });
    });
    if !said {
        return Err(nothing_said(prompt, Dialect::AnthropicMessages));
    }
    let headers =
        version.map(|version: version::AnthropicVersion| ("anthropic-version", version.name().to_owned()));
    Ok(Translated { body, notes: notes.into_list(), headers: headers.into_iter().collect() })
}

fn encode_same(
    object: &mut Object<'_>,
    prompt: &Prompt,
    options: &EncodeOptions<'_>,
    notes: &mut Notes,
) -> version::AnthropicVersion {
    blocks_same::encode_same_turns(object, prompt);
    tools::encode_same_tools(object, prompt);
    encode_same_thinking(object, prompt);
    encode_same_output(object, prompt);
    let choice = version::choose(prompt, true, false, options.anthropic_version, notes);
    choice.encode(object);
    if !prompt.stop.is_empty() {
        object.strings("stop_sequences", prompt.stop.iter().map(String::as_str));
    }
    object.optional_boolean("stream", prompt.stream);
    if let Some(user) = prompt.user.as_ref().filter(|_| !rides_along(&prompt.extra, "metadata")) {
        object.object("metadata", |metadata| metadata.string("user_id", user));
    }
    object.optional_string("service_tier", prompt.service_tier.as_deref());
    object.extra(&prompt.extra);
    choice.version
}

fn encode_same_thinking(object: &mut Object<'_>, prompt: &Prompt) {
    let Some(Thinking { mode, display, extra }) = &prompt.reasoning.thinking else {
        return;
    };
    object.object("thinking", |thinking| {
        match mode {
            ThinkingMode::Adaptive => thinking.string("type", "adaptive"),
            ThinkingMode::Disabled => thinking.string("type", "disabled"),
            ThinkingMode::Other(name) => thinking.string("type", name),
            ThinkingMode::Budget(tokens) => {
                thinking.string("type", "enabled");
                thinking.integer("budget_tokens", *tokens);
            }
        }
        thinking.optional_string("display", display.as_deref());
        thinking.extra(extra);
    });
}

fn encode_same_output(object: &mut Object<'_>, prompt: &Prompt) {
    let legacy = prompt.spelling.legacy_output_format;
    let format = |object: &mut Object<'_>, name: &str| match &prompt.output_format {
        Some(OutputFormat::JsonSchema { schema: Some(schema), extra, .. }) => object.object(name, |format| {
            encode_format(format, schema);
            format.extra(extra);
        }),
        Some(OutputFormat::Native(json)) => object.json(name, json),
        _ => {}
    };
    if legacy {
        format(object, "output_format");
    }
    let inside = !legacy && prompt.output_format.is_some();
    if rides_along(&prompt.extra, "output_config") || !(inside || prompt.reasoning.effort.is_some()) {
        return;
    }
    object.object("output_config", |config| {
        config.optional_string("effort", prompt.reasoning.effort.as_ref().map(Effort::name));
        if inside {
            format(config, "format");
        }
    });
}

fn encode_format(format: &mut Object<'_>, schema: &Json) {
    format.string("type", "json_schema");
    format.json("schema", schema);
}

fn encode_foreign(
    object: &mut Object<'_>,
    prompt: &Prompt,
    options: &EncodeOptions<'_>,
    max_tokens: u64,
    notes: &mut Notes,
) -> version::AnthropicVersion {
    tools::encode_foreign_tools(object, prompt, notes);
    let plan = thinking::plan(prompt, options.model, max_tokens, notes);
    plan.encode(object);
    let schema = foreign_schema(prompt, notes);
    if plan.effort().is_some() || schema.is_some() {
        object.object("output_config", |config| {
            config.optional_string("effort", plan.effort());
            if let Some(schema) = &schema {
                config.object("format", |format| encode_format(format, schema));
            }
        });
    }
    let choice = version::choose(prompt, false, plan.thinks(), options.anthropic_version, notes);
    choice.encode(object);
    encode_stop(object, prompt, notes);
    object.optional_boolean("stream", prompt.stream);
    if let Some(user) = &prompt.user {
        object.object("metadata", |metadata| metadata.string("user_id", user));
    }
    encode_service_tier(object, prompt, notes);
    note_losses(prompt, notes);
    choice.version
}

/// This dialect holds the model to any schema it is given, and has no name for it.
fn foreign_schema(prompt: &Prompt, notes: &mut Notes) -> Option<Json> {
    let field = field_name(prompt, Field::OutputFormat);
    match prompt.output_format.as_ref()? {
        OutputFormat::Text => None,
        OutputFormat::JsonObject | OutputFormat::Native(_) => {
            notes.dropped(field);
            None
        }
        OutputFormat::JsonSchema { description, schema, extra, .. } => {
            if description.is_some() {
                notes.dropped(format!("{field}.json_schema.description"));
            }
            notes.extra(extra, &format!("{field}.json_schema"));
            let Some(schema) = schema else {
                notes.dropped(field);
                return None;
            };
            let (closed, changed) = schema::close_objects(schema);
            if changed {
                notes.changed(format!("{field}.json_schema.schema"));
            }
            Some(closed)
        }
    }
}

/// A blank stop sequence is refused.
fn encode_stop(object: &mut Object<'_>, prompt: &Prompt, notes: &mut Notes) {
    let said: Vec<_> =
        prompt.stop.iter().map(String::as_str).filter(|stop| !stop.trim().is_empty()).collect();
    if said.len() < prompt.stop.len() {
        notes.dropped(field_name(prompt, Field::Stop));
    }
    if !said.is_empty() {
        object.strings("stop_sequences", said);
    }
}

fn encode_service_tier(object: &mut Object<'_>, prompt: &Prompt, notes: &mut Notes) {
    match prompt.service_tier.as_deref() {
        None => {}
        Some("auto") => object.string("service_tier", "auto"),
        Some("default") => object.string("service_tier", "standard_only"),
        // Committed capacity is used where there is any, which is as near as it gets.
        Some("priority" | "scale") => {
            notes.changed("service_tier");
            object.string("service_tier", "auto");
        }
        Some(_) => notes.dropped("service_tier"),
    }
}

fn note_losses(prompt: &Prompt, notes: &mut Notes) {
    if prompt.choices.is_some_and(|choices| choices > 1) {
        notes.dropped("n");
    }
    if prompt.logprobs == Some(true) {
        notes.dropped("logprobs");
    }
    if prompt.top_logprobs.is_some_and(|count| count > 0) {
        notes.dropped("top_logprobs");
    }
    if let Some(Thinking { .. }) = &prompt.reasoning.thinking {
        notes.dropped(field_name(prompt, Field::Thinking));
    }
    notes.extra(&prompt.extra, "");
}
