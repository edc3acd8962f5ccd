//! The JSON Schema and the reference document agree with what the gateway does.

use config::{reference_markdown, schema};
use serde_json::{Map, Value};

use super::{compile, files};

fn validator() -> jsonschema::Validator {
    jsonschema::draft202012::new(&schema()).unwrap()
}

/// The file as an editor sees it.
fn as_json(text: &str) -> Option<Value> {
    tree_of(text)
}

#[test]
fn the_schema_is_a_schema() {
    assert!(jsonschema::draft202012::meta::is_valid(&schema()));
}

/// An editor never underlines what the gateway accepts.
#[test]
fn every_good_file_is_valid_by_the_schema() {
    let validator = validator();
    for (name, text) in files("good") {
        let json = as_json(&text).unwrap();
        let errors: Vec<String> =
            validator.iter_errors(&json).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(errors.is_empty(), "{name}: {errors:#?}");
        assert!(compile(&text).is_ok(), "{name}");
    }
}

/// What is wrong with the form of one value, the schema finds as well.
#[test]
fn files_of_wrong_form_are_invalid_by_the_schema() {
    let validator = validator();
    for (name, text) in files("bad") {
        let form = ["unknown-keys", "wrong-types", "missing", "weights", "later", "not-a-section"];
        if form.contains(&name.as_str()) {
            assert!(!validator.is_valid(&as_json(&text).unwrap()), "{name}");
        }
    }
}

/// One wrong value at a time: both say no, and without it both say yes.
#[test]
fn both_judge_single_values_alike() {
    let validator = validator();
    let check = |text: &str, right: bool| {
        let ours = compile(text).is_ok();
        let schema = validator.is_valid(&as_json(text).unwrap());
        assert_eq!((ours, schema), (right, right), "{text}");
    };
    let server = |fields: &str| format!("server: {{ {fields} }}");
    for (right, wrong) in [
        ("executors: 4", "executors: 0"),
        ("executors: \"${CORES}\"", "executors: \"4\""),
        ("insecure_http: off", "insecure_http: no"),
        ("insecure_http: true", "insecure_http: 1"),
        ("anonymous: never", "anonymous: nobody"),
        ("listen: 127.0.0.1:80", "listen: localhost:80"),
        ("listen: \"[::1]:80\"", "listen: 80"),
        ("public_url: http://127.0.0.1", "public_url: 127.0.0.1"),
        ("caps: { body: 1MiB }", "caps: { body: 1 MiB }"),
        ("caps: { drain: 0s }", "caps: { drain: 0 }"),
        ("caps: { body_read: 1ms }", "caps: { body_read: 0ms }"),
        ("caps: {}", "caps: []"),
        ("caps: ", "caps: 1"),
    ] {
        check(&server(right).replace("${CORES}", "${FOUR}"), true);
        check(&server(wrong), false);
    }
    for (right, wrong) in
        [("input: 0.1", "input: -1"), ("input: \"0.1\"", "input: \"0,1\""), ("input: 1", "input: a")]
    {
        let price = |input: &str| format!("prices: [{{ provider: openai, model: x, {input}, output: 1 }}]");
        check(&price(right), true);
        check(&price(wrong), false);
    }
    for (right, wrong) in
        [("proxy: off", "proxy: on"), ("proxy: \"http://p:1\"", "proxy: p"), ("proxy: false", "proxy: []")]
    {
        check(&format!("egress: {{ {right} }}"), true);
        check(&format!("egress: {{ {wrong} }}"), false);
    }
    for (right, wrong) in [
        ("[simulator/m]", "[]"),
        ("[{ credential: s, model: m }]", "[{ credential: s }]"),
        ("[simulator/m]", "simulator/m"),
    ] {
        let endpoint = |targets: &str| {
            format!(
                "credentials: [{{ name: s, provider: simulator }}]\nendpoints: [{{ name: e, targets: {targets} }}]"
            )
        };
        check(&endpoint(right), true);
        check(&endpoint(wrong), false);
    }
}

#[test]
fn the_schema_and_the_reference_are_reviewed() {
    insta::assert_json_snapshot!(schema());
    insta::assert_snapshot!(reference_markdown());
}

/// Reads YAML the way a plain YAML reader does: core schema, no knowledge of ours. Written with the parser that our own
/// reading stands on, because editors have one of the same standard.
fn tree_of(text: &str) -> Option<Value> {
    use granit_parser::{Event, Parser, ScalarStyle};

    enum Open {
        List(usize, Vec<Value>),
        Map(usize, Map<String, Value>, Option<String>),
    }
    let mut open: Vec<Open> = Vec::new();
    let mut anchors = std::collections::HashMap::new();
    let mut root = Value::Null;
    for event in Parser::new_from_str(text) {
        let (value, anchor) = match event.ok()?.0 {
            Event::Scalar(text, style, anchor, _) => (scalar(&text, style == ScalarStyle::Plain), anchor),
            Event::Alias(anchor) => (anchors.get(&anchor).cloned()?, 0),
            Event::SequenceStart(_, anchor, _) => {
                open.push(Open::List(anchor, Vec::new()));
                continue;
            }
            Event::MappingStart(_, anchor, _) => {
                open.push(Open::Map(anchor, Map::new(), None));
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => match open.pop()? {
                Open::List(anchor, items) => (Value::Array(items), anchor),
                Open::Map(anchor, map, _) => (Value::Object(map), anchor),
            },
            _ => continue,
        };
        if anchor != 0 {
            anchors.insert(anchor, value.clone());
        }
        match open.last_mut() {
            None => root = value,
            Some(Open::List(_, items)) => items.push(value),
            Some(Open::Map(_, map, key)) => match (key.take(), value) {
                (None, Value::String(text)) => *key = Some(text),
                (None, other) => *key = Some(other.to_string()),
                (Some(merge), Value::Object(merged)) if merge == "<<" => {
                    for (name, value) in merged {
                        map.entry(name).or_insert(value);
                    }
                }
                (Some(name), value) => {
                    map.insert(name, value);
                }
            },
        }
    }
    Some(root)
}

fn scalar(text: &str, plain: bool) -> Value {
    match text {
        _ if !plain => text.into(),
        "" | "~" | "null" => Value::Null,
        "true" => true.into(),
        "false" => false.into(),
        _ => {
            let number = text.trim_start_matches('+');
            let number = if number.starts_with('.') { format!("0{number}") } else { number.to_owned() };
            serde_json::from_str::<serde_json::Number>(&number).map_or_else(|_| text.into(), Value::Number)
        }
    }
}
