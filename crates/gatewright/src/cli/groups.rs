//! The flags of `gatewright project` and `gatewright team`.

use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct ProjectFields {
    /// The team that it belongs to
    #[arg(long, value_name = "NAME")]
    pub(crate) team: Option<String>,
    /// What people should know about it
    #[arg(long, value_name = "TEXT")]
    pub(crate) description: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct TeamFields {
    /// What people should know about it
    #[arg(long, value_name = "TEXT")]
    pub(crate) description: Option<String>,
}
