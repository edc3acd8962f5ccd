//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// One gateway between applications or agents and every model provider they call.
#[derive(Debug, Parser)]
#[command(name = "gatewright", version, propagate_version = true, arg_required_else_help = true)]
#[command(
    after_help = "Example:\n  gatewright serve\n  curl http://127.0.0.1:4242/v1/chat/completions \\\n    \
    -H 'content-type: application/json' \\\n    \
    -d '{\"model\": \"demo\", \"messages\": [{\"role\": \"user\", \"content\": \"hello\"}]}'"
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start the gateway
    #[command(after_help = "Example:\n  gatewright serve --config gatewright.yaml --listen 127.0.0.1:8080")]
    Serve(Serve),
    /// Check a configuration file: all problems at once, with their places
    #[command(after_help = "Example:\n  gatewright check --config gatewright.yaml")]
    Check(Check),
    /// Print the JSON Schema of the configuration file, for editors
    #[command(after_help = "Example:\n  gatewright schema > gatewright.schema.json\n  \
        # then, as the first line of gatewright.yaml:\n  \
        # yaml-language-server: $schema=gatewright.schema.json")]
    Schema(Schema),
    /// Look at traces of a running gateway
    #[command(subcommand, after_help = "Example:\n  gatewright traces tail")]
    Traces(Traces),
    /// Sum up tokens and cost
    #[command(after_help = "Example:\n  gatewright usage --by key --since 7d")]
    Usage(Usage),
    /// Print the OpenAPI document of the admin API
    #[command(after_help = "Example:\n  gatewright openapi > openapi.json")]
    Openapi,
}

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
    #[command(flatten)]
    pub(crate) gateway: Gateway,
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
}

#[derive(Debug, Args)]
pub(crate) struct Show {
    #[command(flatten)]
    pub(crate) gateway: Gateway,
    /// A trace id, or the id of one of its calls
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    /// The trace as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Usage {
    #[command(flatten)]
    pub(crate) gateway: Gateway,
    /// What to group by
    #[arg(long, value_enum, default_value_t = GroupBy::Endpoint)]
    pub(crate) by: GroupBy,
    /// How far back: `30m`, `24h`, `7d`; everything when left out
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<String>,
    /// The rows as JSON
    #[arg(long)]
    pub(crate) json: bool,
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

/// How to reach a running gateway.
#[derive(Debug, Args)]
pub(crate) struct Gateway {
    /// Where the gateway listens
    #[arg(long, value_name = "URL", env = "GATEWRIGHT_URL", default_value = "http://127.0.0.1:4242")]
    pub(crate) url: String,
    /// The admin token [default: the file `admin-token` in the data directory]
    #[arg(long, value_name = "TOKEN", env = "GATEWRIGHT_ADMIN_TOKEN", hide_env_values = true)]
    pub(crate) token: Option<String>,
    /// The gateway's data directory, where its admin token is
    #[arg(long, value_name = "DIR", env = "GATEWRIGHT_DATA_DIR")]
    pub(crate) data_dir: Option<PathBuf>,
}
