//! `gatewright traces` and `gatewright usage`.

use clap::{Args, Subcommand, ValueEnum};

use super::Gateway;

#[derive(Debug, Subcommand)]
pub(crate) enum Traces {
    /// Print calls as they happen, until interrupted
    #[command(after_help = "Example:\n  gatewright traces tail --endpoint demo")]
    Tail(Tail),
    /// Print one trace: its calls, their attempts, and what was said
    #[command(after_help = "Example:\n  gatewright traces show 4bf92f3577b34da6a3ce929d0e0e4736")]
    Show(Show),
}

#[derive(Debug, Args)]
pub(crate) struct Tail {
    /// Only calls of this endpoint
    #[arg(long, value_name = "NAME")]
    pub(crate) endpoint: Option<String>,
    /// Begin with this many calls of the past
    #[arg(short = 'n', long, value_name = "COUNT", default_value_t = 10)]
    pub(crate) lines: u32,
    /// Do not wait for more
    #[arg(long)]
    pub(crate) no_follow: bool,
    /// One JSON document per line
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) gateway: Gateway,
}

#[derive(Debug, Args)]
pub(crate) struct Show {
    /// A trace id, or the id of one of its calls
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    /// The trace as JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) gateway: Gateway,
}

#[derive(Debug, Args)]
pub(crate) struct Usage {
    /// What to group by
    #[arg(long, value_enum, default_value_t = GroupBy::Endpoint)]
    pub(crate) by: GroupBy,
    /// How far back: `30m`, `24h`, `7d`; everything when left out
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<String>,
    /// The rows as JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) gateway: Gateway,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum GroupBy {
    Endpoint,
    Key,
    Model,
    Provider,
    Project,
}

impl GroupBy {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Endpoint => "endpoint",
            Self::Key => "key",
            Self::Model => "model",
            Self::Provider => "provider",
            Self::Project => "project",
        }
    }
}
