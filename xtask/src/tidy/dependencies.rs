//! What is built besides our own code, read without any tool: `deny.toml` says the same and more to `cargo deny`.

use anyhow::{Context, bail};

use super::File;
use crate::process::cargo_command;
use crate::workspace::Workspace;

/// One TLS stack, and no C library that the machine has to bring.
const BANNED: &[&str] = &["ring", "openssl", "openssl-sys", "native-tls"];

const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

pub(super) fn check(workspace: &Workspace, files: &[File]) -> anyhow::Result<Vec<String>> {
    let mut findings = banned(&graph(workspace)?);
    findings.extend(
        files
            .iter()
            .filter(|file| file.path == "Cargo.lock")
            .flat_map(|file| sources(&file.text)),
    );
    Ok(findings)
}

/// Every package that is built for some platform. The lock file is no answer: it also names what nobody switched on.
fn graph(workspace: &Workspace) -> anyhow::Result<String> {
    let arguments = [
        "tree",
        "--workspace",
        "--target=all",
        "--edges=normal,build,dev",
        "--prefix=none",
        "--format={p}",
    ];
    let output = cargo_command(workspace, &arguments)
        .output()
        .context("cannot run `cargo tree`")?;
    if !output.status.success() {
        bail!(
            "`cargo tree` failed: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn banned(graph: &str) -> Vec<String> {
    let mut names: Vec<_> = graph.lines().filter_map(|line| line.split(' ').next()).collect();
    names.sort_unstable();
    names.dedup();
    let found = names.into_iter().filter(|name| BANNED.contains(name));
    found
        .map(|name| format!("`{name}` is banned; find who brings it with `cargo tree -i {name}`"))
        .collect()
}

fn sources(lock: &str) -> Vec<String> {
    let foreign = lock.lines().filter_map(|line| {
        let source = line.strip_prefix("source = \"")?.strip_suffix('"')?;
        (source != REGISTRY).then_some(source)
    });
    foreign
        .map(|source| format!("Cargo.lock: `{source}` is a source of code; only crates.io is"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn banned_crates_are_found_once() {
        assert_eq!(
            banned("bytes v1.0.0\nring v0.17.0\nopenssl-probe v0.2.0\nring v0.17.0 (*)\n").len(),
            1
        );
    }

    #[test]
    fn foreign_sources_are_found() {
        assert_eq!(sources(&format!("source = \"{REGISTRY}\"\n")).len(), 0);
        assert_eq!(
            sources("name = \"bytes\"\nsource = \"git+https://example.com/bytes#0\"\n").len(),
            1
        );
    }
}
