//! The mock provider as a process of its own, for the tests of the real SDKs in other languages.
//! It prints `listening on http://…` when it is ready and runs until it is killed.

use std::io::{self, Write};
use std::net::SocketAddr;

use clap::Parser;
use testkit::provider::{MockProvider, Options};

/// A provider that speaks OpenAI and Anthropic on one port.
#[derive(Parser)]
#[command(after_help = "Example: mock-provider --listen 127.0.0.1:9100\n\
    A model's suffix makes it misbehave: gpt-4o~status=429+retry-after=2+times=1")]
struct Arguments {
    /// Where to listen; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Accept every key, and requests without one.
    #[arg(long)]
    no_auth: bool,
    /// A model to serve besides the vendors' families; may be repeated.
    #[arg(long)]
    model: Vec<String>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let arguments = Arguments::parse();
    let options =
        Options { listen: arguments.listen, check_keys: !arguments.no_auth, models: arguments.model };
    let provider = MockProvider::start_with(options).await;
    writeln!(io::stdout(), "listening on {}", provider.url())?;
    io::stdout().flush()?;
    provider.run_forever().await;
    Ok(())
}
