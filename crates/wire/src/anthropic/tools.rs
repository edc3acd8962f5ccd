//! Tools and tool choice, both ways.

use std::collections::HashSet;

use domain::CallError;

use super::blocks::decode_cache_mark;
use crate::fields::{Fields, Path, Value};
use crate::hub::{Extra, Field, FunctionTool, Prompt, Tool, ToolChoice, field_name, schema};
use crate::note::Notes;
use crate::writer::Object;

pub(crate) fn decode_tools(fields: &mut Fields<'_, '_>, prompt: &mut Prompt) -> Result<(), CallError> {
    let at = fields.at.member("tools");
    if fields.peek("tools").is_some_and(|tools| tools.items().is_none_or(|items| !items.is_empty())) {
        let tools = fields.need_items("tools")?;
        for (index, tool) in tools.into_iter().enumerate() {
            prompt.tools.push(decode_tool(tool, &at.item(index))?);
        }
    }
    decode_choice(fields, prompt)
}

/// A tool without a type, or with `custom`, is a function; the type stays among what rides along.
fn decode_tool(tool: Value<'_>, at: &Path<'_>) -> Result<Tool, CallError> {
    let mut fields = tool.need_fields(at)?;
    match fields.peek("type").and_then(Value::text) {
        Some(kind) if kind != "custom" => {
            return Ok(Tool::Native { name: kind.into_owned(), json: tool.to_json() });
        }
        _ => {}
    }
    Ok(Tool::Function(FunctionTool {
        name: fields.need_text("name")?,
        description: fields.text("description")?,
        parameters: Some(fields.need_object("input_schema")?.to_json()),
        strict: fields.flag("strict")?,
        cache: decode_cache_mark(&mut fields)?,
        extra: fields.rest(),
        wrapper: Extra::default(),
    }))
}

fn decode_choice(fields: &mut Fields<'_, '_>, prompt: &mut Prompt) -> Result<(), CallError> {
    let at = fields.at.member("tool_choice");
    let Some(choice) = fields.object("tool_choice")? else {
        return Ok(());
    };
    let mut inner = choice.need_fields(&at)?;
    let decoded = match inner.need_text("type")?.as_str() {
        "auto" => Some(ToolChoice::Auto),
        "any" => Some(ToolChoice::Required),
        "none" => Some(ToolChoice::None),
        "tool" => Some(ToolChoice::Tool(inner.need_text("name")?)),
        _ => None,
    };
    prompt.parallel_tool_calls = inner.flag("disable_parallel_tool_use")?.map(|disabled| !disabled);
    prompt.tool_choice = match decoded {
        Some(known) if inner.is_spent() => Some(known),
        _ => Some(ToolChoice::Native(choice.to_json())),
    };
    Ok(())
}

/// Writes tools as the same dialect had them.
pub(crate) fn encode_same_tools(object: &mut Object<'_>, prompt: &Prompt) {
    if !prompt.tools.is_empty() {
        object.array("tools", |list| {
            for tool in &prompt.tools {
                match tool {
                    Tool::Native { json, .. } => list.json(json),
                    Tool::Function(function) => list.object(|object| {
                        object.string("name", &function.name);
                        object.optional_string("description", function.description.as_deref());
                        if let Some(parameters) = &function.parameters {
                            object.json("input_schema", parameters);
                        }
                        object.optional_boolean("strict", function.strict);
                        if let Some(mark) = &function.cache {
                            object.json("cache_control", &mark.written);
                        }
                        object.extra(&function.extra);
                    }),
                }
            }
        });
    }
    match &prompt.tool_choice {
        None => {}
        Some(ToolChoice::Native(json)) => object.json("tool_choice", json),
        Some(choice) => {
            encode_choice(object, choice, prompt.parallel_tool_calls.map(|parallel| !parallel));
        }
    }
}

/// Writes tools that another dialect had.
pub(crate) fn encode_foreign_tools(object: &mut Object<'_>, prompt: &Prompt, notes: &mut Notes) {
    let choice_field = field_name(prompt, Field::ToolChoice);
    let allowed = match &prompt.tool_choice {
        Some(ToolChoice::Allowed { names, .. }) => {
            // This dialect cannot offer a tool and forbid it, so the others are not offered.
            notes.changed(choice_field);
            Some(names.iter().collect::<HashSet<_>>())
        }
        _ => None,
    };
    let mut wanted = Vec::new();
    for (index, tool) in prompt.tools.iter().enumerate() {
        match tool {
            Tool::Native { .. } => notes.dropped(format!("tools[{index}]")),
            Tool::Function(function)
                if allowed.as_ref().is_none_or(|names| names.contains(&function.name)) =>
            {
                wanted.push((index, function));
            }
            Tool::Function(_) => {}
        }
    }
    if wanted.is_empty() {
        if prompt.tool_choice.as_ref().is_some_and(ToolChoice::matters) {
            notes.dropped(choice_field);
        }
        return;
    }
    object.array("tools", |list| {
        for (index, function) in wanted {
            let field = format!("tools[{index}]");
            notes.extra(&function.extra, &format!("{field}.function"));
            notes.extra(&function.wrapper, &field);
            list.object(|object| encode_foreign_tool(object, function));
        }
    });
    encode_foreign_choice(object, prompt, notes);
}

fn encode_foreign_tool(object: &mut Object<'_>, function: &FunctionTool) {
    object.string("name", &function.name);
    object.optional_string("description", function.description.as_deref());
    object.json("input_schema", &schema::object_parameters(function.parameters.as_ref()));
    if function.strict == Some(true) {
        object.boolean("strict", true);
    }
    if function.cache.is_some() {
        object.object("cache_control", |mark| mark.string("type", "ephemeral"));
    }
}

fn encode_foreign_choice(object: &mut Object<'_>, prompt: &Prompt, notes: &mut Notes) {
    // What forbids parallel calls needs a choice to stand in.
    let alone = (prompt.parallel_tool_calls == Some(false)).then_some(true);
    match (&prompt.tool_choice, alone) {
        (None, None) => {}
        (None, Some(_)) => encode_choice(object, &ToolChoice::Auto, alone),
        (Some(ToolChoice::Native(_)), _) => {
            notes.dropped(field_name(prompt, Field::ToolChoice));
            if alone.is_some() {
                encode_choice(object, &ToolChoice::Auto, alone);
            }
        }
        (Some(choice), _) => encode_choice(object, choice, alone),
    }
}

fn encode_choice(object: &mut Object<'_>, choice: &ToolChoice, alone: Option<bool>) {
    object.object("tool_choice", |object| {
        match choice {
            ToolChoice::Auto | ToolChoice::Allowed { required: false, .. } => object.string("type", "auto"),
            ToolChoice::Required | ToolChoice::Allowed { required: true, .. } => object.string("type", "any"),
            ToolChoice::Tool(name) => {
                object.string("type", "tool");
                object.string("name", name);
            }
            // A choice of no tool has no place for it.
            ToolChoice::None | ToolChoice::Native(_) => {
                object.string("type", "none");
                return;
            }
        }
        object.optional_boolean("disable_parallel_tool_use", alone);
    });
}
