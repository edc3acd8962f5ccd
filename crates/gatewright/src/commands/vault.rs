//! `gatewright vault status|rotate`.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use serde_json::{Value, json};

use crate::api::{self, Api};
use crate::cli::{Vault, VaultAction};
use crate::output::{self, count, flow, harmless};

/// Ten thousand secrets under load take less than a minute.
const PATIENCE: Duration = Duration::from_secs(900);

pub(super) fn run(command: Vault) -> Result<ExitCode> {
    match command {
        Vault::Status(options) => api::block_on(status(&options)),
        Vault::Rotate(options) => api::block_on(rotate(&options)),
    }
}

async fn status(options: &VaultAction) -> Result<ExitCode> {
    let vault = Api::new(&options.gateway)?.get("/api/v1/vault").await?;
    if options.json {
        output::json(&vault)?;
        return Ok(ExitCode::SUCCESS);
    }
    let current = text(&vault, "key_id");
    let origin = if vault.get("configured") == Some(&Value::Bool(true)) {
        "from the configuration"
    } else {
        "made by the gateway, in the file `vault-key` of its data directory"
    };
    let previous: Vec<String> =
        list(&vault, "key_ids").iter().map(flow).filter(|key_id| *key_id != current).collect();
    let sealed: Vec<String> = list(&vault, "sealed").iter().map(sealed).collect();
    let fields = [
        ("key", format!("{current}, {origin}")),
        ("previous keys", previous.join(", ")),
        ("secrets", if sealed.is_empty() { "none".to_owned() } else { sealed.join("\n") }),
    ];
    output::fields("vault", &fields.map(|(name, value)| (name.to_owned(), value)));
    Ok(ExitCode::SUCCESS)
}

async fn rotate(options: &VaultAction) -> Result<ExitCode> {
    let api = Api::new(&options.gateway)?.patient(PATIENCE);
    let rotated = api.post("/api/v1/vault/rotate", &json!({})).await?;
    let unopened = number(&rotated, "unopened_count");
    let code = if unopened == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    if options.json {
        output::json(&rotated)?;
        return Ok(code);
    }
    let resealed = count(number(&rotated, "resealed"), "secret");
    output::line(&format!("encrypted {resealed} with key {}", text(&rotated, "key_id")));
    let retired: Vec<String> = list(&rotated, "retired").iter().map(flow).collect();
    if !retired.is_empty() {
        output::line(&format!("nothing needs {} any more", harmless(&retired.join(", "))));
    }
    if unopened > 0 {
        let secrets = count(unopened, "secret");
        output::error(&format!(
            "error: {secrets} could not be decrypted and stayed; set these again, or bring back the key"
        ));
        for one in list(&rotated, "unopened") {
            let (object, field) = (text(one, "object_id"), text(one, "field"));
            output::error(&format!("  {object} {field}: {}", text(one, "problem")));
        }
    }
    Ok(code)
}

/// `12 under 9f8e7d6c5b4a3f2e`
fn sealed(under: &Value) -> String {
    format!("{} under {}", number(under, "secrets"), text(under, "key_id"))
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn text(value: &Value, name: &str) -> String {
    harmless(value.get(name).and_then(Value::as_str).unwrap_or_default())
}

fn number(value: &Value, name: &str) -> usize {
    let number = value.get(name).and_then(Value::as_u64).unwrap_or(0);
    usize::try_from(number).unwrap_or(usize::MAX)
}
