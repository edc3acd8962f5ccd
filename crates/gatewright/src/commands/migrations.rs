//! `gatewright serve --check`: would this version get on with the databases that are there?

use std::process::ExitCode;

use anyhow::Result;
use store::sqlite::check_migrations;

use crate::cli::Serve;
use crate::{configuration, output};

pub(crate) fn run(options: &Serve) -> Result<ExitCode> {
    let data_dir = configuration::data_dir(options)?;
    if !data_dir.is_dir() {
        output::line(&format!("{}: nothing there yet", data_dir.display()));
        return Ok(ExitCode::SUCCESS);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let checks = runtime.block_on(check_migrations(&data_dir))?;
    let mut code = ExitCode::SUCCESS;
    for check in &checks {
        let (file, found, known) = (&check.file, check.found, check.known);
        match &check.problem {
            Some(problem) => {
                output::error(&format!("{file}: {problem}"));
                code = ExitCode::FAILURE;
            }
            None if check.is_due() => {
                output::line(&format!(
                    "{file}: schema {found} becomes {known}; a copy was migrated and is sound"
                ));
            }
            None => output::line(&format!("{file}: schema {found}, up to date")),
        }
    }
    Ok(code)
}
