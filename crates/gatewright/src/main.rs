//! The `gatewright` binary: reads the command line and runs one command.

mod api;
mod cli;
mod commands;
mod compose;
mod configuration;
mod logging;
mod notify;
mod output;
mod paths;
mod refresh;
mod serve;
mod watched;

use std::process::ExitCode;

use clap::Parser;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// 0 is fine, 1 is failed, 2 is wrong usage (clap's own).
fn main() -> ExitCode {
    let arguments = cli::Arguments::parse();
    match commands::run(arguments) {
        Ok(code) => code,
        Err(error) => {
            output::error(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}
