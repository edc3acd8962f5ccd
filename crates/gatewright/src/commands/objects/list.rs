//! `list`: a table, over as many pages as there are.

use std::process::ExitCode;

use anyhow::Result;
use domain::ObjectKind;
use serde_json::{Value, json};

use super::columns;
use crate::api::{Api, escape};
use crate::cli::{List, ObjectFields, Place};
use crate::output;

/// As many as one answer carries.
const PAGE: usize = 500;

pub(super) async fn run<F: ObjectFields>(options: &List<F>) -> Result<ExitCode> {
    let api = Api::new(&options.gateway)?;
    let mut filter = String::new();
    for (name, value) in [("name", options.name.as_deref()), ("project", options.place.project())] {
        if let Some(value) = value {
            filter.push_str(&format!("&{name}={}", escape(value)));
        }
    }
    let limit = options.limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    let objects = pages(&api, F::KIND, &filter, limit).await?;
    if options.json {
        output::json(&json!({ (F::KIND.plural()): objects }))?;
        return Ok(ExitCode::SUCCESS);
    }
    if objects.is_empty() {
        output::line(&nothing::<F>(!filter.is_empty()));
        return Ok(ExitCode::SUCCESS);
    }
    let columns = columns::of(F::KIND, &objects);
    let headings: Vec<&str> = columns.iter().map(|column| column.heading).collect();
    let rows: Vec<Vec<String>> =
        objects.iter().map(|object| columns.iter().map(|column| (column.cell)(object)).collect()).collect();
    output::table(&headings, &rows);
    for object in &objects {
        for problem in columns::problems(object) {
            output::error(&format!("{} `{}`: {problem}", F::KIND, super::text(object, "name")));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Every object of a kind that a filter such as `&project=web` leaves.
pub(crate) async fn all(api: &Api, kind: ObjectKind, filter: &str) -> Result<Vec<Value>> {
    pages(api, kind, filter, usize::MAX).await
}

async fn pages(api: &Api, kind: ObjectKind, filter: &str, limit: usize) -> Result<Vec<Value>> {
    let mut objects = Vec::new();
    let mut cursor = String::new();
    while objects.len() < limit {
        let size = PAGE.min(limit - objects.len());
        let path = format!("/api/v1/{}?limit={size}{filter}{cursor}", kind.plural());
        let mut page = api.get(&path).await?;
        if let Some(Value::Array(found)) = page.get_mut(kind.plural()).map(Value::take) {
            objects.extend(found);
        }
        match page.get("next").and_then(Value::as_str) {
            Some(next) => cursor = format!("&cursor={}", escape(next)),
            None => break,
        }
    }
    Ok(objects)
}

fn nothing<F: ObjectFields>(filtered: bool) -> String {
    if filtered {
        return format!("no {} like that", F::KIND.plural());
    }
    format!("no {} yet; `gatewright {} create --help` shows how to make one", F::KIND.plural(), F::KIND)
}
