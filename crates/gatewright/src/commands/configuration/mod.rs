//! `gatewright export|diff|apply|reload`: what is stored as a file, and a file as what is stored.

mod export;
mod file;
mod plan;
mod reload;

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use serde_json::Value;

use super::Inputs;
use super::inputs::confirm;
use crate::api::{self, Api};
use crate::cli::{Apply, Diff};
use crate::output::{self, count};

pub(super) use export::export;
pub(super) use reload::{diagnostic, reload};

use plan::Plan;

pub(super) fn diff(options: &Diff) -> Result<ExitCode> {
    api::block_on(async {
        let api = Api::new(&options.gateway)?;
        let request = read(&api, &options.file, options.prune, options.keep_secrets)?;
        let answer = api.post("/api/v1/configuration/diff", &request).await?;
        report(&answer, false, options.json)
    })
}

pub(super) fn apply(options: &Apply) -> Result<ExitCode> {
    api::block_on(async {
        let api = Api::new(&options.gateway)?;
        let request = read(&api, &options.file, options.prune, options.keep_secrets)?;
        if options.dry_run {
            let answer = api.post("/api/v1/configuration/diff", &request).await?;
            return report(&answer, false, options.json);
        }
        if options.prune && !options.yes {
            let planned = api.post("/api/v1/configuration/diff", &request).await?;
            let plan = Plan::of(&planned);
            if plan.deletions() > 0 {
                plan.print();
                if !confirm(&format!("delete {}", count(plan.deletions(), "object")), false)? {
                    output::error("nothing was changed");
                    return Ok(ExitCode::FAILURE);
                }
            }
        }
        let answer = api.post("/api/v1/configuration/apply", &request).await?;
        report(&answer, true, options.json)
    })
}

fn read(api: &Api, path: &Path, prune: bool, keep_secrets: bool) -> Result<Value> {
    let text = Inputs::new(api).document(path)?;
    file::request(path, &text, prune, keep_secrets)
}

fn report(answer: &Value, done: bool, json: bool) -> Result<ExitCode> {
    if json {
        output::json(answer)?;
    } else {
        let plan = Plan::of(answer);
        plan.print();
        output::line(&plan.sum(done));
        plan.print_secrets();
    }
    Ok(ExitCode::SUCCESS)
}
