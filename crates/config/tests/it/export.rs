//! Out of the store into a file, and back.

use config::Source;
use config::objects::{Draft, Exported, draft, export, from_file};
use domain::ObjectKind;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{environment, print};

fn exported(draft: &Draft) -> Exported {
    Exported {
        kind: draft.kind,
        name: draft.name.clone(),
        body: draft.body.clone(),
        secrets: draft.secrets.iter().map(|(field, _)| field.clone()).collect(),
    }
}

/// Exports drafts and reads them back, with every variable set to what it stands for.
fn there_and_back(drafts: &[Draft]) -> (String, Vec<Draft>) {
    let text = export(&drafts.iter().map(exported).collect::<Vec<_>>());
    let variables = text.split("\"${").skip(1).filter_map(|rest| rest.split_once('}'));
    let names: Vec<&str> = variables.map(|(name, _)| name).collect();
    let environment = vault::Environment::fixed(names.iter().map(|name| (*name, "sk-canary-of-the-secret")));
    let back = from_file(&Source::new("exported.yaml", text.as_str()), &environment);
    (text.clone(), back.unwrap_or_else(|diagnostics| panic!("{text}\n{}", print(&diagnostics))))
}

fn of(kind: ObjectKind, value: &Value) -> Draft {
    draft(kind, value.as_object().unwrap()).unwrap_or_else(|problems| panic!("{problems:#?}"))
}

#[test]
fn every_object_survives() {
    let mut drafts: Vec<Draft> =
        ObjectKind::ALL.iter().map(|kind| of(*kind, &super::objects::full(*kind))).collect();
    for draft in &mut drafts {
        for (_, secret) in &mut draft.secrets {
            *secret = "sk-canary-of-the-secret".into();
        }
    }
    let (text, back) = there_and_back(&drafts);
    assert_eq!(back, drafts);
    assert!(!text.contains("canary"), "{text}");
    insta::assert_snapshot!(text);
}

#[test]
fn odd_texts_survive() {
    let texts = [
        "no",
        "1.10",
        "0x1f",
        "null",
        "~",
        "true",
        "off",
        "- a",
        "a: b",
        "a #b",
        "#",
        "*x",
        "&x",
        "!x",
        "|",
        ">",
        "%",
        "@",
        "`",
        "'",
        "\"",
        "\\",
        "a\nb",
        "a\tb",
        "\n",
        "${HOME}",
        "$${HOME}",
        "$$${",
        "$",
        "${",
        "}",
        "[a]",
        "{a}",
        "ümläut",
        "中文",
        "😀",
        "\u{2028}",
        "\u{feff}x",
        "2027-01-01",
        "1e3",
        ".5",
        "---",
        "...",
        "<<",
        "=",
        "y",
        "N",
        " a ",
    ];
    let drafts: Vec<Draft> = texts
        .iter()
        .enumerate()
        .map(|(index, text)| {
            of(ObjectKind::Team, &json!({ "name": format!("t{index:02}"), "description": text }))
        })
        .collect();
    let (text, back) = there_and_back(&drafts);
    assert_eq!(back, drafts, "{text}");
}

#[test]
fn names_that_differ_in_signs_get_variables_of_their_own() {
    let drafts: Vec<Draft> = ["a-b", "a.b", "a_b"]
        .map(|name| {
            of(ObjectKind::Credential, &json!({ "name": name, "provider": "openai", "api_key": "x" }))
        })
        .into();
    let text = export(&drafts.iter().map(exported).collect::<Vec<_>>());
    for variable in ["CREDENTIAL_A_B_API_KEY}", "CREDENTIAL_A_B_API_KEY_2}", "CREDENTIAL_A_B_API_KEY_3}"] {
        assert!(text.contains(variable), "{text}");
    }
}

#[test]
fn a_file_becomes_drafts_with_its_references_resolved() {
    let text = "credentials: [{ name: a, provider: openai, api_key: \"${OPENAI_API_KEY}\", description: \"costs $${5}\" }]\n\
                endpoints: [{ name: e, strict: on, max_attempts: \"${FOUR}\", targets: [{ credential: a, model: m }] }]";
    let drafts = from_file(&Source::new("f", text), &environment()).unwrap();
    assert_eq!(drafts[0].secrets[0].1.expose(), "sk-canary-openai");
    assert_eq!(drafts[0].body["description"], "costs ${5}");
    assert_eq!((&drafts[1].body["strict"], &drafts[1].body["max_attempts"]), (&json!(true), &json!(4)));
    assert!(from_file(&Source::new("f", "teams: [{ nam: x }]"), &environment()).is_err());
}

proptest! {
    #[test]
    fn any_text_survives(text in "[^\u{0}-\u{8}\u{b}-\u{1f}\u{7f}-\u{9f}]{1,40}") {
        let drafts = [of(ObjectKind::Team, &json!({ "name": "t", "description": text }))];
        let (text, back) = there_and_back(&drafts);
        prop_assert_eq!(&back[..], &drafts[..], "{}", text);
    }
}
