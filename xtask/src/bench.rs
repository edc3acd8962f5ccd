//! Measuring: the gateway and the load generator in release mode, then the run itself.

use crate::process::{cargo_command, run as run_command};
use crate::workspace::Workspace;

pub(crate) fn run(workspace: &Workspace, arguments: &[String]) -> anyhow::Result<bool> {
    run_command(&mut cargo_command(
        workspace,
        &[
            "build",
            "--release",
            "--locked",
            "--package",
            "gatewright",
            "--package",
            "bench",
        ],
    ))?;
    let mut bench = cargo_command(
        workspace,
        &[
            "run",
            "--release",
            "--locked",
            "--quiet",
            "--package",
            "bench",
            "--",
        ],
    );
    run_command(
        bench
            .args(arguments)
            .env("GATEWRIGHT_BIN", workspace.target.join("release/gatewright")),
    )?;
    Ok(true)
}
