//! `gatewright reload`.

use std::process::ExitCode;

use anyhow::Result;
use serde_json::json;

use crate::api::{self, Api};
use crate::cli::Reload;
use crate::output;

pub(in crate::commands) fn reload(options: &Reload) -> Result<ExitCode> {
    let answer = api::block_on(async {
        Api::new(&options.gateway)?.post("/api/v1/configuration/reload", &json!({})).await
    })?;
    if options.json {
        output::json(&answer)?;
    }
    Ok(ExitCode::SUCCESS)
}
