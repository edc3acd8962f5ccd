//! What is stored as a file, and a file as what is stored: `export`, `diff`, `apply`, and `reload` of the gateway's own.

use std::path::PathBuf;

use clap::Args;

use super::Gateway;

#[derive(Debug, Args)]
pub(crate) struct Export {
    /// Where to write it [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) gateway: Gateway,
}

#[derive(Debug, Args)]
pub(crate) struct Diff {
    /// The file; `${VAR}` in it is resolved here, not by the gateway. `-` is standard input
    #[arg(short = 'f', long, value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Count what is stored but not in the file as to be deleted
    #[arg(long)]
    pub(crate) prune: bool,
    /// Leave secrets as they are stored where the variable of one is not set
    #[arg(long)]
    pub(crate) keep_secrets: bool,
    /// As JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) gateway: Gateway,
}

#[derive(Debug, Args)]
pub(crate) struct Apply {
    /// The file; `${VAR}` in it is resolved here, not by the gateway. `-` is standard input
    #[arg(short = 'f', long, value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Only say what would change
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Delete what is stored but not in the file
    #[arg(long)]
    pub(crate) prune: bool,
    /// Do not ask before deleting
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// Leave secrets as they are stored where the variable of one is not set
    #[arg(long)]
    pub(crate) keep_secrets: bool,
    /// As JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) gateway: Gateway,
}

#[derive(Debug, Args)]
pub(crate) struct Reload {
    /// As JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) gateway: Gateway,
}
