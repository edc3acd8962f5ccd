//! Objects as a client of the admin API sends them.

use config::objects::{Draft, FieldProblem, draft, json_schema, secret_fields};
use domain::ObjectKind;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// One document of each kind with every field in it.
pub(super) fn full(kind: ObjectKind) -> Value {
    let target =
        json!({ "credential": "openai-main", "model": "gpt-5", "weight": 9, "dialect": "openai-chat" });
    match kind {
        ObjectKind::Team => json!({ "name": "search", "description": "Finds things.\nAll of them." }),
        ObjectKind::Project => json!({ "name": "web", "team": "search", "description": "The page." }),
        ObjectKind::Credential => json!({
            "name": "openai-main", "project": "web", "description": "d", "provider": "openai",
            "api_key": "sk-canary-${NOT_A_REFERENCE}", "base_url": "https://proxy.example.com/v1",
            "auth": { "kind": "header", "name": "x-key", "prefix": "Token" },
            "latency": { "first_token": "1s", "between": "20ms" }, "failures": { "every": 10, "status": 503 },
        }),
        ObjectKind::Target => json!({
            "name": "main", "project": "web", "description": "d", "credential": "openai-main", "model": "gpt-5",
            "dialect": "openai-chat",
        }),
        ObjectKind::Endpoint => json!({
            "name": "chat", "aliases": ["gpt", "gpt-4o"], "project": "web", "description": "d",
            "targets": [target, { "target": "main", "weight": 1 }, "anthropic/claude-sonnet-4-5"],
            "fallbacks": ["openai/gpt-5-mini", { "target": "spare" }], "fallback_on": ["error", "timeout"],
            "strategy": "weighted", "retry": { "attempts": 3, "on": [429, "5xx"], "backoff": { "initial": "1s", "max": "2s" } },
            "max_attempts": 5, "timeouts": { "connect": "3s", "first_token": "30s", "idle": "45s", "total": "5m" },
            "max_output_tokens": 8192, "strict": true, "capture": "metadata",
        }),
        ObjectKind::Key => json!({
            "name": "ci", "project": "web", "description": "d", "secret": "canary-key-of-the-ci-job",
            "endpoints": ["chat", "openai/gpt-5", "anthropic/*"], "expires": "2027-01-01T12:00:00Z",
            "tags": ["nightly", "team:search"], "metadata": { "cost_center": "4711" }, "permissions": ["calls:read"],
        }),
        ObjectKind::Price => json!({
            "provider": "openai", "model": "gpt-*", "input": 1.25, "output": "10.00", "cache_read": 0.1,
            "cache_write": 0, "cache_write_1h": "0", "audio_input": 1e-7, "audio_output": "999999999.999999999999",
            "long_context": { "above": 272000, "input": 2.5, "output": 15, "cache_read": 1, "cache_write": 1,
                "cache_write_1h": 1, "audio_input": 1, "audio_output": 1 },
        }),
    }
}

fn object(value: &Value) -> &Map<String, Value> {
    value.as_object().unwrap()
}

fn right(kind: ObjectKind, value: &Value) -> Draft {
    draft(kind, object(value)).unwrap_or_else(|problems| panic!("{kind}: {problems:#?}"))
}

fn wrong(kind: ObjectKind, value: &Value) -> Vec<FieldProblem> {
    draft(kind, object(value)).unwrap_err()
}

#[test]
fn every_field_of_every_kind_arrives() {
    for kind in ObjectKind::ALL {
        let document = full(kind);
        let mut found = right(kind, &document);
        // A test of its own compares the secrets.
        let secrets: Vec<_> = found.secrets.drain(..).map(|(field, _)| field).collect();
        let fields: Vec<&String> = object(&document).keys().collect();
        assert!(
            fields.iter().all(|field| {
                found.body.contains_key(*field) || *field == "name" || secrets.contains(field)
            })
        );
        assert_eq!(secrets, secret_fields(kind), "{kind}");
        insta::assert_json_snapshot!(
            format!("draft__{kind}"),
            json!({
                "name": found.name,
                "project": found.project,
                "body": found.body,
                "names": found.names.iter().map(|one| format!("{} {} at {}", one.kind, one.name, one.pointer)).collect::<Vec<_>>(),
            })
        );
    }
}

#[test]
fn secrets_are_set_apart_and_literal() {
    let found = right(ObjectKind::Credential, &full(ObjectKind::Credential));
    assert_eq!(found.secrets.len(), 1);
    assert_eq!(
        (found.secrets[0].0.as_str(), found.secrets[0].1.expose().as_str()),
        ("api_key", "sk-canary-${NOT_A_REFERENCE}")
    );
    assert!(!format!("{found:?}").contains("canary"));
}

/// A PUT without a secret keeps the stored one.
#[test]
fn a_secret_may_be_left_out_and_null_is_not_written() {
    let found = right(
        ObjectKind::Key,
        &json!({ "name": "ci", "secret": null, "endpoints": null, "description": null }),
    );
    assert!(found.secrets.is_empty() && found.body.is_empty(), "{found:?}");
}

#[test]
fn a_price_is_called_by_what_it_prices() {
    assert_eq!(right(ObjectKind::Price, &full(ObjectKind::Price)).name, "openai/gpt-*");
}

/// What the form says in two ways is kept in one.
#[test]
fn a_body_has_one_spelling() {
    let one = json!({ "provider": "openai", "model": "m", "input": 0.10, "output": "10.0" });
    let two = json!({ "output": 10, "input": "0.1", "model": "m", "provider": "openai", "cache_read": null });
    assert_eq!(right(ObjectKind::Price, &one), right(ObjectKind::Price, &two));
    let three = right(
        ObjectKind::Price,
        &json!({ "provider": "openai", "model": "m", "input": 0.30000000000000004, "output": 1 }),
    );
    assert_eq!(three.body["input"], "0.3");
}

#[test]
fn every_problem_is_told_with_its_pointer_and_never_a_secret() {
    let cases = [
        (
            ObjectKind::Credential,
            json!({
                "nam": "x", "name": "Upper", "provider": 5, "api_key": "canary two", "auth": { "kind": "cookie", "name": "n" },
                "base_url": "https://u:canary@x/", "failures": { "every": 0, "a/b~c": 1 }, "later": {},
            }),
        ),
        (ObjectKind::Credential, json!({ "name": "a", "provider": "openai", "api_key": 5, "auth": false })),
        (
            ObjectKind::Credential,
            json!({ "name": "a", "provider": "openai", "auth": { "kind": "header", "name": "Host" } }),
        ),
        (
            ObjectKind::Credential,
            json!({ "name": "a", "provider": "openai", "auth": { "kind": "query", "name": "a&b", "prefix": "x" } }),
        ),
        (
            ObjectKind::Endpoint,
            json!({ "name": "a", "targets": [{ "credential": "x", "weight": -1 }, 5, "x", { "target": "t", "model": "m" }], "aliases": ["a", "a"] }),
        ),
        (
            ObjectKind::Endpoint,
            json!({ "name": "a", "targets": [], "retry": [], "strict": "yes", "capture": "ful" }),
        ),
        (ObjectKind::Endpoint, json!({ "name": "a", "targets": vec!["openai/m"; 101], "max_attempts": 1.5 })),
        (
            ObjectKind::Key,
            json!({
                "name": "a".repeat(64), "secret": "canary-short", "expires": "soon", "tags": ["ok", "not ok"],
                "metadata": { "a b": "c", "n": 1 }, "permissions": ["calls:write"], "description": "x".repeat(1_001),
            }),
        ),
        (ObjectKind::Key, json!({ "name": "a", "secret": "canary".repeat(2_000), "metadata": 5 })),
        (ObjectKind::Price, json!({ "provider": "openai", "model": " m", "input": -1, "output": 1e300 })),
        (ObjectKind::Team, json!({})),
        (ObjectKind::Team, json!({ "name": null, "x-anchor": 1 })),
        (ObjectKind::Project, json!({ "name": ["a"], "team": { "name": "x" } })),
        (ObjectKind::Target, json!({ "name": "t", "credentials": ["a"], "model": "m", "region": "r" })),
    ];
    let mut shown = String::new();
    for (kind, document) in cases {
        shown.push_str(&format!("{kind}\n"));
        for problem in wrong(kind, &document) {
            let help = problem.help.map(|help| format!("; {help}")).unwrap_or_default();
            shown.push_str(&format!("  {}: {}{help}\n", problem.pointer, problem.message));
        }
    }
    assert!(!shown.contains("canary"), "{shown}");
    insta::assert_snapshot!(shown);
}

#[test]
fn a_schema_is_one_and_stands_alone() {
    for kind in ObjectKind::ALL {
        let schema = json_schema(kind);
        assert!(jsonschema::draft202012::meta::is_valid(&schema), "{kind}");
        assert!(!schema.to_string().contains("$ref"), "{kind}");
        let validator = jsonschema::draft202012::new(&schema).unwrap();
        assert!(
            validator.is_valid(&full(kind)),
            "{kind}: {:?}",
            validator.iter_errors(&full(kind)).map(|e| e.to_string()).collect::<Vec<_>>()
        );
    }
    insta::assert_json_snapshot!(json_schema(ObjectKind::Endpoint));
}

/// Values that fit somewhere, and ones that fit nowhere.
fn any_value() -> impl Strategy<Value = Value> {
    let odd = [
        json!(null),
        json!(true),
        json!(false),
        json!(0),
        json!(-1),
        json!(1.5),
        json!(4.0),
        json!(1e300),
        json!(u64::MAX),
        json!(""),
        json!(" "),
        json!("a"),
        json!("A"),
        json!("no"),
        json!("off"),
        json!("1.10"),
        json!("429"),
        json!(429),
        json!("${HOME}"),
        json!("$${"),
        json!("a\u{0}b"),
        json!("a\nb"),
        json!("\u{85}"),
        json!("ümläut"),
        json!("\u{feff}x"),
        json!("5s"),
        json!("0s"),
        json!("999999999h"),
        json!("https://example.com"),
        json!("http://[::1]:8000/v1"),
        json!("https://example.com/?a=b"),
        json!("bearer"),
        json!("openai/gpt-5"),
        json!("a/"),
        json!("/b"),
        json!("2027-01-01"),
        json!("2027-02-30"),
        json!("x".repeat(300)),
        json!("x".repeat(2_000)),
        json!([]),
        json!({}),
        json!(["a"]),
        json!(["a", "a"]),
        json!([null]),
        json!([[]]),
        json!({ "a": "b" }),
        json!({ "target": "t" }),
        json!([{ "target": "t" }]),
        json!([{ "target": null, "credential": "c", "model": "m" }]),
        json!(vec!["openai/m"; 101]),
        json!({ "kind": "query", "name": "key" }),
        json!({ "kind": "header", "name": "x-key" }),
        json!({ "kind": "header" }),
        json!({ "kind": null, "name": "x" }),
        json!({ "kind": 5 }),
        json!({ "every": 5 }),
        json!({ "above": 1, "input": 1, "output": 1 }),
        json!(["calls:read"]),
        json!([429, "5xx"]),
        json!({ "x".repeat(65): "v" }),
        json!({ "a": "" }),
    ];
    prop_oneof![
        4 => proptest::sample::select(odd.to_vec()),
        1 => "\\PC{0,20}".prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => any::<f64>().prop_map(Value::from),
    ]
}

/// Where the reader takes more spellings than the schema can describe.
fn takes_more(pointer: &str) -> bool {
    [
        "base_url",
        "expires",
        "first_token",
        "between",
        "connect",
        "idle",
        "total",
        "initial",
        "max",
        "auth",
        "targets",
        "fallbacks",
    ]
    .iter()
    .any(|field| pointer.contains(field))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Nobody is told by the schema that something is right which is then refused, nor the other way round.
    #[test]
    fn schema_and_reader_judge_alike(kind in proptest::sample::select(ObjectKind::ALL.to_vec()), which in any::<usize>(), value in any_value()) {
        let mut document = full(kind);
        let pointers = pointers(&document);
        let pointer = &pointers[which % pointers.len()];
        *document.pointer_mut(pointer).unwrap() = value;
        let Some(object) = document.as_object() else { return Ok(()) };
        let schema = SCHEMAS.with(|schemas| schemas.iter().find(|(of, _)| *of == kind).unwrap().1.is_valid(&document));
        match draft(kind, object) {
            Ok(_) => prop_assert!(schema || takes_more(pointer), "the schema refuses {pointer} of {document}"),
            Err(problems) => prop_assert!(!schema, "the reader refuses {pointer} of {document}: {problems:?}"),
        }
    }

    #[test]
    fn any_document_is_answered(kind in proptest::sample::select(ObjectKind::ALL.to_vec()), key in "\\PC{0,12}", value in any_value()) {
        let mut document = Map::new();
        document.insert(key, value.clone());
        document.insert("name".to_owned(), value);
        let _ = draft(kind, &document);
    }
}

thread_local! {
    static SCHEMAS: Vec<(ObjectKind, jsonschema::Validator)> =
        ObjectKind::ALL.map(|kind| (kind, jsonschema::draft202012::new(&json_schema(kind)).unwrap())).into();
}

/// Every place in a document.
fn pointers(value: &Value) -> Vec<String> {
    fn walk(value: &Value, at: &str, found: &mut Vec<String>) {
        let children: Vec<(String, &Value)> = match value {
            Value::Object(object) => object.iter().map(|(key, value)| (key.clone(), value)).collect(),
            Value::Array(items) => {
                items.iter().enumerate().map(|(index, value)| (index.to_string(), value)).collect()
            }
            _ => Vec::new(),
        };
        for (key, value) in children {
            let pointer = format!("{at}/{key}");
            found.push(pointer.clone());
            walk(value, &pointer, found);
        }
    }
    let mut found = Vec::new();
    walk(value, "", &mut found);
    found
}
