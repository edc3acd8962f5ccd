//! `gatewright reload`: what became of the file. One that cannot be used is refused, and changes nothing.

use std::process::ExitCode;

use anyhow::Result;
use serde_json::{Value, json};

use crate::api::{self, Api};
use crate::cli::Reload;
use crate::output::{self, harmless};

pub(in crate::commands) fn reload(options: &Reload) -> Result<ExitCode> {
    let report = api::block_on(async {
        Api::new(&options.gateway)?.post("/api/v1/configuration/reload", &json!({})).await
    })?;
    if options.json {
        output::json(&report)?;
        return Ok(ExitCode::SUCCESS);
    }
    for warning in list(&report, "warnings") {
        output::error(&diagnostic(warning));
    }
    for note in list(&report, "restart") {
        let (setting, running, written) =
            (text(note, "setting"), text(note, "running"), text(note, "written"));
        output::error(&format!("note: `{setting}` stays {running} until a restart; the file says {written}"));
    }
    let unchanged = report.get("unchanged") == Some(&Value::Bool(true));
    output::line(if unchanged { "the file has not changed" } else { "the file is in force now" });
    Ok(ExitCode::SUCCESS)
}

/// `gatewright.yaml:3:5: error: …; do this`
pub(in crate::commands) fn diagnostic(problem: &Value) -> String {
    let number = |name: &str| problem.get(name).and_then(Value::as_u64).filter(|number| *number > 0);
    let mut said = text(problem, "file");
    for number in [number("line"), number("column")].into_iter().flatten() {
        said.push_str(&format!(":{number}"));
    }
    let severity = text(problem, "severity");
    let severity = if severity.is_empty() { "error".to_owned() } else { severity };
    said.push_str(&format!(": {severity}: {}", text(problem, "message")));
    let help = text(problem, "help");
    if help.is_empty() { said } else { format!("{said}; {help}") }
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn text(value: &Value, name: &str) -> String {
    match value.get(name) {
        None | Some(Value::Null) => String::new(),
        Some(value) => harmless(&output::flow(value)),
    }
}
