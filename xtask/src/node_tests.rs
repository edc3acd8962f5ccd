//! The tests with the vendors' own npm packages.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, bail};

use crate::process::{installed_once, run, run_and_listen, version};
use crate::report::{Count, Outcome};
use crate::workspace::Workspace;

const FOLDER: &str = "tests/clients/node";
/// What the vendors' packages are tested with; an older system Node is replaced by the npm package of this one.
const MAJOR: u32 = 22;

pub(crate) fn all(workspace: &Workspace, long: bool) -> anyhow::Result<Outcome> {
    let folder = workspace.root.join(FOLDER);
    if !folder.is_dir() {
        return Ok(Outcome::NotRun(format!("there is no folder `{FOLDER}`")));
    }
    let (Some(system), Some(_)) = (version("node", &["--version"]), version("npm", &["--version"])) else {
        return Ok(Outcome::NotRun(format!("there is no `node` with `npm`; install Node {MAJOR} or later")));
    };
    let modules = folder.join("node_modules");
    installed_once(&folder.join("package-lock.json"), &modules.join(".installed"), || {
        let mut npm = Command::new("npm");
        npm.current_dir(&folder).args(["ci", "--no-audit", "--no-fund"]);
        run(&mut npm).context("the npm packages of the tests cannot be installed")
    })?;

    let mut tests = node(&system, &modules);
    tests.current_dir(&folder).args(["--test", "--test-reporter=tap"]);
    crate::ci::programs(workspace, &mut tests, long);
    let transcript = run_and_listen(&mut tests)?;
    let count = Count {
        passed: total(&transcript.lines, "# pass "),
        failed: total(&transcript.lines, "# fail ") + total(&transcript.lines, "# cancelled "),
    };
    if !transcript.status.success() && count.failed == 0 {
        bail!("the tests could not run: {}", transcript.status);
    }
    Ok(Outcome::Tests(count))
}

/// The Node to test with: one among the test's own packages, else the system's, else one that npm fetches.
fn node(system: &str, modules: &Path) -> Command {
    let own = modules.join("node/bin/node");
    if own.exists() {
        return Command::new(own);
    }
    if major(system) >= MAJOR {
        return Command::new("node");
    }
    let mut fetched = Command::new("npx");
    fetched.args(["--yes", &format!("node@{MAJOR}")]);
    fetched
}

fn major(version: &str) -> u32 {
    let number = version.trim_start_matches('v').split('.').next();
    number.and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// The summary stands at the end, not indented; subtests print lines of the same form before it.
fn total(lines: &[String], prefix: &str) -> u64 {
    let summary = lines.iter().rev().find_map(|line| line.strip_prefix(prefix));
    summary.and_then(|number| number.trim().parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_summary_counts() {
        let lines: Vec<String> =
            ["ok 1 - streams", "# pass 1", "# tests 9", "# pass 8", "# fail 1", "# cancelled 0"]
                .map(str::to_owned)
                .into();
        assert_eq!((total(&lines, "# pass "), total(&lines, "# fail ")), (8, 1));
        assert_eq!(major("v22.11.0"), 22);
        assert_eq!(major("nonsense"), 0);
    }
}
