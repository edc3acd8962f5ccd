//! Where the admin token comes from: a file that was named, the environment, or the gateway's data directory. Never
//! from an argument.

use std::path::Path;

use anyhow::{Context, Result, anyhow, bail};
use domain::Secret;

use crate::cli::Gateway;
use crate::paths;

pub(super) fn find(gateway: &Gateway) -> Result<Secret<String>> {
    if let Some(path) = &gateway.token_file {
        return read(path).with_context(|| format!("cannot read the admin token in `{}`", path.display()));
    }
    if let Some(token) = std::env::var("GATEWRIGHT_ADMIN_TOKEN").ok().filter(|token| !token.is_empty()) {
        return Ok(Secret::new(token));
    }
    let path = paths::data_dir(gateway.data_dir.clone())?.join("admin-token");
    read(&path).map_err(|error| {
        anyhow!(
            "there is no admin token in `{}` ({error}); name the gateway's data directory with `--data-dir`, or set \
             `GATEWRIGHT_ADMIN_TOKEN`",
            path.display()
        )
    })
}

fn read(path: &Path) -> Result<Secret<String>> {
    let content = std::fs::read_to_string(path).map_err(|error| anyhow!(vault::file_reason(error.kind())))?;
    let content = Secret::new(content);
    let token = content.expose().trim();
    if token.is_empty() {
        bail!("it is empty");
    }
    Ok(Secret::new(token.to_owned()))
}
