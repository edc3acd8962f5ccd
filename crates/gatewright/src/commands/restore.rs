//! `gatewright restore`.

use std::process::ExitCode;

use anyhow::Result;
use store::sqlite::restore;

use crate::cli::Restore;
use crate::{output, paths};

pub(crate) fn run(options: Restore) -> Result<ExitCode> {
    let data_dir = paths::data_dir(options.data_dir)?;
    let manifest = restore(&options.file, &data_dir)?;
    let (files, version) = (manifest.files.len(), &manifest.version);
    output::line(&format!("{}: {files} files of version {version}", data_dir.display()));
    if !manifest.has_vault_key {
        output::error(
            "the backup holds no vault key: put `vault-key` there, or name `vault.key`, before stored secrets are used",
        );
    }
    Ok(ExitCode::SUCCESS)
}
