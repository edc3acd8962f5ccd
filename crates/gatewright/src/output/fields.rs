//! One thing as its fields, one below the other, for people. Nested values are written as YAML would write them in one
//! line.

use serde_json::Value;

use super::{harmless, line};

/// Prints fields under a title; what is empty is left out.
pub(crate) fn fields(title: &str, fields: &[(String, String)]) {
    line(&harmless(title));
    let shown: Vec<_> = fields.iter().filter(|(_, value)| !value.is_empty()).collect();
    let width = shown.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    for (name, value) in shown {
        let mut lines = value.lines();
        line(&format!("  {name:width$}  {}", harmless(lines.next().unwrap_or_default())));
        for more in lines {
            line(&format!("  {:width$}  {}", "", harmless(more)));
        }
    }
}

/// A value in one line: `{ credential: openai, model: gpt-5 }`. Lists of sections get a line for each.
pub(crate) fn flow(value: &Value) -> String {
    match value {
        Value::Array(items) if items.iter().any(Value::is_object) => {
            items.iter().map(inline).collect::<Vec<_>>().join("\n")
        }
        Value::Array(items) => items.iter().map(inline).collect::<Vec<_>>().join(", "),
        Value::Object(map) => entries(map),
        other => inline(other),
    }
}

fn inline(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => format!("[{}]", items.iter().map(inline).collect::<Vec<_>>().join(", ")),
        Value::Object(map) => format!("{{ {} }}", entries(map)),
        other => other.to_string(),
    }
}

fn entries(map: &serde_json::Map<String, Value>) -> String {
    map.iter().map(|(name, value)| format!("{name}: {}", inline(value))).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn nested_values_are_one_line_each() {
        let targets = json!([{ "credential": "a", "model": "m", "weight": 9 }, "openai/gpt-5"]);
        assert_eq!(flow(&targets), "{ credential: a, model: m, weight: 9 }\nopenai/gpt-5");
        assert_eq!(flow(&json!(["a", "b"])), "a, b");
        assert_eq!(flow(&json!({ "attempts": 2, "on": [429, "5xx"] })), "attempts: 2, on: [429, 5xx]");
        assert_eq!(flow(&json!(true)), "true");
    }
}
