//! `delete`: asks first, and goes on to the next name after a refusal.

use std::process::ExitCode;

use anyhow::Result;
use domain::ObjectKind;

use super::{explain_stale, get, path, text};
use crate::api::{Api, Unreachable};
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
        match delete(&api, F::KIND, name, project, options.if_revision).await {
            Ok(()) => output::line(&format!("deleted {} `{name}`", F::KIND)),
            // Without a gateway none of the others will go either.
            Err(error) if error.is::<Unreachable>() => return Err(error),
            Err(error) => {
                output::error(&format!("error: {error:#}"));
                code = ExitCode::FAILURE;
            }
        }
    }
    Ok(code)
}

async fn delete(
    api: &Api,
    kind: ObjectKind,
    name: &str,
    project: Option<&str>,
    revision: Option<i64>,
) -> Result<()> {
    // By its id: of the name there may be one in each project.
    let object = get(api, kind, name, project).await?;
    let deleted = api.delete(&path(kind, &text(&object, "id"), None), revision).await;
    deleted.map(drop).map_err(|error| explain_stale(error, kind, name))
}
