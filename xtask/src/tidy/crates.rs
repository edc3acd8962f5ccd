//! Which crate may depend on what from outside: SQL, HTTP servers, clocks and the like have one home each.

use crate::workspace::{Kind, Package, Workspace};

/// A dependency, the only crates that may have it, and why.
struct Home {
    dependency: &'static str,
    crates: &'static [&'static str],
    why: &'static str,
}

const HOMES: &[Home] = &[
    Home { dependency: "sqlx", crates: &["store"], why: "SQL lives in `store`" },
    Home { dependency: "axum", crates: &["server"], why: "web framework types never travel inward" },
    Home { dependency: "utoipa", crates: &["server"], why: "the API description belongs to the edge" },
    Home {
        dependency: "rustls",
        crates: &["runtime", "upstream", "server", "testkit"],
        why: "there is one TLS stack: `runtime` reads identities, the edges speak it",
    },
    Home {
        dependency: "hyper",
        crates: &["upstream", "server", "testkit", "bench"],
        why: "HTTP connections live in `upstream` and `server`",
    },
];

/// Crates whose functions decide on their arguments alone, so that everything in them can be tested exhaustively.
pub(super) const PURE: &[&str] = &["domain", "wire", "governance"];

const IMPURE: &[&str] =
    &["tokio", "futures", "rand", "getrandom", "fastrand", "async-trait", "reqwest", "hyper"];

pub(super) fn check(workspace: &Workspace) -> Vec<String> {
    workspace.packages.iter().flat_map(check_package).collect()
}

fn check_package(package: &Package) -> Vec<String> {
    let name = package.name.as_str();
    let shipped = package.dependencies.iter().filter(|dependency| dependency.kind != Kind::Dev);
    let mut findings = Vec::new();
    for dependency in shipped {
        let to = dependency.name.as_str();
        if let Some(home) = HOMES.iter().find(|home| home.dependency == to && !home.crates.contains(&name)) {
            findings.push(format!("crate `{name}` depends on `{to}`: {}", home.why));
        }
        if PURE.contains(&name) && IMPURE.contains(&to) {
            findings.push(format!(
                "crate `{name}` is pure and may not depend on `{to}`: pass it in as an argument"
            ));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use crate::workspace::Dependency;

    use super::*;

    #[test]
    fn dependencies_stay_at_home() {
        let table = [
            ("store", "sqlx", Kind::Normal, 0),
            ("pipeline", "sqlx", Kind::Normal, 1),
            ("pipeline", "axum", Kind::Dev, 0),
            ("governance", "tokio", Kind::Normal, 1),
            ("governance", "proptest", Kind::Dev, 0),
        ];
        for (name, to, kind, expected) in table {
            let dependency = Dependency { name: to.to_owned(), kind, local: false };
            let package =
                Package { name: name.to_owned(), folder: name.into(), dependencies: vec![dependency] };
            assert_eq!(check_package(&package).len(), expected, "{name} -> {to}");
        }
    }
}
