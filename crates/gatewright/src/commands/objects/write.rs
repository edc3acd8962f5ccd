//! `create` and `set`. `create` refuses what is there already. `set` changes the fields that were written and leaves
//! the others alone, or with a file replaces the whole; what is not there yet it creates.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Result, bail};
use domain::ObjectKind;
use serde_json::{Map, Value};

use super::{explain_stale, path, revision, text};
use crate::api::Api;
use crate::cli::{Create, ObjectFields, Place, Set};
use crate::commands::Inputs;
use crate::output;

pub(super) async fn create<F: ObjectFields>(options: &Create<F>) -> Result<ExitCode> {
    let api = Api::new(&options.gateway)?;
    let mut inputs = Inputs::new(&api);
    let mut document = match &options.file {
        Some(file) => read(F::KIND, file, &mut inputs)?,
        None => Map::new(),
    };
    document.extend(options.fields.document(&options.name, options.file.is_none(), &mut inputs).await?);
    name(F::KIND, &mut document, &options.name);
    super::insert(&mut document, "project", options.place.project());
    let created = api.post(&format!("/api/v1/{}", F::KIND.plural()), &Value::Object(document)).await?;
    if options.quiet {
        let secret = text(&created, "secret");
        output::line(&if secret.is_empty() { text(&created, "id") } else { secret });
        return Ok(ExitCode::SUCCESS);
    }
    report(F::KIND, "created", &created, options.json)
}

pub(super) async fn set<F: ObjectFields>(options: &Set<F>) -> Result<ExitCode> {
    let api = Api::new(&options.gateway)?;
    let mut inputs = Inputs::new(&api);
    let project = options.place.project();
    let there = super::find(&api, F::KIND, &options.name, project).await?;
    let mut document = match &options.file {
        Some(file) => read(F::KIND, file, &mut inputs)?,
        None => Map::new(),
    };
    let for_new = there.is_none() && options.file.is_none();
    document.extend(options.fields.document(&options.name, for_new, &mut inputs).await?);
    for field in &options.unset {
        unset(&mut document, field);
    }
    if document.is_empty() && (there.is_some() || options.file.is_some()) {
        bail!("there is nothing to set; see `gatewright {} set --help`", F::KIND);
    }
    let name = there.as_ref().map_or_else(|| options.name.clone(), |there| text(there, "name"));
    let there_in = there.as_ref().map(|there| text(there, "project")).filter(|project| !project.is_empty());
    let project = project.or(there_in.as_deref());
    let place = path(F::KIND, &name, project);
    let (verb, written) = match &there {
        None if options.if_revision.is_some() => return Err(super::missing(F::KIND, &name, project)),
        Some(there) if options.file.is_none() => {
            let expected = options.if_revision.or_else(|| revision(there));
            ("changed", api.patch(&place, &Value::Object(document), expected).await)
        }
        there => {
            self::name(F::KIND, &mut document, &name);
            super::insert(&mut document, "project", project);
            let verb = if there.is_some() { "changed" } else { "created" };
            (verb, api.put(&place, &Value::Object(document), options.if_revision).await)
        }
    };
    let written = written.map_err(|error| explain_stale(error, F::KIND, &name))?;
    report(F::KIND, verb, &written, options.json)
}

/// The fields in a file, which describes one object of this kind.
fn read(kind: ObjectKind, path: &Path, inputs: &mut Inputs<'_>) -> Result<Map<String, Value>> {
    let text = inputs.document(path)?;
    let name = path.display().to_string();
    let environment = vault::Environment::process();
    config::read_document(&config::Source::new(name, text.expose().as_str()), &environment).map_err(
        |problems| {
            let said: Vec<String> = problems.iter().map(ToString::to_string).collect();
            anyhow::anyhow!("the file does not describe a {kind}:\n  {}", said.join("\n  "))
        },
    )
}

/// A price is named by its provider and its model, and has no name besides.
fn name(kind: ObjectKind, document: &mut Map<String, Value>, name: &str) {
    if kind != ObjectKind::Price {
        document.insert("name".to_owned(), name.into());
    }
}

/// `timeouts.total` becomes `{"timeouts": {"total": null}}`, which a merge patch reads as: take it away.
fn unset(document: &mut Map<String, Value>, field: &str) {
    match field.split_once('.') {
        None => {
            document.insert(field.to_owned(), Value::Null);
        }
        Some((first, rest)) => {
            let below = document.entry(first).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(below) = below {
                unset(below, rest);
            }
        }
    }
}

fn report(kind: ObjectKind, verb: &str, object: &Value, json: bool) -> Result<ExitCode> {
    if json {
        output::json(object)?;
        return Ok(ExitCode::SUCCESS);
    }
    output::line(&format!("{verb} {kind} `{}` ({})", text(object, "name"), text(object, "id")));
    let secret = text(object, "secret");
    if !secret.is_empty() {
        output::line(&format!("  {secret}"));
        output::line("store it now: it is not shown again");
    }
    for problem in super::columns::problems(object) {
        output::error(&format!("warning: {problem}"));
    }
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_are_unset_at_any_depth() {
        let mut document = Map::new();
        for field in ["timeouts.total", "timeouts.idle", "strict"] {
            unset(&mut document, field);
        }
        let expected = json!({ "timeouts": { "total": null, "idle": null }, "strict": null });
        assert_eq!(Value::Object(document), expected);
    }
}
