//! Every file of `bad/` with exactly what a person is told about it.

use config::Severity;

use super::{compile, files, print};

#[test]
fn every_problem_is_told_at_once() {
    for (name, text) in files("bad") {
        let diagnostics = match compile(&text) {
            Ok(compiled) => {
                assert!(!compiled.warnings.is_empty(), "{name} is a bad file, but nothing is said about it");
                compiled.warnings
            }
            Err(diagnostics) => diagnostics,
        };
        let shown: String = diagnostics
            .iter()
            .map(|diagnostic| format!("{diagnostic}\n    at {}\n", diagnostic.path))
            .collect();
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(format!("bad__{name}"), shown);
        });
    }
}

#[test]
fn an_error_has_a_place() {
    for (name, text) in files("bad") {
        for diagnostic in compile(&text).err().unwrap_or_default() {
            assert!(diagnostic.line > 0 && diagnostic.column > 0, "{name}: {diagnostic}");
            let lines = text.lines().count() + 1;
            assert!(diagnostic.line as usize <= lines, "{name}: {diagnostic}");
        }
    }
}

#[test]
fn warnings_alone_do_not_stop_a_start() {
    let compiled = compile("keys:\n  - { name: old, secret: \"${CI_KEY}\", expires: 2020-01-01 }\n").unwrap();
    assert_eq!(compiled.warnings.len(), 1, "{}", print(&compiled.warnings));
    assert_eq!(compiled.warnings[0].severity, Severity::Warning);
}
