//! The composition root: builds every part and hands each what it needs. Sockets are bound here and served later.

use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use anyhow::{Context, Result};
use config::{Compiled, Diagnostic, Live, Source};
use governance::ledger::AllowAll;
use pipeline::{Names, Options, Pipeline};
use runtime::{Clock, ExecutorContext, IdSource, Listeners, Shutdown, Tasks};
use server::{Acceptor, AdminParts, AdminState, ConnectionLimits, Health, InboundTls, Service, Shared};
use telemetry::Recorder;
use upstream::{Client, Egress};
use vault::{DataDir, Environment, KeyHasher, Vault};

/// A configuration file as a snapshot, or everything that is wrong with it.
pub(crate) fn read_file(path: &Path, hasher: &KeyHasher) -> Result<Result<Compiled, Vec<Diagnostic>>> {
    let source = match Source::read(path) {
        Ok(source) => source,
        Err(problem) => return Ok(Err(vec![problem])),
    };
    Ok(config::compile(&source, &Environment::process(), hasher))
}

/// What one executor is built from.
#[derive(Debug)]
pub(crate) struct Blueprint {
    pub(crate) shared: Arc<Shared>,
    pub(crate) hasher: Arc<KeyHasher>,
    pub(crate) recorder: Arc<Recorder>,
    pub(crate) egress: Arc<Egress>,
    pub(crate) limits: ConnectionLimits,
    pub(crate) inbound: Arc<InboundTls>,
    pub(crate) listeners: std::sync::Mutex<Listeners>,
}

impl Blueprint {
    /// The program of one executor: everything in it is local to that.
    pub(crate) async fn run(self: Arc<Self>, context: Rc<ExecutorContext>) {
        match self.acceptor(&context) {
            Ok(acceptor) => acceptor.run(context).await,
            Err(error) => {
                tracing::error!(
                    executor = context.index,
                    error = format!("{error:#}"),
                    "an executor cannot start"
                );
                context.shutdown.kill();
            }
        }
    }

    fn acceptor(&self, context: &Rc<ExecutorContext>) -> Result<Acceptor> {
        let listener = self.listeners.lock().ok().and_then(|mut listeners| listeners.take());
        let recorder = self.recorder.executor(context.index);
        let pipeline = Pipeline {
            clock: Clock,
            ids: RefCell::new(IdSource::from_os()),
            client: Client::following(Arc::clone(&self.egress)),
            recorder: RefCell::new(recorder),
            hasher: Arc::clone(&self.hasher),
            ledger: Rc::new(AllowAll),
            editors: None,
            shutdown: context.shutdown.clone(),
            // 389 is prime to any table of shares, so executors are spread over it.
            options: Options { first_draw: context.index as u64 * 389, ..Options::default() },
            draws: RefCell::default(),
            names: Names::default(),
        };
        Ok(Acceptor {
            listener: listener.context("there is no listening socket left for it")?,
            limits: self.limits,
            tls: Arc::clone(&self.inbound),
            service: Rc::new(Service { pipeline: Rc::new(pipeline), shared: Arc::clone(&self.shared) }),
        })
    }
}

/// What outlives a call: the records, the secrets and the configuration.
#[derive(Debug)]
pub(crate) struct Stores {
    pub(crate) recorder: Arc<Recorder>,
    pub(crate) vault: Arc<Vault>,
    pub(crate) live: Arc<Live>,
}

/// The router of everything that is no model route, and what executors share with it.
pub(crate) fn shared(
    stores: &Stores,
    data: &mut DataDir,
    hasher: &Arc<KeyHasher>,
    shutdown: &Shutdown,
    (background, background_tasks): (tokio::runtime::Handle, Tasks),
) -> Result<(Arc<Shared>, Health)> {
    let Stores { recorder, vault, live } = stores;
    let health = Health::new(shutdown.clone());
    let snapshot = Arc::clone(&live.snapshot);
    let mut tokens = vec![data.admin_token()?];
    tokens.extend(snapshot.load().server.admin_token.clone());
    let state = AdminState::new(AdminParts {
        traces: recorder.traces(),
        ledger: recorder.ledger(),
        control: recorder.control(),
        tokens,
        hasher: Arc::clone(hasher),
        vault: Arc::clone(vault),
        live: Arc::clone(live),
        recorder: Arc::clone(recorder),
        health: health.clone(),
        snapshot: Arc::clone(&snapshot),
    });
    let shared =
        Shared { snapshot, router: server::router(&state), background, background_tasks, calls: 0.into() };
    Ok((Arc::new(shared), health))
}
