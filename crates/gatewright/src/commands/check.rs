//! `gatewright check`.

use std::process::ExitCode;

use anyhow::Result;

use crate::cli::Check;
use crate::{compose, output};

pub(crate) fn run(options: &Check) -> Result<ExitCode> {
    // Hashes are only compared with each other here, so the pepper does not matter.
    let hasher = vault::KeyHasher::new(&[0; 32]);
    let problems = match compose::read_file(&options.config, &hasher)? {
        Ok(compiled) => compiled.warnings,
        Err(diagnostics) => diagnostics,
    };
    for problem in &problems {
        output::error(&problem.to_string());
    }
    let errors = problems.iter().filter(|problem| problem.severity == config::Severity::Error).count();
    let warnings = problems.len() - errors;
    if errors == 0 {
        output::line(&format!(
            "{}: fine{}",
            options.config.display(),
            count(warnings, ", with %", "warning")
        ));
        return Ok(ExitCode::SUCCESS);
    }
    let more = count(warnings, " and %", "warning");
    output::error(&format!("{}:{}{more}", options.config.display(), count(errors, " %", "error")));
    Ok(ExitCode::FAILURE)
}

fn count(number: usize, text: &str, noun: &str) -> String {
    match number {
        0 => String::new(),
        1 => text.replace('%', &format!("1 {noun}")),
        n => text.replace('%', &format!("{n} {noun}s")),
    }
}
