//! Running other programs: their output is shown as it comes, and kept where a step wants to count in it.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread;

use anyhow::{Context, bail};

use crate::report::say;
use crate::workspace::{Workspace, cargo};

/// What a program said on both channels, and how it ended.
pub(crate) struct Transcript {
    pub(crate) lines: Vec<String>,
    pub(crate) status: ExitStatus,
}

/// `cargo` with these arguments, in the workspace.
pub(crate) fn cargo_command(workspace: &Workspace, arguments: &[&str]) -> Command {
    let mut command = Command::new(cargo());
    command.current_dir(&workspace.root).args(arguments);
    command
}

/// Runs to the end; an exit status other than 0 is an error.
pub(crate) fn run(command: &mut Command) -> anyhow::Result<()> {
    let shown = show(command);
    say(&format!("$ {shown}"));
    let status = command.status().with_context(|| format!("cannot run `{shown}`"))?;
    if !status.success() {
        bail!("`{shown}` ended with {status}");
    }
    Ok(())
}

/// Runs to the end and keeps what was said.
pub(crate) fn run_and_listen(command: &mut Command) -> anyhow::Result<Transcript> {
    let shown = show(command);
    say(&format!("$ {shown}"));
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot run `{shown}`"))?;
    let lines = Mutex::new(Vec::new());
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    thread::scope(|scope| {
        scope.spawn(|| listen(stdout, &lines));
        scope.spawn(|| listen(stderr, &lines));
    });
    let status = child.wait().with_context(|| format!("cannot wait for `{shown}`"))?;
    let lines = lines.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok(Transcript { lines, status })
}

fn listen(channel: Option<impl Read>, lines: &Mutex<Vec<String>>) {
    let Some(channel) = channel else { return };
    for line in BufReader::new(channel).split(b'\n').map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line).into_owned();
        say(&line);
        lines.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }
}

/// Whether a program is there: it runs and says its version.
pub(crate) fn exists(program: &str, arguments: &[&str]) -> bool {
    version(program, arguments).is_some()
}

/// What a program says about its version, in one line.
pub(crate) fn version(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    output.status.success().then(|| text.lines().next().unwrap_or_default().trim().to_owned())
}

/// Runs `install` where the content of `lock` is not what was installed last.
pub(crate) fn installed_once(
    lock: &Path,
    stamp: &Path,
    install: impl FnOnce() -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let wanted = std::fs::read(lock).with_context(|| format!("cannot read `{}`", lock.display()))?;
    if std::fs::read(stamp).is_ok_and(|done| done == wanted) {
        return Ok(());
    }
    install()?;
    // npm makes no folder where there is nothing to put into it.
    stamp.parent().map_or(Ok(()), std::fs::create_dir_all)?;
    std::fs::write(stamp, wanted).with_context(|| format!("cannot write `{}`", stamp.display()))
}

fn show(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let words = [program].into_iter().chain(command.get_args());
    words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}
