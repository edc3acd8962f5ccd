//! The golden cases of `wire`: what each dialect becomes in another, replayed at every chunking.

use crate::process::{cargo_command, run as run_command};
use crate::workspace::Workspace;

pub(crate) fn run(workspace: &Workspace, bless: bool) -> anyhow::Result<bool> {
    let mut tests = cargo_command(workspace, &["test", "--locked", "--package", "wire", "golden"]);
    if bless {
        tests.env("UPDATE_GOLDENS", "1");
    }
    run_command(&mut tests)?;
    Ok(true)
}
