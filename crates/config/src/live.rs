//! The running configuration: one file and the stored objects, compiled again whenever either changes, and swapped in as
//! a whole. What is wrong never takes the place of what is right: an invalid file leaves everything as it was, and an
//! invalid stored object is set aside alone.

mod check;
mod follow;
mod keys;
mod load;
mod status;
mod watch;

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use arc_swap::ArcSwap;
use domain::{ObjectId, ObjectKind};
use store::{ControlStore, StoreError};
use tokio::sync::Mutex;
use vault::{Environment, KeyHasher, Vault, VaultError};

use crate::compile::world::World;
use crate::compile::{Compiled, Inputs, Quarantined};
use crate::diagnostic::Diagnostic;
use crate::objects::declared;
use crate::row::Row;
use crate::snapshot::{Snapshot, StoredKeys};
use crate::source::Source;

pub use check::BatchItem;
pub use status::{Failure, ReloadReport, RestartNote, Status};

/// What a running configuration is made of.
pub struct Origins {
    /// `None`: the environment takes the place of a file.
    pub path: Option<PathBuf>,
    /// From the command line, before the file.
    pub listen: Option<SocketAddr>,
    /// The surroundings as they are when this is called.
    pub environment: Box<dyn Fn() -> Environment + Send + Sync>,
    pub hasher: Arc<KeyHasher>,
    pub vault: Arc<Vault>,
    pub control: Arc<dyn ControlStore>,
}

/// Why a configuration cannot be started with, or could not be brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum LiveError {
    #[error("the configuration has {} problems", .0.len())]
    Invalid(Vec<Diagnostic>),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Vault(#[from] VaultError),
}

/// The running configuration.
pub struct Live {
    /// What calls pin.
    pub snapshot: Arc<ArcSwap<Snapshot>>,
    origins: Origins,
    keys: Arc<StoredKeys>,
    /// What is compiled from; whoever holds it is the only one to change anything.
    state: Mutex<State>,
    /// What objects are judged against.
    basis: ArcSwap<Basis>,
    status: ArcSwap<Status>,
}

struct State {
    source: Option<Arc<Source>>,
    environment: Environment,
    /// All but keys.
    rows: BTreeMap<(ObjectKind, ObjectId), Arc<Row>>,
    /// Of keys, which are compiled by themselves.
    quarantined_keys: BTreeMap<ObjectId, Quarantined>,
    revision: i64,
    /// What was tried last, right or wrong.
    tried: Option<Tried>,
}

/// A reading of the file: its text, or why there was none.
#[derive(PartialEq, Eq)]
struct Tried(Result<String, Diagnostic>);

/// The last compilation, for whoever wants to know what another object would mean in it.
struct Basis {
    world: World,
    source: Option<Arc<Source>>,
    environment: Environment,
    rows: Vec<Arc<Row>>,
}

impl fmt::Debug for Live {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Live").field("path", &self.origins.path).finish_non_exhaustive()
    }
}

impl Live {
    /// Reads everything once. An invalid file is an error here: there is nothing to go on with.
    pub async fn start(origins: Origins) -> Result<Self, LiveError> {
        let environment = (origins.environment)().remembering();
        let source = match &origins.path {
            Some(path) => {
                let source = Source::read(path).map_err(|problem| LiveError::Invalid(vec![problem]))?;
                Some(Arc::new(source.listen(origins.listen)))
            }
            None => None,
        };
        let revision = origins.control.revision().await?;
        let (rows, keys) = load::everything(&origins).await?;
        let tried = source.as_ref().map(|source| Tried(Ok(source.text.clone())));
        let state = State { source, environment, rows, quarantined_keys: BTreeMap::new(), revision, tried };
        let stored = Arc::new(StoredKeys::default());
        let compiled = compile(&origins, &stored, &state).map_err(LiveError::Invalid)?;
        origins.vault.set_configured(compiled.vault.clone())?;
        let live = Self {
            snapshot: Arc::new(ArcSwap::from_pointee(compiled.snapshot)),
            keys: stored,
            basis: ArcSwap::from_pointee(state.basis(compiled.world)),
            status: ArcSwap::default(),
            state: Mutex::new(state),
            origins,
        };
        let mut state = live.state.lock().await;
        live.take_keys(&mut state, keys.objects.iter().map(|object| (object.id, Some(object))));
        live.keys.remember_ended(keys.ended);
        let status = Status {
            file: live.origins.path.as_ref().map(|path| path.display().to_string()),
            warnings: compiled.warnings,
            shadowed: compiled.shadowed,
            quarantined: state.quarantined(compiled.quarantined),
            declared: live.declared(&state),
            loaded_at_ms: state.environment.now_ms(),
            revision,
            ..Status::default()
        };
        live.status.store(Arc::new(status));
        drop(state);
        Ok(live)
    }

    pub fn status(&self) -> Arc<Status> {
        self.status.load_full()
    }

    /// Stored keys: when they were last used, and how many there are.
    pub const fn stored_keys(&self) -> &Arc<StoredKeys> {
        &self.keys
    }

    /// Takes in what was stored since. Returns the revision that is reached, and never runs twice at once: a caller who
    /// waited finds most of its work done.
    pub async fn advance(&self) -> Result<i64, LiveError> {
        let mut state = self.state.lock().await;
        loop {
            let changes = self.origins.control.changes_since(state.revision, load::PAGE).await?;
            let Some(last) = changes.last() else { break };
            let revision = last.revision;
            let changed = load::changed(&self.origins, &changes).await?;
            let recompile = !changed.rows.is_empty();
            for (key, row) in changed.rows {
                match row {
                    Some(row) => state.rows.insert(key, Arc::new(row)),
                    None => state.rows.remove(&key),
                };
            }
            state.revision = revision;
            if recompile {
                self.recompile(&mut state).await?;
            }
            self.take_keys(&mut state, changed.keys.iter().map(|(id, object)| (*id, object.as_ref())));
            self.note(&state, |status| status.revision = revision);
        }
        Ok(state.revision)
    }

    /// Reads the file again, and what it refers to.
    pub async fn reload(&self) -> ReloadReport {
        let mut state = self.state.lock().await;
        let read = self.read();
        self.apply(&mut state, read).await
    }

    /// The same, unless the file says what it said when it was last tried.
    async fn reload_if_changed(&self) {
        let mut state = self.state.lock().await;
        let read = self.read();
        if state.tried.as_ref() != read.as_ref() {
            self.apply(&mut state, read).await;
        }
    }

    fn read(&self) -> Option<Tried> {
        let path = self.origins.path.as_ref()?;
        Some(Tried(Source::read(path).map(|source| source.text)))
    }

    async fn apply(&self, state: &mut State, read: Option<Tried>) -> ReloadReport {
        let unchanged = state.tried == read;
        state.tried = read;
        let source = match &state.tried {
            None => None,
            Some(Tried(Err(problem))) => return self.refuse(state, vec![problem.clone()]),
            Some(Tried(Ok(text))) => {
                let name =
                    self.origins.path.as_ref().map(|path| path.display().to_string()).unwrap_or_default();
                Some(Arc::new(Source::new(name, text.clone()).listen(self.origins.listen)))
            }
        };
        let environment = (self.origins.environment)().remembering();
        let before = (state.source.clone(), state.environment.clone());
        (state.source, state.environment) = (source, environment);
        let outcome = match compile(&self.origins, &self.keys, state) {
            Ok(compiled) => match self.origins.vault.set_configured(compiled.vault.clone()) {
                Ok(()) => Ok(compiled),
                Err(error) => Err(vec![Diagnostic::about_file(self.file_name(), error.to_string())]),
            },
            Err(diagnostics) => Err(diagnostics),
        };
        match outcome {
            Ok(compiled) => {
                let (warnings, restart) = self.swap(state, compiled).await;
                self.note(state, |status| {
                    status.loaded_at_ms = state.environment.now_ms();
                    status.declared = self.declared(state);
                    status.failure = None;
                    status.reloads += 1;
                });
                tracing::info!(unchanged, "the configuration was read again");
                ReloadReport { applied: true, unchanged, diagnostics: warnings, restart }
            }
            Err(diagnostics) => {
                (state.source, state.environment) = before;
                self.refuse(state, diagnostics)
            }
        }
    }

    /// Keeps what runs, and says so loudly.
    fn refuse(&self, state: &State, diagnostics: Vec<Diagnostic>) -> ReloadReport {
        for diagnostic in &diagnostics {
            tracing::error!("{diagnostic}");
        }
        tracing::error!("the configuration is invalid, so the one from before stays; mend the file");
        let at_ms = (self.origins.environment)().now_ms();
        self.note(state, |status| {
            status.failure = Some(Failure { at_ms, diagnostics: diagnostics.clone() });
            status.reload_failures += 1;
        });
        ReloadReport { applied: false, unchanged: false, diagnostics, restart: Vec::new() }
    }

    async fn recompile(&self, state: &mut State) -> Result<(), LiveError> {
        let compiled = compile(&self.origins, &self.keys, state).map_err(LiveError::Invalid)?;
        self.swap(state, compiled).await;
        Ok(())
    }

    /// Puts a compiled configuration in the place of the running one.
    async fn swap(&self, state: &mut State, compiled: Compiled) -> (Vec<Diagnostic>, Vec<RestartNote>) {
        let Compiled { mut snapshot, warnings, quarantined, shadowed, world, .. } = compiled;
        let running = self.snapshot.load_full();
        let restart = status::keep_what_needs_a_restart(&mut snapshot, &running);
        let moved = snapshot.projects != running.projects;
        self.basis.store(Arc::new(state.basis(world)));
        self.snapshot.store(Arc::new(snapshot));
        if moved && let Err(error) = self.reload_keys(state).await {
            // The next change of any project tries again; until then those keys count for where they were.
            tracing::error!(error = error.to_string(), "stored keys could not be moved with their projects");
        }
        let quarantined = state.quarantined(quarantined);
        self.note(state, |status| {
            status.warnings.clone_from(&warnings);
            status.restart.clone_from(&restart);
            status.shadowed = shadowed;
            status.quarantined = quarantined;
        });
        (warnings, restart)
    }

    fn declared(&self, state: &State) -> Arc<[crate::objects::Declared]> {
        let basis = self.basis.load();
        declared(state.source.as_deref(), &state.environment, &basis.world).into()
    }

    /// Changes the status; whoever holds the state is the only one who does.
    fn note(&self, _holder: &State, change: impl FnOnce(&mut Status)) {
        let mut status = Status::clone(&self.status.load());
        change(&mut status);
        self.status.store(Arc::new(status));
    }

    fn file_name(&self) -> String {
        self.origins.path.as_ref().map(|path| path.display().to_string()).unwrap_or_default()
    }
}

impl State {
    fn basis(&self, world: World) -> Basis {
        Basis {
            world,
            source: self.source.clone(),
            environment: self.environment.clone(),
            rows: self.rows.values().map(Arc::clone).collect(),
        }
    }

    /// Everything that is set aside, keys included.
    fn quarantined(&self, mut others: Vec<Quarantined>) -> Vec<Quarantined> {
        others.extend(self.quarantined_keys.values().cloned());
        others
    }
}

fn compile(origins: &Origins, stored: &Arc<StoredKeys>, state: &State) -> Result<Compiled, Vec<Diagnostic>> {
    let rows: Vec<Arc<Row>> = state.rows.values().map(Arc::clone).collect();
    let inputs = Inputs {
        source: state.source.as_deref(),
        listen: origins.listen,
        rows: &rows,
        stored: Arc::clone(stored),
        environment: &state.environment,
        hasher: &origins.hasher,
    };
    inputs.compile()
}
