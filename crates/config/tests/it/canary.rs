//! Secrets stay inside: every secret of the tests' files and environment has `canary` in it.

use config::Source;

use super::{compile, environment, files, hasher, print};

#[test]
fn no_secret_is_in_a_snapshot_s_debug_output() {
    let (_, text) = files("good").into_iter().find(|(name, _)| name == "everything").unwrap();
    let compiled = compile(&text).unwrap();
    let debug = format!("{compiled:#?}");
    assert!(debug.contains("prod-chat") && !debug.contains("canary"), "{debug}");
    let source = format!("{:?} {:?}", Source::new("f", text), environment());
    assert!(!source.contains("canary"), "{source}");
    // The hash of a key is no secret, but its pepper is.
    assert_eq!(format!("{:?}", hasher()), "KeyHasher");
}

#[test]
fn no_secret_is_in_a_diagnostic() {
    for (name, text) in files("bad") {
        let diagnostics = match compile(&text) {
            Ok(compiled) => compiled.warnings,
            Err(diagnostics) => diagnostics,
        };
        let shown = format!("{}{diagnostics:?}", print(&diagnostics));
        assert!(!shown.contains("canary"), "{name}: {shown}");
    }
}

/// A resolved reference is not shown even in a field that is no secret.
#[test]
fn what_a_reference_stands_for_is_never_shown() {
    let fields = [
        "server: { listen: \"${PORT}\" }",
        "server: { executors: \"${PORT}\" }",
        "server: { anonymous: \"${PORT}\" }",
        "server: { insecure_http: \"${PORT}\" }",
        "server: { caps: { body: \"${PORT}\", drain: \"${PORT}\" } }",
        "credentials: [{ name: \"${PORT} \", provider: openai }]",
        "endpoints: [{ name: a, targets: [\"${PORT}\"] }]",
        "endpoints: [{ name: a, targets: [x/y], retry: { on: [\"${PORT}\"] } }]",
        "keys: [{ name: a, secret: \"${PORT}\", expires: \"${PORT}\" }]",
        "prices: [{ provider: openai, model: x, input: \"${PORT}\", output: 1 }]",
    ];
    for text in fields {
        let shown = print(&compile(text).unwrap_err());
        assert!(!shown.contains("canary"), "{text}: {shown}");
    }
}
