//! The tests in Rust: all of them with cargo-nextest, or with cargo's own runner where that is all there is, and the
//! examples in the documentation.

use std::path::PathBuf;
use std::process::Command;

use anyhow::bail;

use crate::process::{Transcript, cargo_command, exists, run, run_and_listen};
use crate::report::{Count, Outcome, say};
use crate::workspace::{Workspace, cargo};

/// Builds every test and every program, with the features that tests see, so that nothing is built twice.
pub(crate) fn build(workspace: &Workspace) -> anyhow::Result<Outcome> {
    run(&mut cargo_command(workspace, &["build", "--workspace", "--bins", "--tests", "--locked"]))?;
    Ok(Outcome::Fine)
}

pub(crate) fn all(workspace: &Workspace, long: bool) -> anyhow::Result<Outcome> {
    let mut command = match nextest(workspace) {
        Some(program) => {
            let mut command = Command::new(program);
            command.current_dir(&workspace.root);
            command.args([
                "nextest",
                "run",
                "--workspace",
                "--locked",
                "--no-fail-fast",
                "--status-level=fail",
            ]);
            command
        }
        None => cargo_command(
            workspace,
            &["test", "--workspace", "--locked", "--no-fail-fast", "--lib", "--bins", "--tests"],
        ),
    };
    if long {
        command.env("GATEWRIGHT_LONG", "1").env("PROPTEST_CASES", "2000");
    }
    counted(&run_and_listen(&mut command)?)
}

pub(crate) fn documentation(workspace: &Workspace) -> anyhow::Result<Outcome> {
    counted(&run_and_listen(&mut cargo_command(workspace, &["test", "--workspace", "--locked", "--doc"]))?)
}

/// The runner, from the machine or from the target folder, where it is installed the first time.
fn nextest(workspace: &Workspace) -> Option<PathBuf> {
    if exists("cargo-nextest", &["nextest", "--version"]) {
        return Some("cargo-nextest".into());
    }
    let tools = workspace.target.join("tools");
    let program = tools.join("bin/cargo-nextest");
    if !program.exists() {
        say("cargo-nextest is missing; installing it into the target folder, once");
        let mut install = Command::new(cargo());
        // A debug build takes half the time, and the runner is not what takes long in a test run.
        install.args(["install", "--locked", "--debug", "--root"]).arg(&tools).arg("cargo-nextest");
        if let Err(error) = run(&mut install) {
            say(&format!("cargo-nextest cannot be installed ({error:#}); using `cargo test`"));
            return None;
        }
    }
    Some(program)
}

/// Counts what a runner reported. A runner that failed without a failed test could not even build.
pub(crate) fn counted(transcript: &Transcript) -> anyhow::Result<Outcome> {
    let count = count(&transcript.lines);
    if !transcript.status.success() && count.failed == 0 {
        bail!("the tests could not run: {}", transcript.status);
    }
    Ok(Outcome::Tests(count))
}

/// Adds up every summary line: nextest's `Summary […] 9 tests run: 8 passed, 1 failed, 0 skipped` and the
/// `test result: ok. 8 passed; 1 failed; …` of cargo's own runner.
fn count(lines: &[String]) -> Count {
    let summaries = lines.iter().filter_map(|line| {
        let cargo = line.trim_start().strip_prefix("test result:");
        cargo.or_else(|| {
            line.contains("Summary [").then(|| line.split_once("run:")).flatten().map(|(_, rest)| rest)
        })
    });
    summaries.fold(Count::default(), |sum, line| Count {
        passed: sum.passed + number_before(line, "passed"),
        // A test that runs out of time has not passed.
        failed: sum.failed + number_before(line, "failed") + number_before(line, "timed out"),
    })
}

/// The number in front of `word`: 8 of `8 passed`.
pub(crate) fn number_before(line: &str, word: &str) -> u64 {
    let parts = line.split([',', ';', '.', '(', '=']).map(str::trim);
    let mut numbers =
        parts.filter_map(|part| part.strip_suffix(word).or_else(|| Some(part.split_once(word)?.0)));
    numbers.find_map(|before| before.trim().rsplit(' ').next()?.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn summaries_of_both_runners_are_counted() {
        let nextest =
            "     Summary [   0.123s] 27 tests run: 25 passed (1 slow), 1 failed, 1 timed out, 3 skipped";
        assert_eq!(count(&lines(nextest)), Count { passed: 25, failed: 2 });
        let cargo = "test result: ok. 27 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.04s\n\
                     noise: 12 passed\n\
                     test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out";
        assert_eq!(count(&lines(cargo)), Count { passed: 30, failed: 2 });
    }

    #[test]
    fn the_summary_of_pytest_is_read_too() {
        let line = "==== 1 failed, 11 passed, 2 skipped in 3.21s ====";
        assert_eq!((number_before(line, "passed"), number_before(line, "failed")), (11, 1));
        assert_eq!(number_before(line, "errors"), 0);
    }
}
