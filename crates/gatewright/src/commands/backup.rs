//! `gatewright backup`. It reads the data directory itself: a copy can be made whether or not a gateway runs.

use std::process::ExitCode;

use anyhow::{Context, Result};
use store::sqlite::{BackupOptions, backup};

use crate::cli::Backup;
use crate::{output, paths};

pub(crate) fn run(options: Backup) -> Result<ExitCode> {
    let data_dir = paths::data_dir(options.data_dir)?;
    anyhow::ensure!(
        data_dir.is_dir(),
        "there is no data directory `{}`; name it with `--data-dir`",
        data_dir.display()
    );
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let what = BackupOptions {
        with_vault_key: options.with_vault_key,
        with_admin_token: options.with_admin_token,
        version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    let report = runtime
        .block_on(backup(&data_dir, &options.to, &what))
        .with_context(|| format!("cannot back `{}` up", data_dir.display()))?;
    let (to, files, mib) = (options.to.display(), report.files, report.bytes.div_ceil(1 << 20));
    output::line(&format!("{to}: {files} files, {mib} MiB"));
    if report.has_vault_key {
        output::error("the file opens every stored secret; keep it as you keep those");
    } else if data_dir.join("vault-key").exists() {
        output::error(
            "without the vault key: keep `vault-key` of the data directory somewhere else, or stored secrets stay closed",
        );
    }
    Ok(ExitCode::SUCCESS)
}
