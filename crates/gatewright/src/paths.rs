//! Where things are kept when nobody says where.

use std::path::PathBuf;

use anyhow::{Context, Result};

/// The data directory: as written, else as systemd says, else as the desktop standard says.
/// <https://specifications.freedesktop.org/basedir-spec/latest/>
pub(crate) fn data_dir(written: Option<PathBuf>) -> Result<PathBuf> {
    let from = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    written
        .or_else(|| from("STATE_DIRECTORY"))
        .or_else(|| from("XDG_DATA_HOME").map(|home| home.join("gatewright")))
        .or_else(|| from("HOME").map(|home| home.join(".local/share/gatewright")))
        .context("there is no place for data: neither `STATE_DIRECTORY`, `XDG_DATA_HOME` nor `HOME` is set; name one with `--data-dir`")
}
