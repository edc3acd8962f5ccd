//! `gatewright login`: a link that works once. It is as good as a password, so it goes to a person at a terminal only.

use std::io::{self, IsTerminal};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::api::{self, Api};
use crate::cli::Login;
use crate::output::{self, time};

pub(super) fn run(options: &Login) -> Result<ExitCode> {
    if !options.print && !io::stdout().is_terminal() {
        bail!(
            "a login link is a secret, and standard output is no terminal; add `--print` where that is right"
        );
    }
    let link =
        api::block_on(async { Api::new(&options.gateway)?.post("/api/v1/login-links", &json!({})).await })?;
    let url = link.get("url").and_then(Value::as_str).context("the gateway made no link")?;
    output::line(&output::harmless(url));
    if !options.print {
        let end = link.get("expires_at").and_then(Value::as_str).map(time::relative);
        let end = end.map(|end| format!(" and ends {end}")).unwrap_or_default();
        output::error(&format!("open it in a browser; it works once{end}"));
    }
    Ok(ExitCode::SUCCESS)
}
