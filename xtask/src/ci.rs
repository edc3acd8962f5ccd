//! The gate: one list of steps, the same on a laptop and in continuous integration. A step that fails does not stop
//! the others, so that one run says everything.

use std::process::Command;

use anyhow::bail;

use crate::process::{cargo_command, exists, run as run_command};
use crate::report::{Outcome, Report};
use crate::workspace::Workspace;
use crate::{docs, node_tests, python_tests, rust_tests, tidy};

struct Step {
    name: &'static str,
    run: fn(&Workspace, bool) -> anyhow::Result<Outcome>,
    /// Only in the long form.
    long: bool,
}

const fn step(name: &'static str, run: fn(&Workspace, bool) -> anyhow::Result<Outcome>) -> Step {
    Step { name, run, long: false }
}

/// Cheap checks first; what needs the programs after what builds them.
const STEPS: &[Step] = &[
    step("format", |workspace, _| fine(workspace, &["fmt", "--all", "--check"])),
    step("tidy", |workspace, _| none(&tidy::check(workspace)?)),
    step("deny", deny),
    step("clippy", |workspace, _| {
        fine(workspace, &["clippy", "--workspace", "--all-targets", "--locked", "--", "--deny", "warnings"])
    }),
    step("build", |workspace, _| rust_tests::build(workspace)),
    step("references", |workspace, _| none(&docs::run(workspace, true)?)),
    step("rust", rust_tests::all),
    step("examples", |workspace, _| rust_tests::documentation(workspace)),
    step("python", python_tests::all),
    step("node", node_tests::all),
    Step { name: "rustdoc", run: |workspace, _| rustdoc(workspace), long: true },
];

pub(crate) fn run(workspace: &Workspace, long: bool, only: &[String]) -> anyhow::Result<bool> {
    if let Some(unknown) = only.iter().find(|name| STEPS.iter().all(|step| step.name != *name)) {
        let names: Vec<_> = STEPS.iter().map(|step| step.name).collect();
        bail!("there is no step `{unknown}`; the steps are {}", names.join(", "));
    }
    let mut report = Report::default();
    for step in STEPS {
        let chosen =
            if only.is_empty() { long || !step.long } else { only.iter().any(|name| name == step.name) };
        if chosen {
            report.step(step.name, || (step.run)(workspace, long));
        }
    }
    Ok(report.finish())
}

/// What a test in another language needs to know: which programs to start, and whether to run the full form.
pub(crate) fn programs(workspace: &Workspace, command: &mut Command, long: bool) {
    command
        .env("GATEWRIGHT_BIN", workspace.program("gatewright"))
        .env("MOCK_PROVIDER_BIN", workspace.program("mock-provider"));
    if long {
        command.env("GATEWRIGHT_LONG", "1");
    }
}

fn fine(workspace: &Workspace, arguments: &[&str]) -> anyhow::Result<Outcome> {
    run_command(&mut cargo_command(workspace, arguments))?;
    Ok(Outcome::Fine)
}

fn none(findings: &[String]) -> anyhow::Result<Outcome> {
    if !tidy::report(findings) {
        bail!("{} to put right", findings.len());
    }
    Ok(Outcome::Fine)
}

/// Advisories come from the network and change without us, so they belong to the long form.
fn deny(workspace: &Workspace, long: bool) -> anyhow::Result<Outcome> {
    if !exists("cargo-deny", &["--version"]) {
        let reason = "`cargo-deny` is not installed (`cargo install --locked cargo-deny`); `tidy` checks licences, bans \
                      and sources all the same";
        return Ok(Outcome::NotRun(reason.to_owned()));
    }
    let checks = ["deny", "--locked", "check", "bans", "licenses", "sources", "advisories"];
    fine(workspace, if long { &checks } else { &checks[..checks.len() - 1] })
}

fn rustdoc(workspace: &Workspace) -> anyhow::Result<Outcome> {
    let mut command = cargo_command(
        workspace,
        &["doc", "--workspace", "--no-deps", "--document-private-items", "--locked"],
    );
    run_command(command.env("RUSTDOCFLAGS", "--deny warnings"))?;
    Ok(Outcome::Fine)
}
