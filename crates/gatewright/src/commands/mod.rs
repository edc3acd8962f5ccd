//! One file per command.

mod check;
mod traces;
mod usage;

use std::process::ExitCode;

use anyhow::Result;

use crate::cli::{Arguments, Command};
use crate::{output, serve};

pub(crate) fn run(arguments: Arguments) -> Result<ExitCode> {
    match arguments.command {
        Command::Serve(options) => serve::run(&options),
        Command::Check(options) => check::run(&options),
        Command::Schema(options) if options.markdown => {
            output::line(config::reference_markdown().trim_end());
            Ok(ExitCode::SUCCESS)
        }
        Command::Schema(_) => {
            output::line(&serde_json::to_string_pretty(&config::schema())?);
            Ok(ExitCode::SUCCESS)
        }
        Command::Traces(command) => traces::run(command),
        Command::Usage(options) => usage::run(&options),
        Command::Openapi => {
            output::line(&serde_json::to_string_pretty(&server::openapi())?);
            Ok(ExitCode::SUCCESS)
        }
    }
}
