//! Reads a request: everything but messages and tools, which have files of their own.
//! <https://platform.openai.com/docs/api-reference/chat/create>

use domain::{CallError, Dialect};

use super::{tools, turns};
use crate::fields::{Fields, Path, Value, wrong};
use crate::hub::{Effort, OutputFormat, Prompt, Reasoning, Sampling};

pub(crate) fn decode_request(body: Value<'_>) -> Result<Prompt, CallError> {
    let root = Path::Root;
    let mut fields = body.need_fields(&root)?;
    let mut prompt = Prompt::new(Dialect::OpenaiChat, fields.need_text("model")?);
    prompt.turns = turns::decode_turns(&mut fields)?;
    tools::decode_tools(&mut fields, &mut prompt)?;
    prompt.parallel_tool_calls = fields.flag("parallel_tool_calls")?;
    prompt.output_format = decode_output_format(&mut fields)?;
    prompt.reasoning =
        Reasoning { effort: fields.text("reasoning_effort")?.map(Effort::from), thinking: None };
    prompt.sampling = Sampling {
        temperature: fields.number("temperature")?,
        top_p: fields.number("top_p")?,
        top_k: None,
        frequency_penalty: fields.number("frequency_penalty")?,
        presence_penalty: fields.number("presence_penalty")?,
        seed: fields.number("seed")?,
    };
    prompt.choices = fields.count("n")?;
    prompt.logprobs = fields.flag("logprobs")?;
    prompt.top_logprobs = fields.count("top_logprobs")?;
    decode_max_tokens(&mut fields, &mut prompt)?;
    decode_stop(&mut fields, &mut prompt)?;
    prompt.stream = fields.flag("stream")?;
    prompt.include_usage = decode_include_usage(&fields)?;
    decode_user(&mut fields, &mut prompt)?;
    prompt.service_tier = fields.text("service_tier")?;
    prompt.extra = fields.rest();
    Ok(prompt)
}

/// The new name wins; an old one beside it stays where it is.
fn decode_max_tokens(fields: &mut Fields<'_, '_>, prompt: &mut Prompt) -> Result<(), CallError> {
    prompt.max_output_tokens = fields.count("max_completion_tokens")?;
    if prompt.max_output_tokens.is_none() {
        prompt.max_output_tokens = fields.count("max_tokens")?;
        prompt.spelling.legacy_max_tokens = prompt.max_output_tokens.is_some();
    }
    Ok(())
}

fn decode_stop(fields: &mut Fields<'_, '_>, prompt: &mut Prompt) -> Result<(), CallError> {
    let Some(stop) = fields.peek("stop") else {
        return Ok(());
    };
    let at = fields.at.member("stop");
    if stop.is_string() {
        prompt.stop = fields.text("stop")?.into_iter().collect();
        prompt.spelling.bare_stop = true;
        return Ok(());
    }
    let items = stop.items().ok_or_else(|| wrong(&at, "a string or an array of strings"))?;
    if items.is_empty() {
        return Ok(());
    }
    for (index, item) in items.into_iter().enumerate() {
        let text = item.text().ok_or_else(|| wrong(&at.item(index), "a string"))?;
        prompt.stop.push(text.into_owned());
    }
    fields.take("stop");
    Ok(())
}

/// `stream_options` stays where it is: the gateway acts on it, and asks its provider for usage in any case.
fn decode_include_usage(fields: &Fields<'_, '_>) -> Result<bool, CallError> {
    let Some(options) = fields.peek("stream_options") else {
        return Ok(false);
    };
    let at = fields.at.member("stream_options");
    Ok(options.need_fields(&at)?.flag("include_usage")?.unwrap_or(false))
}

/// The new name wins; an old one beside it stays where it is.
fn decode_user(fields: &mut Fields<'_, '_>, prompt: &mut Prompt) -> Result<(), CallError> {
    prompt.user = fields.text("safety_identifier")?;
    if prompt.user.is_none() {
        prompt.user = fields.text("user")?;
        prompt.spelling.legacy_user = prompt.user.is_some();
    }
    Ok(())
}

fn decode_output_format(fields: &mut Fields<'_, '_>) -> Result<Option<OutputFormat>, CallError> {
    let Some(format) = fields.object("response_format")? else {
        return Ok(None);
    };
    let at = fields.at.member("response_format");
    let mut inner = format.need_fields(&at)?;
    let kind = inner.need_text("type")?;
    let decoded = match kind.as_str() {
        "text" if inner.is_spent() => OutputFormat::Text,
        "json_object" if inner.is_spent() => OutputFormat::JsonObject,
        "json_schema" => {
            let schema_at = at.member("json_schema");
            let mut schema = inner.need_object("json_schema")?.need_fields(&schema_at)?;
            if !inner.is_spent() {
                return Ok(Some(OutputFormat::Native(format.to_json())));
            }
            OutputFormat::JsonSchema {
                name: schema.need_text("name")?,
                description: schema.text("description")?,
                schema: schema.object("schema")?.map(Value::to_json),
                strict: schema.flag("strict")?,
                extra: schema.rest(),
            }
        }
        _ => OutputFormat::Native(format.to_json()),
    };
    Ok(Some(decoded))
}
