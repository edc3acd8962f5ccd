//! References that are generated from code, so that they cannot disagree with it: each is what the gateway itself
//! prints.

use std::fs;
use std::process::Command;

use anyhow::{Context, bail};

use crate::process::{cargo_command, run as run_command};
use crate::report::say;
use crate::workspace::Workspace;

/// What to ask the gateway for, and where the answer is kept.
const REFERENCES: &[(&[&str], &str)] = &[
    (&["openapi"], "docs/reference/openapi.json"),
    (&["schema"], "docs/reference/gatewright.schema.json"),
    (&["schema", "--markdown"], "docs/reference/configuration.md"),
    (&["reference"], "docs/reference/cli.md"),
    (&["reference", "--metrics"], "docs/reference/metrics.md"),
];

/// Writes every reference, or with `check` names those that differ from what stands there.
pub(crate) fn run(workspace: &Workspace, check: bool) -> anyhow::Result<Vec<String>> {
    // With the features that tests see, like every other build of the gate.
    run_command(&mut cargo_command(workspace, &["build", "--workspace", "--bins", "--tests", "--locked"]))?;
    let mut drift = Vec::new();
    for (arguments, path) in REFERENCES {
        let output = Command::new(workspace.program("gatewright"))
            .args(*arguments)
            .output()
            .context("cannot run the gateway that was just built")?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            bail!("`gatewright {}` failed: {}", arguments.join(" "), said.trim());
        }
        let file = workspace.root.join(path);
        if fs::read(&file).is_ok_and(|stands| stands == output.stdout) {
            continue;
        }
        if check {
            drift.push(format!("{path} is not what the code says; run `cargo xtask docs`"));
            continue;
        }
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&file, &output.stdout).with_context(|| format!("cannot write `{path}`"))?;
        say(&format!("wrote {path}"));
    }
    Ok(drift)
}
