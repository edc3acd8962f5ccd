//! What `apply` would do, or has done: a line for each object that changes, and never a value.

use serde_json::Value;

use crate::output::{self, harmless};

/// The changes that a gateway found between a file and what is stored.
pub(super) struct Plan<'a> {
    changes: Vec<&'a Value>,
    unchanged: usize,
}

/// What is done to an object, with its sign and its words before and after.
const ACTIONS: [(&str, char, &str, &str); 3] = [
    ("create", '+', "to create", "created"),
    ("update", '~', "to change", "changed"),
    ("delete", '-', "to delete", "deleted"),
];

impl<'a> Plan<'a> {
    pub(super) fn of(answer: &'a Value) -> Self {
        let all = answer.get("changes").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let (changes, unchanged): (Vec<_>, Vec<_>) =
            all.iter().partition(|change| ACTIONS.iter().any(|action| action.0 == text(change, "action")));
        Self { changes, unchanged: unchanged.len() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    pub(super) fn deletions(&self) -> usize {
        self.number("delete")
    }

    pub(super) fn print(&self) {
        for change in &self.changes {
            output::line(&line(change));
        }
    }

    /// The secrets of keys that were made: they are known in this moment only.
    pub(super) fn print_secrets(&self) {
        let made = self.changes.iter().filter(|change| !text(change, "secret").is_empty());
        for (index, key) in made.enumerate() {
            if index == 0 {
                output::line("new keys; store them now, they are not shown again:");
            }
            output::line(&format!("  {}  {}", text(key, "name"), text(key, "secret")));
        }
    }

    /// `2 to create, 1 to change, 5 unchanged`, or what was done.
    pub(super) fn sum(&self, done: bool) -> String {
        if self.is_empty() {
            return format!("nothing to do, {} unchanged", self.unchanged);
        }
        let words = ACTIONS
            .iter()
            .map(|(action, _, before, after)| (self.number(action), if done { *after } else { *before }));
        let unchanged = std::iter::once((self.unchanged, "unchanged"));
        let parts = words.chain(unchanged).filter(|(number, _)| *number > 0);
        parts.map(|(number, word)| format!("{number} {word}")).collect::<Vec<_>>().join(", ")
    }

    fn number(&self, action: &str) -> usize {
        self.changes.iter().filter(|change| text(change, "action") == action).count()
    }
}

/// `~ endpoint chat in web (targets, max_attempts)`
fn line(change: &Value) -> String {
    let sign =
        ACTIONS.iter().find(|action| action.0 == text(change, "action")).map_or('?', |action| action.1);
    let mut line = format!("{sign} {} {}", text(change, "kind"), text(change, "name"));
    let project = text(change, "project");
    if !project.is_empty() && project != "default" {
        line.push_str(&format!(" in {project}"));
    }
    let fields = change.get("fields").map(output::flow).unwrap_or_default();
    if sign == '~' && !fields.is_empty() {
        line.push_str(&format!(" ({})", harmless(&fields)));
    }
    line
}

fn text(change: &Value, name: &str) -> String {
    harmless(change.get(name).and_then(Value::as_str).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn changes_read_as_lines() {
        let answer = json!({ "changes": [
            { "action": "create", "kind": "credential", "name": "openai-main", "project": "default" },
            { "action": "update", "kind": "endpoint", "name": "chat", "project": "web", "fields": ["targets", "strict"] },
            { "action": "delete", "kind": "key", "name": "old" },
            { "action": "unchanged", "kind": "key", "name": "ci" },
        ] });
        let plan = Plan::of(&answer);
        let lines: Vec<String> = plan.changes.iter().map(|change| line(change)).collect();
        assert_eq!(
            lines,
            ["+ credential openai-main", "~ endpoint chat in web (targets, strict)", "- key old"]
        );
        assert_eq!(plan.sum(false), "1 to create, 1 to change, 1 to delete, 1 unchanged");
        assert_eq!(plan.sum(true), "1 created, 1 changed, 1 deleted, 1 unchanged");
        assert_eq!(Plan::of(&json!({ "changes": [] })).sum(false), "nothing to do, 0 unchanged");
    }
}
