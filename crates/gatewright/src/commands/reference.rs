//! `gatewright reference`: every command with its arguments as Markdown, from the same description that `--help` is
//! made of.

use std::fmt::Write as _;
use std::process::ExitCode;

use anyhow::Result;
use clap::builder::StyledStr;
use clap::{Arg, Command, CommandFactory};

use crate::cli::Arguments;
use crate::output;

const INTRODUCTION: &str = "# The command line

This document is generated from the code that reads the command line (`crates/gatewright/src/cli/`); change that and run
`cargo xtask docs`.

Results go to standard output, everything else to standard error. The exit code is 0 where all is well, 1 where the
command failed, and 2 where it was used wrongly. `--json` prints what the admin API answers. No argument ever is a
secret: secrets come from files, standard input, environment variables or a hidden prompt.
";

/// Every command that talks to a gateway takes these, so they stand once.
const SHARED: &str = "How to reach the gateway";

pub(super) fn run() -> Result<ExitCode> {
    let mut root = Arguments::command();
    root.build();
    let mut text = INTRODUCTION.to_owned();
    shared(&root, &mut text);
    for command in root.get_subcommands() {
        section(command, "gatewright", &mut text);
    }
    output::line(text.trim_end());
    Ok(ExitCode::SUCCESS)
}

fn shared(root: &Command, text: &mut String) {
    let usage = root.find_subcommand("usage");
    let arguments = usage.into_iter().flat_map(Command::get_arguments);
    let shared: Vec<&Arg> = arguments.filter(|argument| is_shared(argument)).collect();
    let _ = write!(text, "\n## {SHARED}\n\nEvery command that talks to a gateway takes these.\n\n");
    table(&shared, text);
}

fn section(command: &Command, above: &str, text: &mut String) {
    if command.is_hide_set() || command.get_name() == "help" {
        return;
    }
    let path = format!("{above} {}", command.get_name());
    let level = if above == "gatewright" { "##" } else { "###" };
    let about = command.get_about().map(plain).unwrap_or_default();
    let _ = write!(text, "\n{level} `{path}`\n\n{about}.\n");
    let own: Vec<&Arg> = command
        .get_arguments()
        .filter(|argument| !is_shared(argument) && !["help", "version"].contains(&argument.get_id().as_str()))
        .collect();
    if !own.is_empty() {
        text.push('\n');
        table(&own, text);
    }
    let below: Vec<&Command> = command.get_subcommands().collect();
    if below.is_empty()
        && let Some(example) = command.get_after_help().map(plain)
    {
        let lines = example.lines().skip(1).map(|line| line.strip_prefix("  ").unwrap_or(line));
        let _ = write!(text, "\n```sh\n{}\n```\n", lines.collect::<Vec<_>>().join("\n"));
    }
    for command in below {
        section(command, &path, text);
    }
}

fn table(arguments: &[&Arg], text: &mut String) {
    text.push_str("| argument | meaning | default |\n|---|---|---|\n");
    for argument in arguments {
        let help = argument.get_help().map(plain).unwrap_or_default().replace('|', "\\|");
        let (help, default) = match help.split_once(" [default: ") {
            Some((help, default)) => (help.to_owned(), default.trim_end_matches(']').to_owned()),
            None => (help, String::new()),
        };
        let given = argument.get_default_values().first().map(|value| value.to_string_lossy().into_owned());
        let takes_value = argument.get_action().takes_values();
        let default = given.filter(|_| takes_value).map_or(default, |value| format!("`{value}`"));
        let variable = argument.get_env().map(|name| format!(" (`${}`)", name.to_string_lossy()));
        let _ = writeln!(
            text,
            "| `{}` | {help}{} | {default} |",
            spelled(argument),
            variable.unwrap_or_default()
        );
    }
}

/// `-f, --file <FILE>` or `<NAME>`.
fn spelled(argument: &Arg) -> String {
    let value = argument.get_value_names().map(|names| names.join(" ")).unwrap_or_default();
    let value = if argument.get_action().takes_values() { format!("<{value}>") } else { String::new() };
    let flags: Vec<String> = argument
        .get_short()
        .map(|short| format!("-{short}"))
        .into_iter()
        .chain(argument.get_long().map(|long| format!("--{long}")))
        .collect();
    format!("{} {value}", flags.join(", ")).trim().to_owned()
}

fn is_shared(argument: &Arg) -> bool {
    argument.get_help_heading() == Some(SHARED)
}

/// One line without the styles of a terminal.
fn plain(text: &StyledStr) -> String {
    text.to_string()
}
