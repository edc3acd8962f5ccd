//! For whoever operates a gateway: `doctor`, `login` and `audit`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Gateway;

#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// The configuration file, to look at where no gateway runs
    #[arg(long, value_name = "FILE", env = "GATEWRIGHT_CONFIG", hide_env_values = true)]
    pub(crate) config: Option<PathBuf>,
    /// As JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) gateway: Gateway,
}

#[derive(Debug, Args)]
pub(crate) struct Login {
    /// Print the link even where standard output is no terminal
    #[arg(long)]
    pub(crate) print: bool,
    #[command(flatten)]
    pub(crate) gateway: Gateway,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Audit {
    /// List changes, the latest first
    #[command(after_help = "Example:\n  gatewright audit list -n 50")]
    List(AuditList),
}

#[derive(Debug, Args)]
pub(crate) struct AuditList {
    /// At most this many
    #[arg(short = 'n', long, value_name = "COUNT", default_value_t = 20)]
    pub(crate) lines: u32,
    /// As JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) gateway: Gateway,
}
