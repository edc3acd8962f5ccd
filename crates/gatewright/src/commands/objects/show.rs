//! `show`: one object with all its fields.

use std::process::ExitCode;

use anyhow::Result;
use domain::ObjectKind;
use serde_json::Value;

use super::{columns, get, revision, text};
use crate::api::Api;
use crate::cli::{ObjectFields, Place, ShowObject};
use crate::output::{self, time};

/// What is shown in words of its own, above the fields of the kind.
const ABOUT: &[&str] = &[
    "id",
    "name",
    "project_id",
    "revision",
    "source",
    "declared_at",
    "status",
    "problems",
    "created_at",
    "updated_at",
    "last_used_at",
    "secrets",
    "secret",
];
/// Fields that hold a point in time.
const TIMES: &[&str] = &["expires", "revoked_at"];

pub(super) async fn run<F: ObjectFields>(options: &ShowObject<F>) -> Result<ExitCode> {
    let api = Api::new(&options.gateway)?;
    let object = get(&api, F::KIND, &options.name, options.place.project()).await?;
    if options.json {
        output::json(&object)?;
    } else {
        print(F::KIND, &object);
    }
    Ok(ExitCode::SUCCESS)
}

/// An object as its fields.
pub(super) fn print(kind: ObjectKind, object: &Value) {
    let mut fields = about(object);
    for (name, value) in object.as_object().into_iter().flatten() {
        let shown = match value {
            _ if ABOUT.contains(&name.as_str()) => continue,
            Value::Null => continue,
            Value::String(moment) if TIMES.contains(&name.as_str()) => time::full(moment),
            value => output::flow(value),
        };
        fields.push((name.clone(), shown));
    }
    for name in object.get("secrets").and_then(Value::as_object).into_iter().flatten().map(|(name, _)| name) {
        fields.push((name.clone(), format!("{} (it is never shown)", columns::masked(object, name))));
    }
    output::fields(&format!("{kind} `{}`", text(object, "name")), &fields);
}

fn about(object: &Value) -> Vec<(String, String)> {
    let moment = |name: &str| match text(object, name) {
        moment if moment.is_empty() => moment,
        moment => time::full(&moment),
    };
    let origin = match (text(object, "declared_at"), revision(object)) {
        (declared, _) if text(object, "source") == "file" => declared,
        (_, Some(revision)) => format!("{}, revision {revision}", text(object, "source")),
        _ => text(object, "source"),
    };
    let status = std::iter::once(text(object, "status")).chain(columns::problems(object)).collect::<Vec<_>>();
    [
        ("id", text(object, "id")),
        ("status", status.join("\n")),
        ("from", origin),
        ("created", moment("created_at")),
        ("changed", moment("updated_at")),
        ("last used", moment("last_used_at")),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec()
}
