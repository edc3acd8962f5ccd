//! `healthcheck`

use std::path::PathBuf;

use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct Healthcheck {
    /// Where the gateway listens
    #[arg(
        long,
        value_name = "URL",
        env = "GATEWRIGHT_URL",
        hide_env_values = true,
        default_value = "http://127.0.0.1:4242"
    )]
    pub(crate) url: String,
    /// Certificates (PEM) to trust besides those of the system, for a gateway with a certificate of your own
    #[arg(long, value_name = "FILE", env = "GATEWRIGHT_CA_FILE", hide_env_values = true)]
    pub(crate) ca_file: Option<PathBuf>,
}
