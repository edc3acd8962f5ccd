//! `gatewright serve`, and what needs no running gateway: `check` and `schema`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// The configuration file; without one the gateway serves the providers whose keys are in the environment, and a
    /// simulated endpoint `demo`
    #[arg(long, value_name = "FILE", env = "GATEWRIGHT_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    /// The address to listen on [default: 127.0.0.1:4242]
    #[arg(long, value_name = "ADDR")]
    pub(crate) listen: Option<SocketAddr>,
    /// Where everything is kept [default: $STATE_DIRECTORY, else $XDG_DATA_HOME/gatewright]
    #[arg(long, value_name = "DIR", env = "GATEWRIGHT_DATA_DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// Start nothing: try the migrations of this version on a copy of the databases, and say what came of it
    #[arg(long)]
    pub(crate) check: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Check {
    /// The configuration file
    #[arg(long, value_name = "FILE", env = "GATEWRIGHT_CONFIG", default_value = "gatewright.yaml")]
    pub(crate) config: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Schema {
    /// The reference of every field as Markdown instead
    #[arg(long)]
    pub(crate) markdown: bool,
}
