//! Reads a request: everything but messages and tools, which have files of their own.
//! <https://docs.anthropic.com/en/api/messages>

use domain::{CallError, Dialect};

use super::{blocks, tools, turns};
use crate::fields::{Fields, Path, Value, wrong};
use crate::hub::{Content, Effort, Extra, OutputFormat, Part, Prompt, Sampling, Thinking, ThinkingMode};

pub(crate) fn decode_request(body: Value<'_>) -> Result<Prompt, CallError> {
    let root = Path::Root;
    let mut fields = body.need_fields(&root)?;
    let mut prompt = Prompt::new(Dialect::AnthropicMessages, fields.need_text("model")?);
    prompt.instructions = decode_system(&mut fields)?;
    prompt.turns = turns::decode_turns(&mut fields)?;
    tools::decode_tools(&mut fields, &mut prompt)?;
    prompt.reasoning.thinking = decode_thinking(&mut fields)?;
    decode_output_config(&mut fields, &mut prompt)?;
    prompt.sampling = Sampling {
        temperature: fields.number("temperature")?,
        top_p: fields.number("top_p")?,
        top_k: fields.number("top_k")?,
        ..Sampling::default()
    };
    prompt.max_output_tokens = fields.count("max_tokens")?;
    prompt.stop = decode_stop(&mut fields)?;
    prompt.stream = fields.flag("stream")?;
    // A stream of this dialect always reports usage.
    prompt.include_usage = true;
    prompt.user = decode_user(&mut fields)?;
    prompt.service_tier = fields.text("service_tier")?;
    prompt.extra = fields.rest();
    Ok(prompt)
}

fn decode_system(fields: &mut Fields<'_, '_>) -> Result<Option<Content>, CallError> {
    let at = fields.at.member("system");
    let Some(system) = fields.peek("system") else {
        return Ok(None);
    };
    if let Some(text) = system.text() {
        fields.take("system");
        return Ok(Some(Content { parts: vec![Part::text(text)], bare: true }));
    }
    let items = system.items().ok_or_else(|| wrong(&at, "a string or an array of text blocks"))?;
    if items.is_empty() {
        return Ok(None);
    }
    fields.take("system");
    Ok(Some(Content { parts: blocks::decode_blocks(items, &at)?, bare: false }))
}

/// What is more than the hub knows of an object stays where it is, whole, and is what the same dialect gets back.
fn decode_output_config(fields: &mut Fields<'_, '_>, prompt: &mut Prompt) -> Result<(), CallError> {
    if let Some(config) = fields.peek("output_config") {
        let at = fields.at.member("output_config");
        let mut inner = config.need_fields(&at)?;
        prompt.reasoning.effort = inner.text("effort")?.map(Effort::from);
        prompt.output_format = decode_output_format(&mut inner, "format")?;
        if inner.is_spent() && (prompt.reasoning.effort.is_some() || prompt.output_format.is_some()) {
            fields.take("output_config");
        }
    }
    if prompt.output_format.is_none() {
        prompt.output_format = decode_output_format(fields, "output_format")?;
        prompt.spelling.legacy_output_format = prompt.output_format.is_some();
    }
    Ok(())
}

fn decode_output_format(fields: &mut Fields<'_, '_>, name: &str) -> Result<Option<OutputFormat>, CallError> {
    let Some(format) = fields.object(name)? else {
        return Ok(None);
    };
    let at = fields.at.member(name);
    let mut inner = format.need_fields(&at)?;
    if inner.need_text("type")? != "json_schema" {
        return Ok(Some(OutputFormat::Native(format.to_json())));
    }
    let schema = inner.need_object("schema")?.to_json();
    Ok(Some(OutputFormat::JsonSchema {
        name: String::new(),
        description: None,
        schema: Some(schema),
        strict: None,
        extra: inner.rest(),
    }))
}

fn decode_thinking(fields: &mut Fields<'_, '_>) -> Result<Option<Thinking>, CallError> {
    let at = fields.at.member("thinking");
    let Some(thinking) = fields.object("thinking")? else {
        return Ok(None);
    };
    let mut inner = thinking.need_fields(&at)?;
    let kind = inner.need_text("type")?;
    let mode = match kind.as_str() {
        "adaptive" => ThinkingMode::Adaptive,
        "disabled" => ThinkingMode::Disabled,
        "enabled" => {
            let missing = inner.missing("budget_tokens", "a whole number");
            ThinkingMode::Budget(inner.count("budget_tokens")?.ok_or(missing)?)
        }
        _ => ThinkingMode::Other(kind),
    };
    Ok(Some(Thinking { mode, display: inner.text("display")?, extra: inner.rest() }))
}

fn decode_stop(fields: &mut Fields<'_, '_>) -> Result<Vec<String>, CallError> {
    let at = fields.at.member("stop_sequences");
    if fields.peek("stop_sequences").and_then(Value::items).is_some_and(|items| items.is_empty()) {
        return Ok(Vec::new());
    }
    let items = fields.items("stop_sequences")?.unwrap_or_default().into_iter().enumerate();
    items
        .map(|(index, item)| {
            item.text().map(std::borrow::Cow::into_owned).ok_or_else(|| wrong(&at.item(index), "a string"))
        })
        .collect()
}

fn decode_user(fields: &mut Fields<'_, '_>) -> Result<Option<String>, CallError> {
    let Some(metadata) = fields.peek("metadata") else {
        return Ok(None);
    };
    let at = fields.at.member("metadata");
    let mut inner = metadata.need_fields(&at)?;
    let user = inner.text("user_id")?;
    if user.is_some() && inner.is_spent() {
        fields.take("metadata");
    }
    Ok(user)
}

/// Whether the same dialect gets the field back from what rides along.
pub(crate) fn rides_along(extra: &Extra, name: &str) -> bool {
    extra.get(name).is_some()
}
