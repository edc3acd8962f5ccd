//! One object in a file of its own: YAML or JSON as a plain document, with its references resolved by whoever holds the
//! file. What the fields mean is not decided here.

use serde_json::{Map, Number, Value};
use vault::{Environment, ReferenceError, ReferenceProblem};

use crate::diagnostic::{At, Diagnostic, Findings};
use crate::source::Source;
use crate::tree::{self, Content, Kind, Node, Scalar};

/// The fields of one object, or everything that keeps them from being read.
pub fn read_document(
    source: &Source,
    environment: &Environment,
) -> Result<Map<String, Value>, Vec<Diagnostic>> {
    read_document_without(source, environment, &|_| false).map(|read| read.fields)
}

/// A document from which something may be missing.
pub struct PartialDocument {
    pub fields: Map<String, Value>,
    /// The variables that stood where something was left out.
    pub left_out: Vec<String>,
}

/// The same where some fields may be left out: those that are nothing but a reference to a variable that is not set, and
/// whose path, such as `credentials.0.api_key`, `may_miss` accepts.
pub fn read_document_without(
    source: &Source,
    environment: &Environment,
    may_miss: &dyn Fn(&str) -> bool,
) -> Result<PartialDocument, Vec<Diagnostic>> {
    let mut walk =
        Walk { environment, may_miss, findings: Findings::new(&source.name), left_out: Vec::new() };
    let (node, problems) = tree::parse(&source.text);
    for problem in problems {
        let at = At { path: String::new(), line: problem.place.line, column: problem.place.column };
        walk.findings.error_with(
            &at,
            problem.message,
            problem.help.unwrap_or("write the fields of one object"),
        );
    }
    let document = walk.value(&node, "");
    match document {
        Some(Value::Object(document)) if !walk.findings.has_errors() => {
            Ok(PartialDocument { fields: document, left_out: walk.left_out })
        }
        Some(Value::Object(_)) => Err(walk.findings.into_sorted()),
        _ => {
            let help = "write the fields of one object, such as `model: gpt-5`";
            walk.findings.error_with(&place(&node), "expected a section", help);
            Err(walk.findings.into_sorted())
        }
    }
}

/// The state of a walk over the tree.
struct Walk<'a> {
    environment: &'a Environment,
    may_miss: &'a dyn Fn(&str) -> bool,
    findings: Findings,
    left_out: Vec<String>,
}

impl Walk<'_> {
    /// `None` for what is left out.
    fn value(&mut self, node: &Node, path: &str) -> Option<Value> {
        let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
        match &node.content {
            Content::Scalar(scalar) => self.resolved(scalar, node, path),
            Content::List(items) => {
                let values = items.iter().enumerate();
                let values = values.filter_map(|(index, item)| self.value(item, &below(&index.to_string())));
                Some(Value::Array(values.collect()))
            }
            Content::Section(entries) => {
                let fields = entries.iter().filter_map(|entry| {
                    Some((entry.key.clone(), self.value(&entry.value, &below(&entry.key))?))
                });
                Some(Value::Object(fields.collect()))
            }
        }
    }

    fn resolved(&mut self, scalar: &Scalar, node: &Node, path: &str) -> Option<Value> {
        let errors = match vault::resolve(&scalar.text, self.environment) {
            // What a reference stands for is text, whatever it looks like.
            Ok(resolved) if resolved.referenced => return Some(resolved.value.into()),
            Ok(resolved) => return Some(typed(scalar.kind(), resolved.value)),
            Err(errors) => errors,
        };
        if let [ReferenceError { problem: ReferenceProblem::Unset { variable } }] = errors.as_slice()
            && scalar.text == format!("${{{variable}}}")
            && (self.may_miss)(path)
        {
            self.left_out.push(variable.clone());
            return None;
        }
        for error in errors {
            self.findings.error(&place(node), error.to_string());
        }
        Some(Value::Null)
    }
}

fn typed(kind: Kind, text: String) -> Value {
    match kind {
        Kind::Null => Value::Null,
        Kind::Boolean(boolean) => boolean.into(),
        // YAML knows numbers that JSON does not, such as `0x1f`: they go on as text.
        Kind::Number => text.parse::<Number>().map_or_else(|_| text.into(), Value::Number),
        Kind::Text => text.into(),
    }
}

fn place(node: &Node) -> At {
    At { path: String::new(), line: node.place.line, column: node.place.column }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(text: &str) -> Result<Value, String> {
        let environment = Environment::fixed([("KEY", "12345")]);
        let read = read_document(&Source::new("credential.yaml", text), &environment);
        read.map(Value::Object)
            .map_err(|problems| problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    }

    #[test]
    fn yaml_and_json_become_the_same_document() {
        let expected =
            json!({ "provider": "openai", "strict": true, "weights": [90, 0.5], "api_key": "12345" });
        assert_eq!(
            read("provider: openai\nstrict: on\nweights: [90, 0.5]\napi_key: \"${KEY}\"\n"),
            Ok(expected)
        );
        assert_eq!(read("{\"a\": null, \"b\": \"5\"}"), Ok(json!({ "a": null, "b": "5" })));
    }

    #[test]
    fn what_cannot_be_read_is_named_with_its_line() {
        let unset = read("provider: openai\napi_key: \"${NOT_SET}\"").unwrap_err();
        assert!(unset.starts_with("credential.yaml:2:10: error: ") && unset.contains("`NOT_SET`"), "{unset}");
        for text in ["- a\n- b", "just text", "a: [", "a: {b: }}"] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn secrets_that_are_not_at_hand_may_be_left_out() {
        let text = "credentials:\n  - { name: a, api_key: \"${NOT_SET}\", base_url: \"${KEY}\" }\n";
        let may_miss = |path: &str| path == "credentials.0.api_key";
        let read = |text: &str| {
            read_document_without(
                &Source::new("stored.yaml", text),
                &Environment::fixed([("KEY", "x")]),
                &may_miss,
            )
        };
        let read_text = read(text).unwrap();
        assert_eq!(
            Value::Object(read_text.fields),
            json!({ "credentials": [{ "name": "a", "base_url": "x" }] })
        );
        assert_eq!(read_text.left_out, ["NOT_SET"]);
        assert!(read(&text.replace("api_key", "region")).is_err());
        assert!(read(&text.replace("${NOT_SET}", "sk-${NOT_SET}")).is_err());
    }
}
