//! Measuring: the gateway and the bench in release mode, then the run itself, against the gateway that was just built.

use crate::process::{cargo_command, run as run_command};
use crate::workspace::Workspace;

pub(crate) fn run(workspace: &Workspace, arguments: &[String]) -> anyhow::Result<bool> {
    // One after the other, as they are shipped: built together they would share the features of both.
    for package in ["gatewright", "bench"] {
        run_command(&mut cargo_command(
            workspace,
            &["build", "--release", "--locked", "--package", package],
        ))?;
    }
    let mut bench =
        cargo_command(workspace, &["run", "--release", "--locked", "--quiet", "--package", "bench"]);
    bench
        .args(["--", "run", "--gatewright"])
        .arg(workspace.target.join("release/gatewright"))
        .args(arguments);
    run_command(&mut bench)?;
    Ok(true)
}
