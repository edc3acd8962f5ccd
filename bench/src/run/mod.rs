//! Measures all contenders in one run: round by round, in turns, each with a fresh process, so that what the machine
//! does in between hits all of them; what is reported are medians over the rounds.

mod contender;
mod measure;
mod process;
mod table;

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde_json::json;

use crate::machine;
use contender::Contender;
use measure::{Plan, Round};
use process::{Process, Rig};

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Two short rounds instead of five long ones
    #[arg(long)]
    quick: bool,
    /// Rounds, instead of what `--quick` says
    #[arg(long)]
    rounds: Option<usize>,
    /// Seconds of each measurement, instead of what `--quick` says
    #[arg(long)]
    seconds: Option<f64>,
    /// The gateway; left out of the run where it does not exist
    #[arg(long, default_value = "target/release/gatewright")]
    gatewright: PathBuf,
    /// nginx; left out of the run where it does not exist
    #[arg(long, default_value = "nginx")]
    nginx: PathBuf,
    /// Microseconds between two events of a stream
    #[arg(long, default_value_t = 10_000)]
    interval_us: u64,
    /// The core of the server that is measured
    #[arg(long, default_value_t = 0)]
    server_core: usize,
    /// The core of the mock and of the load generator
    #[arg(long, default_value_t = 1)]
    rig_core: usize,
    /// Where the JSON goes, instead of `bench/results/<time>.json`
    #[arg(long)]
    out: Option<PathBuf>,
}

pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let mut errors = io::stderr().lock();
    if machine::cores() < 2 {
        writeln!(
            errors,
            "warning: there is one core only, so the contenders compete with the rig; compare nothing else"
        )?;
    }
    let load_average = machine::load_average();
    let contenders = contenders(options, &mut errors)?;
    let plan = plan(options);
    let mut rounds: Vec<(Contender, Vec<Round>)> =
        contenders.into_iter().map(|contender| (contender, Vec::new())).collect();
    for number in 1..=plan.rounds {
        for (contender, done) in &mut rounds {
            writeln!(errors, "round {number} of {}: {}", plan.rounds, contender.name())?;
            done.push(measure::round(contender, &plan)?);
        }
    }
    let table = table::markdown(&rounds);
    writeln!(io::stdout(), "{table}")?;
    for note in table::notes(&rounds) {
        writeln!(io::stdout(), "- {note}")?;
    }
    if load_average > QUIET {
        writeln!(
            io::stdout(),
            "- the machine was busy before the run (load {load_average}), so believe only large differences"
        )?;
    }
    let path = save(options, &plan, load_average, &rounds)?;
    writeln!(errors, "wrote {}", path.display())?;
    Ok(())
}

fn contenders(options: &Options, errors: &mut impl Write) -> anyhow::Result<Vec<Contender>> {
    let mut contenders = vec![Contender::Direct];
    match find(&options.nginx) {
        Some(binary) => contenders.push(Contender::Nginx { binary }),
        None => writeln!(
            errors,
            "skipping nginx: `{}` was not found; install it, for example with `apt-get install nginx-light`",
            options.nginx.display()
        )?,
    }
    match find(&options.gatewright) {
        Some(binary) => contenders.push(Contender::Gatewright { binary }),
        None => writeln!(
            errors,
            "skipping gatewright: `{}` was not found; build it with `cargo build --release -p gatewright`",
            options.gatewright.display()
        )?,
    }
    Ok(contenders)
}

/// A path as it stands, or a name on the search path.
fn find(binary: &Path) -> Option<PathBuf> {
    let here = fs::canonicalize(binary).ok();
    if binary.components().count() > 1 {
        return here;
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let extra = ["/usr/sbin", "/usr/local/sbin", "/sbin"].map(PathBuf::from);
    std::env::split_paths(&path)
        .chain(extra)
        .map(|folder| folder.join(binary))
        .find(|file| file.is_file())
        .or(here)
}

fn plan(options: &Options) -> Plan {
    let (rounds, seconds) = if options.quick { (2, 2.0) } else { (5, 6.0) };
    Plan {
        rounds: options.rounds.unwrap_or(rounds),
        seconds: options.seconds.unwrap_or(seconds),
        waves: if options.quick { 2 } else { 4 },
        rig: Rig { core: options.rig_core, interval_us: options.interval_us },
        server_core: options.server_core,
    }
}

fn save(
    options: &Options,
    plan: &Plan,
    load_average: f64,
    rounds: &[(Contender, Vec<Round>)],
) -> anyhow::Result<PathBuf> {
    let now = jiff::Timestamp::now();
    let results: serde_json::Map<String, serde_json::Value> = rounds
        .iter()
        .map(|(contender, rounds)| Ok((contender.name().to_owned(), serde_json::to_value(rounds)?)))
        .collect::<anyhow::Result<_>>()?;
    let record = json!({
        "time": now.to_string(),
        "processor": machine::processor(),
        "cores": machine::cores(),
        "kernel": machine::kernel(),
        "load_average_before": load_average,
        "seconds": plan.seconds,
        "waves": plan.waves,
        "interval_us": options.interval_us,
        "rounds": results,
    });
    let path = options.out.clone().unwrap_or_else(|| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("results");
        folder.join(format!("{}.json", now.strftime("%Y-%m-%dT%H-%M-%SZ")))
    });
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let text = serde_json::to_string_pretty(&record)?;
    fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}

/// The load average of a machine that does nothing else.
const QUIET: f64 = 0.5;
