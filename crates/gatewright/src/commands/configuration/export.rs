//! `gatewright export`.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::api::{self, Api};
use crate::cli::Export;
use crate::output;

pub(in crate::commands) fn export(options: &Export) -> Result<ExitCode> {
    let text =
        api::block_on(async { Api::new(&options.gateway)?.get_text("/api/v1/configuration/export").await })?;
    match &options.output {
        None => output::line(text.trim_end()),
        Some(path) => {
            write(path, &text).with_context(|| format!("cannot write `{}`", path.display()))?;
            output::error(&format!("wrote {}; secrets are references in it", path.display()));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// There is no secret in it, but who has which access concerns nobody else.
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o640).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}
