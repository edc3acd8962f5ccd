//! The configuration that a gateway runs: which file, since when, and why the file as it is now is not what runs.

use std::path::PathBuf;

use serde_json::Value;

use super::{Finding, ask};
use crate::api::Api;
use crate::commands::configuration::diagnostic;
use crate::output::time;

const ABOUT: &str = "configuration";

/// Returns the file.
pub(super) async fn look(api: &Api, findings: &mut Vec<Finding>) -> Option<PathBuf> {
    let status = ask(api, "/api/v1/configuration").await?;
    findings.extend(judge(&status));
    status.get("file").and_then(Value::as_str).map(PathBuf::from)
}

fn judge(status: &Value) -> Vec<Finding> {
    let text = |name: &str| status.get(name).and_then(Value::as_str).unwrap_or_default();
    let list =
        |value: &Value, name: &str| value.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    let loaded = time::relative(text("loaded_at"));
    let loaded = if loaded.is_empty() { loaded } else { format!(", loaded {loaded}") };
    let mut findings = vec![match text("file") {
        "" => Finding::ok(ABOUT, format!("no file: credentials from the environment{loaded}")),
        file => Finding::ok(ABOUT, format!("{file}{loaded}")),
    }];
    if let Some(failure) = status.get("failure").filter(|failure| failure.is_object()) {
        let help = list(failure, "diagnostics").iter().map(diagnostic).collect::<Vec<_>>().join("\n");
        let text = "the file was changed and cannot be used; what ran before stays in force";
        findings.push(Finding::fail(ABOUT, text, help));
    }
    for warning in list(status, "warnings") {
        findings.push(Finding::warn(ABOUT, diagnostic(&warning), "correct the file"));
    }
    for note in list(status, "restart") {
        let part = |name: &str| note.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let text = format!("`{}` is {} until a restart", part("setting"), part("running"));
        findings.push(Finding::warn(ABOUT, text, format!("restart for {}", part("written"))));
    }
    findings
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::Level;
    use super::*;

    #[test]
    fn a_file_that_was_refused_fails() {
        let status = json!({
            "file": "gatewright.yaml",
            "failure": { "diagnostics": [{ "file": "gatewright.yaml", "line": 3, "message": "unknown key `x`" }] },
            "restart": [{ "setting": "server.listen", "running": "127.0.0.1:1", "written": "127.0.0.1:2" }],
        });
        let findings = judge(&status);
        let levels: Vec<Level> = findings.iter().map(|finding| finding.level).collect();
        assert_eq!(levels, [Level::Ok, Level::Fail, Level::Warn]);
        assert_eq!(findings[1].json()["help"], "gatewright.yaml:3: error: unknown key `x`");
    }

    #[test]
    fn without_a_file_all_is_well() {
        assert_eq!(judge(&json!({ "file": null })).len(), 1);
    }
}
