//! `delete`: asks first, and goes on to the next name after a refusal.

use std::process::ExitCode;

use anyhow::Result;

use super::{explain_stale, path};
use crate::api::{Api, Problem};
use crate::cli::{Delete, ObjectFields, Place};
use crate::commands::inputs::confirm;
use crate::output;

pub(super) async fn run<F: ObjectFields>(options: &Delete<F>) -> Result<ExitCode> {
    let api = Api::new(&options.gateway)?;
    let project = options.place.project();
    let mut code = ExitCode::SUCCESS;
    for name in &options.names {
        if !confirm(&format!("delete {} `{name}`", F::KIND), options.yes)? {
            output::error(&format!("{} `{name}` stays", F::KIND));
            code = ExitCode::FAILURE;
            continue;
        }
        match api.delete(&path(F::KIND, name, project), options.if_revision).await {
            Ok(_) => output::line(&format!("deleted {} `{name}`", F::KIND)),
            // The others may still go; without a gateway none will.
            Err(error) if Problem::of(&error).is_some() => {
                let error = match Problem::of(&error) {
                    Some(problem) if problem.status == 404 => super::missing(F::KIND, name, project),
                    _ => explain_stale(error, F::KIND, name),
                };
                output::error(&format!("error: {error:#}"));
                code = ExitCode::FAILURE;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(code)
}
