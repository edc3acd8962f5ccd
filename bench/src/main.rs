//! Measures the gateway beside nginx as a plain reverse proxy and beside no proxy at all, in one run on one machine.
//! The mock upstream and the load generator are its own and cheaper than anything they measure; see `README.md`.

mod clock;
mod http;
mod load;
mod machine;
mod mock;
mod run;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "bench", about = "Measures the gateway beside nginx and no proxy at all")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve OpenAI chat completions as fast as possible
    Mock(mock::Options),
    /// Put load on a server and print what was measured as JSON
    Load(load::Options),
    /// Measure all contenders and print a table
    Run(run::Options),
}

fn main() -> anyhow::Result<()> {
    match Arguments::parse().command {
        Command::Mock(options) => mock::serve(&options),
        Command::Load(options) => load::run(&options),
        Command::Run(options) => run::run(&options),
    }
}
