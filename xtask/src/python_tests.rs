//! The tests with the vendors' own Python packages, in an environment below the target folder.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, bail};

use crate::process::{exists, installed_once, run, run_and_listen};
use crate::report::{Count, Outcome, say};
use crate::rust_tests::number_before;
use crate::workspace::Workspace;

const FOLDER: &str = "tests/clients/python";

pub(crate) fn all(workspace: &Workspace, long: bool) -> anyhow::Result<Outcome> {
    let folder = workspace.root.join(FOLDER);
    if !folder.is_dir() {
        return Ok(Outcome::NotRun(format!("there is no folder `{FOLDER}`")));
    }
    if !exists("python3", &["--version"]) {
        return Ok(Outcome::NotRun("there is no `python3`; install Python 3.10 or later".to_owned()));
    }
    let environment = workspace.target.join("venv");
    let requirements = folder.join("requirements.txt");
    installed_once(&requirements, &environment.join("installed.txt"), || {
        install(&environment, &requirements)
    })?;

    let mut tests = Command::new(environment.join("bin/python"));
    tests.current_dir(&folder).args(["-m", "pytest", "-q", "-rfEs", "--color=no", "-p", "no:cacheprovider"]);
    crate::ci::programs(workspace, &mut tests, long);
    let transcript = run_and_listen(&mut tests)?;
    let summary = transcript.lines.iter().rev().find(|line| line.contains(" in ") && line.contains("passed"));
    let failures =
        transcript.lines.iter().rev().find(|line| line.contains(" in ") && line.contains("failed"));
    let count = summary.or(failures).map_or(Count::default(), |line| Count {
        passed: number_before(line, "passed"),
        failed: number_before(line, "failed") + number_before(line, "error"),
    });
    if !transcript.status.success() && count.failed == 0 {
        bail!("pytest could not run: {}", transcript.status);
    }
    Ok(Outcome::Tests(count))
}

fn install(environment: &Path, requirements: &Path) -> anyhow::Result<()> {
    let python = environment.join("bin/python");
    if !python.exists() {
        create(environment)?;
    }
    let mut pip = Command::new(python);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"])
        .arg(requirements);
    run(&mut pip).context("the Python packages of the tests cannot be installed")
}

/// Debian keeps `venv` in a package of its own.
fn create(environment: &Path) -> anyhow::Result<()> {
    let venv = || {
        let mut command = Command::new("python3");
        command.args(["-m", "venv", "--clear"]).arg(environment);
        run(&mut command)
    };
    let Err(error) = venv() else { return Ok(()) };
    if !exists("apt-get", &["--version"]) {
        return Err(error.context("Python's `venv` module does not work; install it"));
    }
    say("Python's `venv` module does not work; installing the package python3-venv");
    run(Command::new("apt-get").args(["install", "--yes", "--quiet", "python3-venv"]))?;
    venv()
}
