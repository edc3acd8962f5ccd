//! `gatewright vault status|rotate`.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use serde_json::{Value, json};

use crate::api::{self, Api};
use crate::cli::Vault;
use crate::output;

/// Ten thousand secrets under load take less than a minute.
const PATIENCE: Duration = Duration::from_secs(900);

pub(super) fn run(command: Vault) -> Result<ExitCode> {
    let (options, rotate) = match command {
        Vault::Status(options) => (options, false),
        Vault::Rotate(options) => (options, true),
    };
    let answer = api::block_on(async {
        let api = Api::new(&options.gateway)?.patient(PATIENCE);
        if rotate {
            api.post("/api/v1/vault/rotate", &json!({})).await
        } else {
            api.get("/api/v1/vault").await
        }
    })?;
    if options.json {
        output::json(&answer)?;
        return Ok(ExitCode::SUCCESS);
    }
    let fields: Vec<(String, String)> = answer
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value): (&String, &Value)| (name.replace('_', " "), output::flow(value)))
        .collect();
    output::fields(if rotate { "rotated the vault's key" } else { "vault" }, &fields);
    Ok(ExitCode::SUCCESS)
}
