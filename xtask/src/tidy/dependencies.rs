//! What is built besides our own code, checked without any tool: licences, banned crates, sources. `deny.toml` says what
//! is allowed; `cargo deny` checks the same in more depth where it is installed.

use anyhow::{Context, bail};

use super::File;
use crate::process::cargo_command;
use crate::workspace::Workspace;

/// One TLS stack, and no C library that the machine has to bring.
const BANNED: &[&str] = &["ring", "openssl", "openssl-sys", "native-tls"];

const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

pub(super) fn check(workspace: &Workspace, files: &[File]) -> anyhow::Result<Vec<String>> {
    let text = |path: &str| files.iter().find(|file| file.path == path).map(|file| file.text.as_str());
    let allowed = allowed_licences(text("deny.toml").context("there is no `deny.toml`")?);
    let mut findings = packages(&graph(workspace)?, &allowed);
    findings.extend(sources(text("Cargo.lock").context("there is no `Cargo.lock`")?));
    Ok(findings)
}

/// Every package that is built for some platform, with its licence. The lock file is no answer: it also names what
/// nobody switched on.
fn graph(workspace: &Workspace) -> anyhow::Result<String> {
    let arguments = [
        "tree",
        "--workspace",
        "--target=all",
        "--edges=normal,build,dev",
        "--prefix=none",
        "--format={p}\t{l}",
    ];
    let output = cargo_command(workspace, &arguments).output().context("cannot run `cargo tree`")?;
    if !output.status.success() {
        bail!("`cargo tree` failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn packages(graph: &str, allowed: &[&str]) -> Vec<String> {
    let mut packages: Vec<_> = graph
        .lines()
        .filter_map(|line| line.trim_end_matches(" (*)").split_once('\t'))
        .map(|(package, licence)| (package.split(' ').next().unwrap_or(package), licence))
        .collect();
    packages.sort_unstable();
    packages.dedup();
    let mut findings = Vec::new();
    for (name, licence) in packages {
        if BANNED.contains(&name) {
            findings.push(format!("`{name}` is banned; find who brings it with `cargo tree -i {name}`"));
        }
        if !permits(licence, allowed) {
            findings.push(format!("`{name}` has the licence `{licence}`, which `deny.toml` does not allow"));
        }
    }
    findings
}

/// The list under `[licenses]`, which stands one entry to a line.
fn allowed_licences(deny: &str) -> Vec<&str> {
    let after = deny.split_once("\nallow = [").map_or("", |(_, rest)| rest);
    let list = after.split_once(']').map_or("", |(list, _)| list);
    let lines = list.lines().filter(|line| !line.trim_start().starts_with('#'));
    lines
        .flat_map(|line| line.split(','))
        .map(|item| item.trim().trim_matches('"'))
        .filter(|item| !item.is_empty())
        .collect()
}

/// Whether an SPDX expression can be met with the allowed licences alone. `/` is an old way to write `OR`.
fn permits(expression: &str, allowed: &[&str]) -> bool {
    let expression = expression.trim();
    let alternatives = split(&expression.replace('/', " OR "), " OR ");
    if alternatives.len() > 1 {
        return alternatives.iter().any(|part| permits(part, allowed));
    }
    let parts = split(expression, " AND ");
    if parts.len() > 1 {
        return parts.iter().all(|part| permits(part, allowed));
    }
    match expression.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')) {
        Some(inner) => permits(inner, allowed),
        None => allowed.contains(&expression),
    }
}

/// Splits where `operator` stands outside of parentheses.
fn split(expression: &str, operator: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    for piece in expression.split_inclusive(operator) {
        let Some(last) = parts.last_mut() else { break };
        last.push_str(piece);
        let balanced = last.matches('(').count() == last.matches(')').count();
        if balanced && let Some(part) = last.strip_suffix(operator) {
            *last = part.to_owned();
            parts.push(String::new());
        }
    }
    parts
}

fn sources(lock: &str) -> Vec<String> {
    let foreign = lock.lines().filter_map(|line| {
        let source = line.strip_prefix("source = \"")?.strip_suffix('"')?;
        (source != REGISTRY).then_some(source)
    });
    foreign.map(|source| format!("Cargo.lock: `{source}` is a source of code; only crates.io is")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DENY: &str = "[licenses]\nallow = [\n  # Words, and more.\n  \"Apache-2.0\",\n  \"ISC\",\n]\n[bans]\ndeny = [\"x\"]\n";

    #[test]
    fn licences_are_expressions() {
        let allowed = allowed_licences(DENY);
        assert_eq!(allowed, ["Apache-2.0", "ISC"]);
        let table = [
            ("ISC", true),
            ("MIT OR Apache-2.0", true),
            ("MIT/Apache-2.0", true),
            ("ISC AND MIT", false),
            ("ISC AND (Apache-2.0 OR MIT)", true),
            ("(MIT OR GPL-3.0) AND ISC", false),
            ("ISC AND (MIT AND (GPL-3.0 OR ISC) OR Apache-2.0)", true),
            ("(ISC)", true),
            ("", false),
        ];
        for (expression, expected) in table {
            assert_eq!(permits(expression, &allowed), expected, "{expression}");
        }
    }

    #[test]
    fn banned_crates_are_found_once() {
        let graph =
            "bytes v1.0.0\tISC\nring v0.17.0\tISC\nopenssl-probe v0.2.0\tISC\nring v0.17.0\tISC (*)\n";
        assert_eq!(packages(graph, &["ISC"]).len(), 1);
        assert_eq!(packages(graph, &["MIT"]).len(), 4);
    }

    #[test]
    fn foreign_sources_are_found() {
        assert_eq!(sources(&format!("source = \"{REGISTRY}\"\n")).len(), 0);
        assert_eq!(sources("name = \"bytes\"\nsource = \"git+https://example.com/bytes#0\"\n").len(), 1);
    }
}
