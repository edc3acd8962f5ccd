//! One object in a file of its own: YAML or JSON as a plain document, with its references resolved by whoever holds the
//! file. What the fields mean is not decided here.

use serde_json::{Map, Number, Value};
use vault::Environment;

use crate::diagnostic::{At, Diagnostic, Findings};
use crate::source::Source;
use crate::tree::{self, Content, Kind, Node, Scalar};

/// The fields of one object, or everything that keeps them from being read.
pub fn read_document(
    source: &Source,
    environment: &Environment,
) -> Result<Map<String, Value>, Vec<Diagnostic>> {
    let mut findings = Findings::new(&source.name);
    let (node, problems) = tree::parse(&source.text);
    for problem in problems {
        let at = At { path: String::new(), line: problem.place.line, column: problem.place.column };
        findings.error_with(&at, problem.message, problem.help.unwrap_or("write the fields of one object"));
    }
    let document = value(&node, environment, &mut findings);
    match document {
        Value::Object(document) if !findings.has_errors() => Ok(document),
        Value::Object(_) => Err(findings.into_sorted()),
        _ => {
            let help = "write the fields of one object, such as `model: gpt-5`";
            findings.error_with(&place(&node), "expected a section", help);
            Err(findings.into_sorted())
        }
    }
}

fn value(node: &Node, environment: &Environment, findings: &mut Findings) -> Value {
    match &node.content {
        Content::Scalar(scalar) => resolved(scalar, node, environment, findings),
        Content::List(items) => {
            Value::Array(items.iter().map(|item| value(item, environment, findings)).collect())
        }
        Content::Section(entries) => {
            let field = |entry: &tree::Entry| (entry.key.clone(), value(&entry.value, environment, findings));
            Value::Object(entries.iter().map(field).collect())
        }
    }
}

fn resolved(scalar: &Scalar, node: &Node, environment: &Environment, findings: &mut Findings) -> Value {
    match vault::resolve(&scalar.text, environment) {
        // What a reference stands for is text, whatever it looks like.
        Ok(resolved) if resolved.referenced => resolved.value.into(),
        Ok(resolved) => typed(scalar.kind(), resolved.value),
        Err(errors) => {
            for error in errors {
                findings.error(&place(node), error.to_string());
            }
            Value::Null
        }
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
}
