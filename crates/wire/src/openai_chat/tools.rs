//! Tools and tool choice, in today's form and in the form before tools (`functions`, `function_call`), both ways.

use domain::CallError;

use crate::fields::{Fields, Path, Value, wrong};
use crate::hub::{Extra, Field, FunctionTool, Json, Prompt, Tool, ToolChoice, field_name, schema};
use crate::note::Notes;
use crate::writer::{Array, Object};

pub(crate) fn decode_tools(fields: &mut Fields<'_, '_>, prompt: &mut Prompt) -> Result<(), CallError> {
    if has_items(fields, "functions") && !has_items(fields, "tools") {
        let at = fields.at.member("functions");
        let functions = fields.need_items("functions")?;
        for (index, function) in functions.into_iter().enumerate() {
            let item = at.item(index);
            let function = decode_function(function.need_fields(&item)?, Extra::default())?;
            prompt.tools.push(Tool::Function(function));
        }
        prompt.spelling.legacy_functions = true;
        prompt.tool_choice = decode_function_choice(fields)?;
        return Ok(());
    }
    if has_items(fields, "tools") {
        let at = fields.at.member("tools");
        let tools = fields.need_items("tools")?;
        for (index, tool) in tools.into_iter().enumerate() {
            prompt.tools.push(decode_tool(tool, &at.item(index))?);
        }
    }
    prompt.tool_choice = decode_choice(fields)?;
    Ok(())
}

/// An empty list stays among what is left over: it says nothing, but its sender wrote it.
fn has_items(fields: &Fields<'_, '_>, name: &str) -> bool {
    fields.peek(name).is_some_and(|value| value.items().is_none_or(|items| !items.is_empty()))
}

fn decode_tool(tool: Value<'_>, at: &Path<'_>) -> Result<Tool, CallError> {
    let mut fields = tool.need_fields(at)?;
    let kind = fields.need_text("type")?;
    if kind != "function" {
        return Ok(Tool::Native { name: kind, json: tool.to_json() });
    }
    let inner_at = at.member("function");
    let inner = fields.need_object("function")?.need_fields(&inner_at)?;
    Ok(Tool::Function(decode_function(inner, fields.rest())?))
}

fn decode_function(mut fields: Fields<'_, '_>, wrapper: Extra) -> Result<FunctionTool, CallError> {
    Ok(FunctionTool {
        name: fields.need_text("name")?,
        description: fields.text("description")?,
        parameters: fields.object("parameters")?.map(Value::to_json),
        strict: fields.flag("strict")?,
        cache: None,
        extra: fields.rest(),
        wrapper,
    })
}

fn decode_choice(fields: &mut Fields<'_, '_>) -> Result<Option<ToolChoice>, CallError> {
    let at = fields.at.member("tool_choice");
    let Some(choice) = fields.take("tool_choice") else {
        return Ok(None);
    };
    if let Some(word) = choice.text() {
        return match &*word {
            "auto" => Ok(Some(ToolChoice::Auto)),
            "none" => Ok(Some(ToolChoice::None)),
            "required" => Ok(Some(ToolChoice::Required)),
            _ => Err(wrong(&at, "`auto`, `none`, `required` or an object")),
        };
    }
    let mut inner = choice.fields(&at).ok_or_else(|| wrong(&at, "a string or an object"))?;
    let native = ToolChoice::Native(choice.to_json());
    let decoded = match inner.need_text("type")?.as_str() {
        "function" => {
            let function_at = at.member("function");
            let mut function = inner.need_object("function")?.need_fields(&function_at)?;
            let name = function.need_text("name")?;
            if inner.is_spent() && function.is_spent() { ToolChoice::Tool(name) } else { native }
        }
        "allowed_tools" => {
            let allowed_at = at.member("allowed_tools");
            let mut allowed = inner.need_object("allowed_tools")?.need_fields(&allowed_at)?;
            ToolChoice::Allowed {
                required: allowed.text("mode")?.as_deref() == Some("required"),
                names: allowed_names(&mut allowed)?,
                written: choice.to_json(),
            }
        }
        _ => native,
    };
    Ok(Some(decoded))
}

fn allowed_names(allowed: &mut Fields<'_, '_>) -> Result<Vec<String>, CallError> {
    let at = allowed.at.member("tools");
    let mut names = Vec::new();
    for (index, tool) in allowed.need_items("tools")?.into_iter().enumerate() {
        let item = at.item(index);
        let mut tool = tool.need_fields(&item)?;
        let function_at = item.member("function");
        if let Some(function) = tool.object("function")? {
            names.push(function.need_fields(&function_at)?.need_text("name")?);
        }
    }
    Ok(names)
}

fn decode_function_choice(fields: &mut Fields<'_, '_>) -> Result<Option<ToolChoice>, CallError> {
    let at = fields.at.member("function_call");
    let Some(choice) = fields.take("function_call") else {
        return Ok(None);
    };
    match choice.text().as_deref() {
        Some("auto") => return Ok(Some(ToolChoice::Auto)),
        Some("none") => return Ok(Some(ToolChoice::None)),
        Some(_) => return Err(wrong(&at, "`auto`, `none` or an object with a `name`")),
        None => {}
    }
    Ok(Some(ToolChoice::Tool(choice.need_fields(&at)?.need_text("name")?)))
}

/// Writes tools as the same dialect had them.
pub(crate) fn encode_same_tools(object: &mut Object<'_>, prompt: &Prompt) {
    if prompt.tools.is_empty() {
        encode_same_choice(object, prompt);
        return;
    }
    let legacy = prompt.spelling.legacy_functions;
    object.array(if legacy { "functions" } else { "tools" }, |list| {
        for tool in &prompt.tools {
            match tool {
                Tool::Function(function) if legacy => {
                    list.object(|object| encode_function(object, function, function.parameters.as_ref()));
                }
                Tool::Function(function) => list.object(|object| {
                    object.string("type", "function");
                    object.object("function", |inner| {
                        encode_function(inner, function, function.parameters.as_ref());
                    });
                    object.extra(&function.wrapper);
                }),
                Tool::Native { json, .. } => list.json(json),
            }
        }
    });
    encode_same_choice(object, prompt);
}

fn encode_same_choice(object: &mut Object<'_>, prompt: &Prompt) {
    let legacy = prompt.spelling.legacy_functions;
    let name = if legacy { "function_call" } else { "tool_choice" };
    match &prompt.tool_choice {
        None => {}
        Some(ToolChoice::Tool(function)) if legacy => {
            object.object(name, |choice| choice.string("name", function));
        }
        Some(choice) => encode_choice(object, name, choice),
    }
}

fn encode_function(object: &mut Object<'_>, function: &FunctionTool, parameters: Option<&Json>) {
    object.string("name", &function.name);
    object.optional_string("description", function.description.as_deref());
    if let Some(parameters) = parameters {
        object.json("parameters", parameters);
    }
    object.optional_boolean("strict", function.strict);
    object.extra(&function.extra);
}

fn encode_choice(object: &mut Object<'_>, name: &str, choice: &ToolChoice) {
    match choice {
        ToolChoice::Auto => object.string(name, "auto"),
        ToolChoice::None => object.string(name, "none"),
        ToolChoice::Required => object.string(name, "required"),
        ToolChoice::Tool(function) => object.object(name, |choice| {
            choice.string("type", "function");
            choice.object("function", |inner| inner.string("name", function));
        }),
        ToolChoice::Allowed { written: json, .. } | ToolChoice::Native(json) => object.json(name, json),
    }
}

/// Writes tools that another dialect had.
pub(crate) fn encode_foreign_tools(object: &mut Object<'_>, prompt: &Prompt, notes: &mut Notes) {
    let called = prompt.called_tools();
    let mut wanted = Vec::new();
    for (index, tool) in prompt.tools.iter().enumerate() {
        match tool {
            Tool::Function(function) if !is_deferred(function) || called.contains(function.name.as_str()) => {
                wanted.push((index, function));
            }
            _ => notes.dropped(format!("tools[{index}]")),
        }
    }
    let choice_field = field_name(prompt, Field::ToolChoice);
    if wanted.is_empty() {
        // Choice and parallelism are refused where there are no tools.
        if prompt.tool_choice.as_ref().is_some_and(ToolChoice::matters) {
            notes.dropped(choice_field);
        }
        return;
    }
    object.array("tools", |list| {
        for (index, function) in wanted {
            encode_foreign_tool(list, function, &format!("tools[{index}]"), notes);
        }
    });
    match &prompt.tool_choice {
        None => {}
        Some(ToolChoice::Native(_)) => notes.dropped(choice_field),
        Some(ToolChoice::Allowed { required, names, .. }) => encode_allowed(object, *required, names),
        Some(choice) => encode_choice(object, "tool_choice", choice),
    }
    // Parallel calls are the default, and some models refuse the parameter.
    if prompt.parallel_tool_calls == Some(false) {
        object.boolean("parallel_tool_calls", false);
    }
}

/// A tool whose definition the sender's provider loads on demand is not on offer until a call shows that it was.
fn is_deferred(function: &FunctionTool) -> bool {
    function.extra.get("defer_loading").is_some_and(|json| json.as_str() == "true")
}

fn encode_foreign_tool(list: &mut Array<'_>, function: &FunctionTool, field: &str, notes: &mut Notes) {
    let mut parameters = function.parameters.clone();
    if let Some(bare) = parameters.as_ref().and_then(|schema| schema::without_member(schema, "$schema")) {
        notes.dropped(format!("{field}.input_schema.$schema"));
        parameters = Some(bare);
    }
    // OpenAI's strict mode wants more of a schema than others do, and refuses the request where it is not met.
    let strict = function.strict.map(|strict| {
        let possible = parameters.as_ref().is_none_or(schema::is_strict);
        if strict && !possible {
            notes.changed(format!("{field}.strict"));
        }
        strict && possible
    });
    if function.cache.is_some() {
        notes.dropped(format!("{field}.cache_control"));
    }
    notes.extra(&function.extra, field);
    list.object(|object| {
        object.string("type", "function");
        object.object("function", |inner| {
            inner.string("name", &function.name);
            inner.optional_string("description", function.description.as_deref());
            if let Some(parameters) = &parameters {
                inner.json("parameters", parameters);
            }
            inner.optional_boolean("strict", strict);
        });
    });
}

fn encode_allowed(object: &mut Object<'_>, required: bool, names: &[String]) {
    object.object("tool_choice", |choice| {
        choice.string("type", "allowed_tools");
        choice.object("allowed_tools", |allowed| {
            allowed.string("mode", if required { "required" } else { "auto" });
            allowed.array("tools", |list| {
                for name in names {
                    list.object(|tool| {
                        tool.string("type", "function");
                        tool.object("function", |function| function.string("name", name));
                    });
                }
            });
        });
    });
}
