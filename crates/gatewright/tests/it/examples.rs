//! The files in `examples/` and `deploy/` that a person copies: every configuration in them is one that works.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use testkit::Authority;

use crate::program::Program;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Has `gatewright check` read a configuration, with a value for each variable that it names and the certificates that
/// it looks for below `/etc/gatewright`.
async fn check(name: &str, text: &str) {
    let (directory, authority) = (TempDir::new().unwrap(), Authority::new());
    let place = directory.path().display().to_string();
    for of in ["", "client-"] {
        let pair = authority.issue(&["ai.example.com"]);
        fs::write(directory.path().join(format!("{of}cert.pem")), pair.cert).unwrap();
        fs::write(directory.path().join(format!("{of}key.pem")), pair.key).unwrap();
    }
    fs::write(directory.path().join("house-ca.pem"), authority.pem()).unwrap();
    fs::write(directory.path().join("gatewright.yaml"), text.replace("/etc/gatewright", &place)).unwrap();
    let names = text.split("${").skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name);
    // Each its own: two keys with one secret would be one key.
    let variables: Vec<(String, String)> = names
        .enumerate()
        .map(|(at, name)| (name.to_owned(), format!("a-value-that-is-long-enough-{at}")))
        .collect();
    let mut program = Program::new(directory.path(), &["check"]);
    for (name, value) in &variables {
        program = program.variable(name, value);
    }
    let ran = program.run().await;
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{name}");
}

#[tokio::test]
async fn every_example_is_fine() {
    let mut seen = 0;
    for entry in fs::read_dir(root().join("examples")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "yaml") {
            seen += 1;
            check(&path.display().to_string(), &fs::read_to_string(&path).unwrap()).await;
        }
    }
    assert!(seen >= 6, "{seen} examples");
}

#[tokio::test]
async fn the_configuration_in_the_kubernetes_manifest_is_fine() {
    let manifest = fs::read_to_string(root().join("deploy/kubernetes.yaml")).unwrap();
    let (_, rest) = manifest.split_once("gatewright.yaml: |\n").unwrap();
    let text: String = rest
        .lines()
        .take_while(|line| line.starts_with("    "))
        .map(|line| format!("{}\n", &line[4..]))
        .collect();
    assert!(text.contains("credentials:"), "{text}");
    check("deploy/kubernetes.yaml", &text).await;
}

#[test]
fn what_the_deployments_name_is_there() {
    let read = |name: &str| fs::read_to_string(root().join("deploy").join(name)).unwrap();
    let (unit, image, compose) = (read("gatewright.service"), read("Containerfile"), read("compose.yaml"));
    for line in
        ["Type=notify", "DynamicUser=yes", "NoNewPrivileges=yes", "LimitCORE=0", "ProtectSystem=strict"]
    {
        assert!(unit.lines().any(|other| other == line), "the unit lost `{line}`");
    }
    assert!(
        image.contains("FROM scratch") && image.contains("USER 65532") && image.contains("\"healthcheck\"")
    );
    assert!(compose.contains("../examples/one-provider.yaml"));
    for path in ["examples/one-provider.yaml", "deploy/Containerfile"] {
        assert!(root().join(path).exists(), "{path} is named by a deployment");
    }
}
