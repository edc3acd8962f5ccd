//! `gatewright audit list`.

use std::process::ExitCode;

use anyhow::Result;
use serde_json::{Value, json};

use crate::api::{self, Api, escape};
use crate::cli::{Audit, AuditList};
use crate::output::{self, time};

/// As many as one answer carries.
const PAGE: usize = 500;

pub(super) fn run(command: Audit) -> Result<ExitCode> {
    match command {
        Audit::List(options) => api::block_on(list(&options)),
    }
}

async fn list(options: &AuditList) -> Result<ExitCode> {
    let api = Api::new(&options.gateway)?;
    let wanted = usize::try_from(options.lines).unwrap_or(usize::MAX);
    let mut entries = Vec::new();
    let mut cursor = String::new();
    while entries.len() < wanted {
        let size = PAGE.min(wanted - entries.len());
        let mut page = api.get(&format!("/api/v1/audit?limit={size}{cursor}")).await?;
        if let Some(Value::Array(found)) = page.get_mut("entries").map(Value::take) {
            entries.extend(found);
        }
        match page.get("next").and_then(Value::as_str) {
            Some(next) => cursor = format!("&cursor={}", escape(next)),
            None => break,
        }
    }
    if options.json {
        output::json(&json!({ "entries": entries }))?;
    } else if entries.is_empty() {
        output::line("nobody has changed anything yet");
    } else {
        output::table(
            &["when", "who", "from", "did", "what", "detail"],
            &entries.iter().map(row).collect::<Vec<_>>(),
        );
    }
    Ok(ExitCode::SUCCESS)
}

fn row(entry: &Value) -> Vec<String> {
    let text = |name: &str| entry.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let what = format!("{} {}", text("kind"), text("name"));
    let from = text("address");
    vec![
        time::local(&text("at")),
        text("actor"),
        from,
        text("action"),
        what.trim().to_owned(),
        text("detail"),
    ]
}
