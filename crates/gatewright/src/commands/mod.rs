//! One file per command.

mod audit;
mod backup;
mod check;
mod configuration;
mod doctor;
mod healthcheck;
mod inputs;
mod login;
mod migrations;
mod objects;
mod reference;
mod restore;
mod traces;
mod usage;
mod vault;

use std::process::ExitCode;

use anyhow::Result;
use serde_json::Value;

use crate::cli::{Arguments, Command, Schema};
use crate::{output, serve};

pub(crate) use inputs::Inputs;

pub(crate) fn run(arguments: Arguments) -> Result<ExitCode> {
    match arguments.command {
        Command::Serve(options) if options.check => migrations::run(&options),
        Command::Serve(options) => serve::run(&options),
        Command::Doctor(options) => doctor::run(&options),
        Command::Healthcheck(options) => healthcheck::run(&options),
        Command::Login(options) => login::run(&options),
        Command::Credential(command) => objects::run(command),
        Command::Endpoint(command) => objects::run(command),
        Command::Target(command) => objects::run(command),
        Command::Key(command) => objects::run_keys(command),
        Command::Project(command) => objects::run(command),
        Command::Team(command) => objects::run(command),
        Command::Price(command) => objects::run(command),
        Command::Traces(command) => traces::run(command),
        Command::Usage(options) => usage::run(&options),
        Command::Check(options) => check::run(&options),
        Command::Reload(options) => configuration::reload(&options),
        Command::Export(options) => configuration::export(&options),
        Command::Diff(options) => configuration::diff(&options),
        Command::Apply(options) => configuration::apply(&options),
        Command::Vault(command) => vault::run(command),
        Command::Backup(options) => backup::run(options),
        Command::Restore(options) => restore::run(options),
        Command::Audit(command) => audit::run(command),
        Command::Schema(options) => schema(&options),
        Command::Openapi => document(&serde_json::to_value(server::openapi())?),
        Command::Reference { metrics: false } => reference::run(),
        Command::Reference { metrics: true } => {
            output::line(telemetry::metrics_markdown().trim_end());
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn schema(options: &Schema) -> Result<ExitCode> {
    if options.markdown {
        output::line(config::reference_markdown().trim_end());
        return Ok(ExitCode::SUCCESS);
    }
    document(&config::schema())
}

fn document(document: &Value) -> Result<ExitCode> {
    output::json(document)?;
    Ok(ExitCode::SUCCESS)
}
