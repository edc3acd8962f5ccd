//! What a list shows of each kind of object. A column that says nothing of any row is left out.

use domain::ObjectKind;
use serde_json::Value;

use super::text;
use crate::output::time;

/// One column of a list.
pub(super) struct Column {
    pub(super) heading: &'static str,
    pub(super) cell: fn(&Value) -> String,
    /// Left out where no row has anything in it.
    optional: bool,
}

const fn column(heading: &'static str, cell: fn(&Value) -> String) -> Column {
    Column { heading, cell, optional: false }
}

const fn optional(heading: &'static str, cell: fn(&Value) -> String) -> Column {
    Column { heading, cell, optional: true }
}

pub(super) fn of(kind: ObjectKind, objects: &[Value]) -> Vec<Column> {
    let mut columns = vec![column("name", |object| text(object, "name"))];
    columns.extend(own(kind));
    columns.push(column("status", |object| text(object, "status")));
    columns.push(column("from", origin));
    columns.push(column("changed", |object| moment(object, "updated_at")));
    columns
        .retain(|column| !column.optional || objects.iter().any(|object| !(column.cell)(object).is_empty()));
    columns
}

fn own(kind: ObjectKind) -> Vec<Column> {
    match kind {
        ObjectKind::Team => vec![],
        ObjectKind::Project => vec![optional("team", |object| text(object, "team"))],
        ObjectKind::Credential => vec![
            column("provider", |object| text(object, "provider")),
            optional("key", |object| masked(object, "api_key")),
            optional("project", foreign_project),
        ],
        ObjectKind::Target => vec![
            column("credential", |object| either(object, "credential", "credentials")),
            column("model", |object| text(object, "model")),
            optional("project", foreign_project),
        ],
        ObjectKind::Endpoint => vec![
            column("targets", |object| targets(object, "targets")),
            optional("fallbacks", |object| targets(object, "fallbacks")),
            optional("project", foreign_project),
        ],
        ObjectKind::Key => vec![
            optional("key", |object| masked(object, "secret")),
            column("project", |object| text(object, "project")),
            column("last used", |object| or_never(moment(object, "last_used_at"))),
            optional("expires", |object| moment(object, "expires")),
            optional("endpoints", |object| text(object, "endpoints")),
        ],
        ObjectKind::Price => vec![
            column("input", |object| text(object, "input")),
            column("output", |object| text(object, "output")),
            optional("cache read", |object| text(object, "cache_read")),
        ],
    }
}

/// `gatewright.yaml:12` or `store`.
pub(super) fn origin(object: &Value) -> String {
    let source = text(object, "source");
    let declared = text(object, "declared_at");
    // The folder is the same for all, and long.
    let short = declared.rsplit('/').next().unwrap_or_default();
    if source == "store" || short.is_empty() { source } else { short.to_owned() }
}

/// Why an object is not in use.
pub(super) fn problems(object: &Value) -> Vec<String> {
    let problems = object.get("problems").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let mut problems: Vec<String> = problems.iter().map(problem).collect();
    if text(object, "status") == "shadowed" {
        problems
            .push(format!("{} declares one of the same name, which is used", text(object, "declared_at")));
    }
    problems
}

fn problem(problem: &Value) -> String {
    let message = match problem {
        Value::String(message) => message.clone(),
        _ => text(problem, "message"),
    };
    let help = text(problem, "help");
    if help.is_empty() { message } else { format!("{message}; {help}") }
}

/// The masked form of a secret.
pub(super) fn masked(object: &Value, field: &str) -> String {
    let masked = object.pointer(&format!("/secrets/{field}/masked")).and_then(Value::as_str);
    masked.map(str::to_owned).unwrap_or_else(|| text(object, field))
}

fn moment(object: &Value, name: &str) -> String {
    time::relative(&text(object, name))
}

fn or_never(moment: String) -> String {
    if moment.is_empty() { "never".to_owned() } else { moment }
}

fn either(object: &Value, first: &str, second: &str) -> String {
    let found = text(object, first);
    if found.is_empty() { text(object, second) } else { found }
}

/// Most objects belong to `default`, which goes without saying.
fn foreign_project(object: &Value) -> String {
    let project = text(object, "project");
    if project == "default" { String::new() } else { project }
}

/// `openai/gpt-5 90, anthropic:claude-sonnet-4-5 10`
fn targets(object: &Value, field: &str) -> String {
    let targets = object.get(field).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    targets.iter().map(target).collect::<Vec<_>>().join(", ")
}

fn target(target: &Value) -> String {
    if let Value::String(short) = target {
        return short.clone();
    }
    let place = match (text(target, "target"), either(target, "credential", "credentials")) {
        (named, _) if !named.is_empty() => named,
        (_, credential) => format!("{credential}:{}", text(target, "model")),
    };
    let weight = text(target, "weight");
    if weight.is_empty() { place } else { format!("{place}={weight}") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn targets_read_as_they_are_typed() {
        let endpoint = json!({ "targets": [
            "openai/gpt-5",
            { "credential": "openai-main", "model": "gpt-5", "weight": 90 },
            { "credentials": ["a", "b"], "model": "m" },
            { "target": "fast", "weight": 1 },
        ] });
        assert_eq!(targets(&endpoint, "targets"), "openai/gpt-5, openai-main:gpt-5=90, a, b:m, fast=1");
    }

    #[test]
    fn columns_that_say_nothing_are_left_out() {
        let keys = [json!({ "name": "ci", "project": "default", "status": "active" })];
        let headings: Vec<&str> = of(ObjectKind::Key, &keys).iter().map(|column| column.heading).collect();
        assert_eq!(headings, ["name", "project", "last used", "status", "from", "changed"]);
    }
}
