//! Where the admin token comes from: a file that was named, the environment, or the gateway's data directory. Never
//! from an argument.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use domain::Secret;

use crate::cli::Gateway;
use crate::paths;

const VARIABLE: &str = "GATEWRIGHT_ADMIN_TOKEN";

pub(super) fn find(gateway: &Gateway) -> Result<Secret<String>> {
    if let Some(path) = &gateway.token_file {
        return read(path).with_context(|| format!("cannot read the admin token in `{}`", path.display()));
    }
    if let Some(token) = std::env::var(VARIABLE).ok().filter(|token| !token.is_empty()) {
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

/// The data directory that the token is in, where it comes from there: then the gateway is on this machine.
pub(crate) fn data_dir(gateway: &Gateway) -> Option<PathBuf> {
    let elsewhere = gateway.token_file.is_some() || std::env::var_os(VARIABLE).is_some();
    paths::data_dir(gateway.data_dir.clone()).ok().filter(|path| !elsewhere && path.is_dir())
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
