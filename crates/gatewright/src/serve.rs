//! `gatewright serve`: start, wait for a signal, drain.

use std::io::IsTerminal;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use config::snapshot::{Caps, Snapshot};
use config::{Compiled, Source};
use runtime::{Executors, Listeners, Shutdown, Tasks};
use server::{ConnectionLimits, InboundTls};
use telemetry::Recorder;
use tokio::signal::unix::{Signal, SignalKind, signal};
use upstream::Egress;
use vault::{DataDir, Environment, KeyHasher};

use crate::cli::Serve;
use crate::compose::{self, Blueprint};
use crate::refresh::{Refresh, egress_options};
use crate::{logging, notify, output, paths};

pub(crate) fn run(options: &Serve) -> Result<ExitCode> {
    logging::start();
    let shutdown = Shutdown::new();
    let mut data = DataDir::open(data_dir(options)?)?;
    for warning in data.warnings() {
        tracing::warn!("{warning}");
    }
    let hasher = Arc::new(KeyHasher::new(data.pepper()?.expose()));
    let Some(snapshot) = snapshot(options, &hasher)? else {
        return Ok(ExitCode::FAILURE);
    };
    let background = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("background")
        .enable_all()
        .build()
        .context("cannot start the background runtime")?;
    let listeners = Listeners::bind(snapshot.server.listen, snapshot.server.executors)?;
    let address = listeners.address();
    let recorder = Recorder::start(data.path(), telemetry::Options::default())?;
    let recorder = Arc::new(recorder);
    let tasks = Tasks::new();
    let (shared, health) = compose::shared(
        Arc::clone(&snapshot),
        &recorder,
        &mut data,
        &hasher,
        &shutdown,
        (background.handle().clone(), tasks.clone()),
    )?;
    let inbound = Arc::new(InboundTls::start(snapshot.server.tls.as_ref())?);
    let egress = Arc::new(Egress::start(&egress_options(&snapshot))?);
    let refresh = Refresh {
        snapshot: Arc::clone(&shared.snapshot),
        inbound: Arc::clone(&inbound),
        egress: Arc::clone(&egress),
    };
    let blueprint = Arc::new(Blueprint {
        shared,
        hasher,
        recorder: Arc::clone(&recorder),
        egress,
        limits: ConnectionLimits { header_read: snapshot.server.caps.header_read },
        inbound,
        listeners: listeners.into(),
    });
    // Before anybody can know that we are there: a signal that finds nobody listening kills.
    let (signals, hangup) = Signals::listen(&background)?;
    tasks.spawn_on(refresh.run(hangup, shutdown.clone()), background.handle());
    let program = move |context| Arc::clone(&blueprint).run(context);
    let executors = Executors::start(snapshot.server.executors, &shutdown, program)?;
    health.ready();
    announce(&snapshot, &data, address);
    notify::ready();
    let killer = Tasks::new();
    background.block_on(wait(signals, &shutdown, snapshot.server.caps, &killer));
    executors.join();
    finish(&background, &tasks);
    // Whatever the executors wrote last is in the journal and the buffers by now.
    recorder.shutdown();
    background.shutdown_timeout(Duration::from_secs(1));
    tracing::info!("stopped");
    Ok(ExitCode::SUCCESS)
}

/// Requests to the admin API that are still being answered have nobody left to read the answer.
fn finish(background: &tokio::runtime::Runtime, tasks: &Tasks) {
    const LAST_TURN: Duration = Duration::from_secs(1);
    if background.block_on(async { tokio::time::timeout(LAST_TURN, tasks.finished()).await }).is_err() {
        tracing::warn!(tasks = tasks.len(), "some background tasks did not end in time");
    }
}

/// The command line decides, then the configuration, then the environment.
pub(crate) fn data_dir(options: &Serve) -> Result<std::path::PathBuf> {
    if options.data_dir.is_some() {
        return paths::data_dir(options.data_dir.clone());
    }
    // The directory holds the pepper, and the pepper is needed to compile: so the file is read for this one value first.
    let written = match &options.config {
        Some(path) => {
            Source::read(path).ok().and_then(|source| config::data_dir(&source, &Environment::process()))
        }
        None => None,
    };
    paths::data_dir(written)
}

/// The configuration, with every problem told; `None` if it cannot be used.
fn snapshot(options: &Serve, hasher: &KeyHasher) -> Result<Option<Arc<Snapshot>>> {
    let environment = Environment::process();
    let compiled = match &options.config {
        Some(path) => match Source::read(path) {
            Ok(source) => config::compile(&source.listen(options.listen), &environment, hasher),
            Err(problem) => Err(vec![problem]),
        },
        None => config::without_file(&environment, options.listen),
    };
    match compiled {
        Ok(Compiled { snapshot, warnings, .. }) => {
            for warning in warnings {
                output::error(&warning.to_string());
            }
            Ok(Some(Arc::new(snapshot)))
        }
        Err(problems) => {
            for problem in &problems {
                output::error(&problem.to_string());
            }
            if problems.is_empty() {
                bail!("the configuration cannot be used");
            }
            Ok(None)
        }
    }
}

/// One line for programs on standard output, and what a person wants to know at a terminal.
fn announce(snapshot: &Snapshot, data: &DataDir, address: std::net::SocketAddr) {
    let scheme = if snapshot.server.tls.is_some() { "https" } else { "http" };
    output::line(&format!("listening on {scheme}://{address}"));
    let visible = snapshot.visible_to(None);
    let directory = data.path().display().to_string();
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        data_dir = directory,
        executors = snapshot.server.executors,
        endpoints = visible.len(),
        "serving; losing the data directory loses every credential and trace in it"
    );
    if !std::io::stdout().is_terminal() {
        return;
    }
    let names: Vec<&str> = visible.iter().map(|endpoint| &*endpoint.name).collect();
    let model = names.first().unwrap_or(&"demo");
    output::line(&format!("  models   {}", names.join(", ")));
    output::line(&format!("  data     {directory} (losing it loses every credential and trace)"));
    output::line(&format!(
        "  try it   curl {scheme}://{address}/v1/chat/completions -H 'content-type: application/json' -d '{{\"model\": \
         \"{model}\", \"messages\": [{{\"role\": \"user\", \"content\": \"hello\"}}]}}'"
    ));
    output::line("  watch    gatewright traces tail");
}

/// What asks the gateway to stop.
#[derive(Debug)]
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// What stops the gateway, and what makes it look at its files.
    fn listen(runtime: &tokio::runtime::Runtime) -> Result<(Self, Signal)> {
        let _in_runtime = runtime.enter();
        let terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
        let interrupt = signal(SignalKind::interrupt()).context("cannot listen for SIGINT")?;
        let hangup = signal(SignalKind::hangup()).context("cannot listen for SIGHUP")?;
        Ok((Self { terminate, interrupt }, hangup))
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Waits for a reason to stop, lets those notice who send traffic here, closes the door, and then sees to it that the
/// grace period ends: by itself, or by a second signal.
async fn wait(mut signals: Signals, shutdown: &Shutdown, caps: Caps, tasks: &Tasks) {
    tokio::select! {
        () = signals.next() => {}
        // An executor could not go on.
        () = shutdown.stopping() => {}
    }
    let Caps { lame_duck, drain, .. } = caps;
    tracing::info!(?lame_duck, grace = ?drain, "stopping: open streams may finish, a second signal ends them");
    notify::stopping();
    shutdown.stop();
    if !lame_duck.is_zero() {
        tokio::select! {
            () = tokio::time::sleep(lame_duck) => {}
            () = signals.next() => shutdown.kill(),
            () = shutdown.killed() => {}
        }
    }
    shutdown.close();
    let killer = shutdown.clone();
    let grace = async move {
        tokio::select! {
            () = tokio::time::sleep(drain) => {}
            () = signals.next() => {}
        }
        killer.kill();
    };
    tasks.spawn_on(grace, &tokio::runtime::Handle::current());
}
