//! `gatewright usage`.

use std::process::ExitCode;

use anyhow::{Context, Result};
use jiff::Timestamp;
use serde_json::Value;

use crate::api::{self, Api};
use crate::cli::Usage;
use crate::output::{self, time};

pub(crate) fn run(options: &Usage) -> Result<ExitCode> {
    let mut path = format!("/api/v1/usage?by={}", options.by.name());
    if let Some(since) = &options.since {
        let begin = Timestamp::now()
            .checked_sub(time::span(since).context("`--since`")?)
            .with_context(|| format!("`--since {since}` lies before all time"))?;
        path.push_str(&format!("&since={begin}"));
    }
    let report = api::block_on(async { Api::new(&options.gateway)?.get(&path).await })?;
    if options.json {
        output::line(&serde_json::to_string_pretty(&report)?);
        return Ok(ExitCode::SUCCESS);
    }
    let groups = report.get("groups").and_then(Value::as_array).cloned().unwrap_or_default();
    if groups.is_empty() {
        output::line("no usage yet; a call shows here a second after it has finished");
        return Ok(ExitCode::SUCCESS);
    }
    let mut rows: Vec<Vec<String>> = groups.iter().map(|group| row(name(group), group)).collect();
    if let Some(total) = report.get("total").filter(|_| rows.len() > 1) {
        rows.push(row("total".to_owned(), total));
    }
    output::table(
        &[options.by.name(), "calls", "attempts", "input", "cached", "output", "cost USD", "unpriced"],
        &rows,
    );
    Ok(ExitCode::SUCCESS)
}

fn name(group: &Value) -> String {
    let text = |field: &str| group.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
    let name = text("name");
    if name.is_empty() { text("id") } else { name }
}

fn row(name: String, totals: &Value) -> Vec<String> {
    let number = |pointer: &str| totals.pointer(pointer).and_then(Value::as_u64).unwrap_or(0);
    let cost = totals.get("cost_usd").and_then(Value::as_str).unwrap_or("unknown");
    vec![
        name,
        number("/calls").to_string(),
        number("/attempts").to_string(),
        number("/usage/input_tokens").to_string(),
        number("/usage/cache_read").to_string(),
        number("/usage/output_tokens").to_string(),
        cost.to_owned(),
        number("/unknown_cost_attempts").to_string(),
    ]
}
