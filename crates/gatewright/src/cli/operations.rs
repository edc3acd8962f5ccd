//! For whoever operates a gateway: `doctor`, `login`, `vault`, `audit`, `backup` and `restore`.

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
pub(crate) enum Vault {
    /// Say which keys secrets are encrypted with
    #[command(after_help = "Example:\n  gatewright vault status")]
    Status(VaultAction),
    /// Encrypt all secrets with a new key, while serving
    #[command(after_help = "Example:\n  gatewright vault rotate")]
    Rotate(VaultAction),
}

#[derive(Debug, Args)]
pub(crate) struct VaultAction {
    /// As JSON
    #[arg(long)]
    pub(crate) json: bool,
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

#[derive(Debug, Args)]
pub(crate) struct Backup {
    /// The file to write; it must not exist
    #[arg(long, value_name = "FILE")]
    pub(crate) to: PathBuf,
    /// Add the key that opens the stored secrets: whoever has the file then has them. Not needed where the key comes
    /// from the configuration
    #[arg(long)]
    pub(crate) with_vault_key: bool,
    /// Add the admin token; without it, a restored gateway makes a new one
    #[arg(long)]
    pub(crate) with_admin_token: bool,
    /// What to copy [default: $STATE_DIRECTORY, else $XDG_DATA_HOME/gatewright]
    #[arg(long, value_name = "DIR", env = "GATEWRIGHT_DATA_DIR", hide_env_values = true)]
    pub(crate) data_dir: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Restore {
    /// The backup
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Where to; it must be empty or missing [default: $STATE_DIRECTORY, else $XDG_DATA_HOME/gatewright]
    #[arg(long, value_name = "DIR", env = "GATEWRIGHT_DATA_DIR", hide_env_values = true)]
    pub(crate) data_dir: Option<PathBuf>,
}
