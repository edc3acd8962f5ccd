//! Objects as the text of a `gatewright.yaml`. Secrets are not in it: variables stand in their places.

use std::collections::HashSet;
use std::fmt::Write as _;

use domain::ObjectKind;
use serde_json::{Map, Value};

use crate::tree::{Kind, Scalar};

/// An object to be written into a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Exported {
    pub kind: ObjectKind,
    pub name: String,
    pub body: Map<String, Value>,
    /// The fields that hold a secret.
    pub secrets: Vec<String>,
}

const HEAD: &str = "\
# Exported by `gatewright export`. Secrets are not in this file: set the variables that stand in their places.
";

/// A file that declares these objects. Reading it gives the same objects again.
pub fn export(objects: &[Exported]) -> String {
    let mut text = HEAD.to_owned();
    let mut variables = HashSet::new();
    for kind in ObjectKind::ALL {
        let mut of_kind: Vec<&Exported> = objects.iter().filter(|object| object.kind == kind).collect();
        of_kind.sort_by(|one, other| (project(one), &one.name).cmp(&(project(other), &other.name)));
        if of_kind.is_empty() {
            continue;
        }
        let _ = writeln!(text, "{}:", kind.plural());
        for object in of_kind {
            let document = document(object, &mut variables);
            write_item(&mut text, &document, 2);
        }
    }
    text
}

fn project(object: &Exported) -> &str {
    object.body.get("project").and_then(Value::as_str).unwrap_or(domain::DEFAULT_NAME)
}

/// A scalar that is written as it stands, past the escape of `$`.
const REFERENCE: &str = "\u{0}";

fn document(object: &Exported, variables: &mut HashSet<String>) -> Map<String, Value> {
    let mut document = Map::new();
    if object.kind != ObjectKind::Price {
        document.insert("name".to_owned(), object.name.as_str().into());
    }
    document.extend(object.body.iter().map(|(key, value)| (key.clone(), value.clone())));
    for field in &object.secrets {
        let variable = variable(object, field, variables);
        crate::row::put(&mut document, field, format!("{REFERENCE}${{{variable}}}").into());
    }
    document
}

/// `CREDENTIAL_OPENAI_MAIN_API_KEY`; two names that differ in signs alone get different variables.
fn variable(object: &Exported, field: &str, taken: &mut HashSet<String>) -> String {
    let project = Some(project(object)).filter(|project| *project != domain::DEFAULT_NAME);
    let parts = [Some(object.kind.name()), project, Some(object.name.as_str()), Some(field)];
    let words = parts.into_iter().flatten().collect::<Vec<_>>().join("_");
    let plain = |letter: char| if letter.is_ascii_alphanumeric() { letter.to_ascii_uppercase() } else { '_' };
    let base: String = words.chars().map(plain).collect();
    let mut name = base.clone();
    let mut number = 1;
    while !taken.insert(name.clone()) {
        number += 1;
        name = format!("{base}_{number}");
    }
    name
}

fn write_item(text: &mut String, document: &Map<String, Value>, indent: usize) {
    for (index, (key, value)) in document.iter().enumerate() {
        let lead = if index == 0 { format!("{}- ", " ".repeat(indent)) } else { " ".repeat(indent + 2) };
        let _ = write!(text, "{lead}{}:", scalar(key));
        write_value(text, value, indent + 2);
    }
}

/// What stands behind a colon.
fn write_value(text: &mut String, value: &Value, indent: usize) {
    let pad = " ".repeat(indent);
    match value {
        Value::Object(section) if !section.is_empty() => {
            text.push('\n');
            for (key, value) in section {
                let _ = write!(text, "{pad}  {}:", scalar(key));
                write_value(text, value, indent + 2);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            text.push('\n');
            for item in items {
                match item {
                    Value::Object(section) if !section.is_empty() => write_item(text, section, indent + 2),
                    other => {
                        let _ = writeln!(text, "{pad}  - {}", plain(other));
                    }
                }
            }
        }
        other => {
            let _ = writeln!(text, " {}", plain(other));
        }
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => match text.strip_prefix(REFERENCE) {
            Some(reference) => format!("\"{reference}\""),
            None => scalar(text),
        },
        Value::Array(_) => "[]".to_owned(),
        Value::Object(_) => "{}".to_owned(),
        other => other.to_string(),
    }
}

/// Text that every YAML reader takes for exactly this text.
fn scalar(text: &str) -> String {
    /// What readers of YAML 1.1 take for a boolean.
    const KEYWORDS: [&str; 6] = ["y", "n", "yes", "no", "on", "off"];
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'/');
    let simple = text.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic())
        && text.bytes().all(letter)
        && !KEYWORDS.contains(&text.to_ascii_lowercase().as_str())
        && Scalar { text: text.to_owned(), quoted: false }.kind() == Kind::Text;
    if simple {
        return text.to_owned();
    }
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.replace("${", "$${").chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            // Line and paragraph separators break lines in YAML, and a byte order mark may vanish.
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}') => {
                let _ = write!(quoted, "\\U{:08X}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
