//! The workspace's own commands: `cargo xtask ci` is the whole gate, the others are its parts and the tools beside it.
//! Nothing here is shipped.

mod bench;
mod ci;
mod docs;
mod golden;
mod layers;
mod node_tests;
mod process;
mod python_tests;
mod report;
mod rust_tests;
mod tidy;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::report::say;
use crate::workspace::Workspace;

#[derive(Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    about = "Checks, tests and tools of this workspace"
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the whole gate: format, lints, tidy, generated documents, all tests in Rust, Python and Node
    ///
    /// Installs what the tests need into the target folder and names what it could not run. The last line is
    /// `N passed, M failed`: tests of all languages; a failed check that is not a test counts as one.
    #[command(
        after_help = "Example:\n  cargo xtask ci\n  cargo xtask ci --long     # the full forms, before a release"
    )]
    Ci {
        /// Run the full forms: more cases per property, every repetition, rustdoc, advisories
        #[arg(long)]
        long: bool,
        /// Run only these steps (by name, as `ci` prints them)
        #[arg(long, value_name = "STEP", value_delimiter = ',')]
        only: Vec<String>,
    },
    /// Check the repository's habits: layers, file lengths, names, documents, forbidden dependencies
    Tidy,
    /// Print the layers and check that imports point strictly downwards
    Layers,
    /// Replay the golden cases of `wire`; with --bless, write what the code says now
    #[command(
        after_help = "Example:\n  cargo xtask golden\n  cargo xtask golden --bless && git diff crates/wire/golden"
    )]
    Golden {
        /// Overwrite the expectations; review the difference like code
        #[arg(long)]
        bless: bool,
    },
    /// Write the generated references (routes, configuration) into docs/reference
    Docs {
        /// Fail where a file differs instead of writing it
        #[arg(long)]
        check: bool,
    },
    /// Build in release mode and measure beside nginx and no proxy at all; arguments go to `bench run`
    #[command(
        after_help = "Example:\n  cargo xtask bench --quick    # about a minute and a half\n  cargo xtask bench"
    )]
    Bench {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
}

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            say(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// `false` where a check failed and has said so.
fn run(command: Command) -> anyhow::Result<bool> {
    let workspace = Workspace::load()?;
    match command {
        Command::Ci { long, only } => ci::run(&workspace, long, &only),
        Command::Tidy => Ok(tidy::report(&tidy::check(&workspace)?)),
        Command::Layers => {
            say(&layers::table(&workspace));
            Ok(tidy::report(&layers::check(&workspace)))
        }
        Command::Golden { bless } => golden::run(&workspace, bless),
        Command::Docs { check } => docs::run(&workspace, check).map(|drift| tidy::report(&drift)),
        Command::Bench { arguments } => bench::run(&workspace, &arguments),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_of_the_bench_pass_through() {
        let arguments =
            Arguments::try_parse_from(["cargo xtask", "bench", "--quick", "--rounds", "3"]).unwrap();
        let Command::Bench { arguments } = arguments.command else { panic!("another command") };
        assert_eq!(arguments, ["--quick", "--rounds", "3"]);
    }
}
