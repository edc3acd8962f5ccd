//! The layers of the workspace. An import points to a strictly lower layer; tests may use `testkit` besides.

use std::fmt::Write;

use crate::workspace::{Dependency, Kind, Package, Workspace};

/// Crates by layer, lowest first: the table of ARCHITECTURE.md.
const LAYERS: &[&[&str]] = &[
    &["domain"],
    &["wire", "governance", "runtime"],
    &["store", "upstream"],
    &["vault"],
    &["config", "telemetry", "guardrails"],
    &["pipeline", "mcp", "evals"],
    &["server"],
    &["gatewright"],
];

/// For tests and measurements; nothing that is shipped may depend on them, and they may depend on anything.
const BESIDE: &[&str] = &["testkit", "bench", "xtask"];

pub(crate) fn check(workspace: &Workspace) -> Vec<String> {
    workspace.packages.iter().flat_map(check_package).collect()
}

/// The layers as they stand, for a reader.
pub(crate) fn table(workspace: &Workspace) -> String {
    let mut table = String::new();
    for (layer, crates) in LAYERS.iter().enumerate() {
        for name in *crates {
            let Some(package) = workspace.packages.iter().find(|package| package.name == *name) else {
                continue;
            };
            let local = package.dependencies.iter().filter(|d| d.local && d.kind == Kind::Normal);
            let names: Vec<_> = local.map(|dependency| dependency.name.as_str()).collect();
            let _ = writeln!(table, "{layer}  {name:<12} {}", names.join(" "));
        }
    }
    table
}

fn check_package(package: &Package) -> Vec<String> {
    let name = package.name.as_str();
    if BESIDE.contains(&name) {
        return Vec::new();
    }
    if package.folder.file_name().is_none_or(|folder| folder != name) {
        return vec![format!("crate `{name}`: give its folder the same name, so that `ls` is the map")];
    }
    let Some(layer) = layer(name) else {
        return vec![format!(
            "crate `{name}` has no layer; give it one in `xtask/src/layers.rs` and ARCHITECTURE.md"
        )];
    };
    let local = package.dependencies.iter().filter(|dependency| dependency.local);
    local.filter_map(|dependency| forbidden(name, layer, dependency)).collect()
}

fn forbidden(name: &str, layer: usize, dependency: &Dependency) -> Option<String> {
    let to = dependency.name.as_str();
    if BESIDE.contains(&to) {
        let for_tests = dependency.kind == Kind::Dev && to == "testkit";
        return (!for_tests).then(|| format!("crate `{name}` is shipped and may not depend on `{to}`"));
    }
    match self::layer(to) {
        Some(lower) if lower < layer => None,
        Some(other) => Some(format!(
            "crate `{name}` (layer {layer}) imports `{to}` (layer {other}); imports point down: declare a port in \
             `{name}` and wire it in `compose`"
        )),
        None => Some(format!("crate `{name}` imports `{to}`, which has no layer")),
    }
}

fn layer(name: &str) -> Option<usize> {
    LAYERS.iter().position(|crates| crates.contains(&name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(name: &str, to: &str, kind: Kind) -> usize {
        let dependency = Dependency { name: to.to_owned(), kind, local: true };
        let package = Package {
            name: name.to_owned(),
            folder: format!("crates/{name}").into(),
            dependencies: vec![dependency],
        };
        check_package(&package).len()
    }

    #[test]
    fn imports_point_strictly_down() {
        let table = [
            ("wire", "domain", Kind::Normal, 0),
            ("wire", "governance", Kind::Normal, 1),
            ("wire", "governance", Kind::Dev, 1),
            ("domain", "wire", Kind::Normal, 1),
            ("pipeline", "server", Kind::Normal, 1),
            ("gatewright", "testkit", Kind::Dev, 0),
            ("gatewright", "testkit", Kind::Normal, 1),
            ("gatewright", "xtask", Kind::Build, 1),
            ("bench", "testkit", Kind::Normal, 0),
            ("unheard-of", "domain", Kind::Normal, 1),
        ];
        for (name, to, kind, expected) in table {
            assert_eq!(findings(name, to, kind), expected, "{name} -> {to} ({kind:?})");
        }
    }
}
