//! `gatewright serve`: start, wait for a signal, drain.

use std::io::IsTerminal;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use config::Live;
use config::snapshot::{Caps, Snapshot};
use runtime::{Executors, Listeners, Shutdown, Tasks};
use server::{ConnectionLimits, InboundTls};
use telemetry::Recorder;
use tokio::signal::unix::{Signal, SignalKind, signal};
use upstream::Egress;
use vault::{DataDir, KeyHasher, Vault};

use crate::cli::Serve;
use crate::compose::{self, Blueprint};
use crate::refresh::{Refresh, egress_options};
use crate::{configuration, logging, notify, output, watched};

pub(crate) fn run(options: &Serve) -> Result<ExitCode> {
    logging::start();
    if let Err(error) = vault::forbid_core_dumps() {
        tracing::warn!(%error, "core dumps cannot be forbidden; one would hold secrets");
    }
    match Opened::open(options)? {
        Some(opened) => opened.serve(),
        None => Ok(ExitCode::FAILURE),
    }
}

/// Everything that is needed before anybody can be served.
struct Opened {
    data: DataDir,
    hasher: Arc<KeyHasher>,
    background: tokio::runtime::Runtime,
    listeners: Listeners,
    recorder: Arc<Recorder>,
    vault: Arc<Vault>,
    live: Arc<Live>,
}

impl Opened {
    /// `None` if the configuration cannot be used, and then every problem was told.
    fn open(options: &Serve) -> Result<Option<Self>> {
        let mut data = DataDir::open(configuration::data_dir(options)?)?;
        for warning in data.warnings() {
            tracing::warn!("{warning}");
        }
        let hasher = Arc::new(KeyHasher::new(data.pepper()?.expose()));
        // Before anything else is opened: most mistakes are in the file, and need nothing else to be found.
        let Some(written) = configuration::written(options, &hasher)? else { return Ok(None) };
        let background = background()?;
        let server = &written.snapshot.server;
        let listeners = Listeners::bind(server.listen, server.executors)?;
        let recorder = Arc::new(Recorder::start(data.path(), telemetry::Options::default())?);
        let vault = Arc::new(Vault::open(&mut data, configuration::vault_keys(options))?);
        let live = configuration::live(options, &hasher, &vault, recorder.control());
        let Some(live) = background.block_on(live)? else { return Ok(None) };
        Ok(Some(Self { data, hasher, background, listeners, recorder, vault, live }))
    }

    /// Serves until a signal comes, and then until everything is in order.
    fn serve(mut self) -> Result<ExitCode> {
        let shutdown = Shutdown::new();
        let tasks = Tasks::new();
        let stores = compose::Stores {
            recorder: Arc::clone(&self.recorder),
            vault: Arc::clone(&self.vault),
            live: Arc::clone(&self.live),
        };
        let background = (self.background.handle().clone(), tasks.clone());
        let (shared, health) = compose::shared(&stores, &mut self.data, &self.hasher, &shutdown, background)?;
        watched::watch(&stores.recorder.metrics(), &shared, &self.live);
        let snapshot = self.live.snapshot.load_full();
        let inbound = Arc::new(InboundTls::start(snapshot.server.tls.as_ref())?);
        let egress = Arc::new(Egress::start(&egress_options(&snapshot))?);
        let refresh = Refresh {
            live: Arc::clone(&self.live),
            inbound: Arc::clone(&inbound),
            egress: Arc::clone(&egress),
        };
        let address = self.listeners.address();
        let blueprint = Arc::new(Blueprint {
            shared,
            hasher: self.hasher,
            recorder: Arc::clone(&self.recorder),
            egress,
            limits: ConnectionLimits { header_read: snapshot.server.caps.header_read },
            inbound,
            listeners: self.listeners.into(),
        });
        // Before anybody can know that we are there: a signal that finds nobody listening kills.
        let (signals, hangup) = Signals::listen(&self.background)?;
        tasks.spawn_on(refresh.run(hangup, shutdown.clone()), self.background.handle());
        tasks.spawn_on(follow(self.live, shutdown.clone()), self.background.handle());
        let program = move |context| Arc::clone(&blueprint).run(context);
        let executors = Executors::start(snapshot.server.executors, &shutdown, program)?;
        health.ready();
        announce(&snapshot, &self.data, address);
        notify::ready();
        let killer = Tasks::new();
        self.background.block_on(wait(signals, &shutdown, snapshot.server.caps, &killer));
        executors.join();
        finish(&self.background, &tasks);
        // Whatever the executors wrote last is in the journal and the buffers by now.
        self.recorder.shutdown();
        self.background.shutdown_timeout(Duration::from_secs(1));
        tracing::info!("stopped");
        Ok(ExitCode::SUCCESS)
    }
}

async fn follow(live: Arc<Live>, shutdown: Shutdown) {
    live.follow(shutdown).await;
}

/// Where everything runs that is not a call.
fn background() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("background")
        .enable_all()
        .build()
        .context("cannot start the background runtime")
}

/// Requests to the admin API that are still being answered have nobody left to read the answer.
fn finish(background: &tokio::runtime::Runtime, tasks: &Tasks) {
    const LAST_TURN: Duration = Duration::from_secs(1);
    if background.block_on(async { tokio::time::timeout(LAST_TURN, tasks.finished()).await }).is_err() {
        tracing::warn!(tasks = tasks.len(), "some background tasks did not end in time");
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
