//! `gatewright credential|endpoint|target|key|project|team|price`: one implementation for all kinds. What a kind has of
//! its own is in the file of its name (its flags as a document) and in `columns` (what a list shows of it).

mod columns;
mod credentials;
mod delete;
mod endpoints;
mod groups;
mod keys;
mod list;
mod prices;
mod show;
mod write;

use std::process::ExitCode;

use anyhow::{Result, anyhow, bail};
use domain::ObjectKind;
use serde_json::{Map, Value};

use crate::api::{self, Api, Problem, escape};
use crate::cli::{ObjectFields, Objects};
use crate::output;

pub(crate) use keys::run as run_keys;
pub(crate) use list::all;

pub(crate) fn run<F: ObjectFields>(command: Objects<F>) -> Result<ExitCode> {
    api::block_on(async {
        match command {
            Objects::List(options) => list::run(&options).await,
            Objects::Show(options) => show::run(&options).await,
            Objects::Create(options) => write::create(&options).await,
            Objects::Set(options) => write::set(&options).await,
            Objects::Delete(options) => delete::run(&options).await,
        }
    })
}

/// `/api/v1/endpoints/chat?project=web`
fn path(kind: ObjectKind, name: &str, project: Option<&str>) -> String {
    let query = project.map(|project| format!("?project={}", escape(project))).unwrap_or_default();
    format!("/api/v1/{}/{}{query}", kind.plural(), escape(name))
}

/// One object, or the sentence that there is none.
async fn get(api: &Api, kind: ObjectKind, name: &str, project: Option<&str>) -> Result<Value> {
    find(api, kind, name, project).await?.ok_or_else(|| missing(kind, name, project))
}

/// One object by its id or name. Where no project is named and `default` has none of that name, the only one elsewhere is
/// meant.
async fn find(api: &Api, kind: ObjectKind, name: &str, project: Option<&str>) -> Result<Option<Value>> {
    if let Some(found) = api.find(&path(kind, name, project)).await? {
        return Ok(Some(found));
    }
    if project.is_some() {
        return Ok(None);
    }
    let mut others = all(api, kind, &format!("&name={}", escape(name))).await?;
    others.retain(|object| text(object, "name") == name);
    if others.len() > 1 {
        let projects: Vec<String> =
            others.iter().map(|object| format!("`{}`", text(object, "project"))).collect();
        bail!("there is a {kind} `{name}` in each of {}; say which with `--project`", projects.join(", "));
    }
    Ok(others.pop())
}

fn missing(kind: ObjectKind, name: &str, project: Option<&str>) -> anyhow::Error {
    let place = project.map(|project| format!(" in project `{project}`")).unwrap_or_default();
    anyhow!("there is no {kind} `{name}`{place}; `gatewright {kind} list` shows all")
}

fn text(object: &Value, name: &str) -> String {
    match object.get(name) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => output::harmless(text),
        Some(other) => output::harmless(&output::flow(other)),
    }
}

fn revision(object: &Value) -> Option<i64> {
    object.get("revision").and_then(Value::as_i64)
}

/// Says what to do about a refusal that names a revision.
fn explain_stale(error: anyhow::Error, kind: ObjectKind, name: &str) -> anyhow::Error {
    match Problem::of(&error) {
        Some(problem) if problem.status == 412 => anyhow!(
            "somebody has changed {kind} `{name}` in the meantime; look at it with `gatewright {kind} show {name}` and \
             try again"
        ),
        _ => error,
    }
}

fn insert(document: &mut Map<String, Value>, name: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        document.insert(name.to_owned(), value.into());
    }
}

fn insert_list(document: &mut Map<String, Value>, name: &str, values: &[String]) {
    if !values.is_empty() {
        document.insert(name.to_owned(), values.into());
    }
}
