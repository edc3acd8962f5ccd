//! What can be said about the running configuration.

use std::sync::Arc;

use crate::compile::{Quarantined, Shadowed};
use crate::diagnostic::Diagnostic;
use crate::objects::Declared;
use crate::snapshot::Snapshot;

/// The running configuration, for whoever looks after it.
#[derive(Debug, Clone)]
pub struct Status {
    /// `None`: there is none, and the environment takes its place.
    pub file: Option<String>,
    /// When the file that runs was read.
    pub loaded_at_ms: i64,
    /// Up to which change stored objects are taken in.
    pub revision: i64,
    /// Why the file as it is now is not what runs.
    pub failure: Option<Failure>,
    pub warnings: Vec<Diagnostic>,
    /// Stored objects that cannot be used.
    pub quarantined: Vec<Quarantined>,
    /// Stored objects that give way to declared ones.
    pub shadowed: Vec<Shadowed>,
    /// What the file says and does not count before a restart.
    pub restart: Vec<RestartNote>,
    /// Since the start, those that changed nothing included.
    pub reloads: u64,
    pub reload_failures: u64,
    /// Every object of the file.
    pub declared: Arc<[Declared]>,
}

impl Default for Status {
    fn default() -> Self {
        Self {
            file: None,
            loaded_at_ms: 0,
            revision: 0,
            failure: None,
            warnings: Vec::new(),
            quarantined: Vec::new(),
            shadowed: Vec::new(),
            restart: Vec::new(),
            reloads: 0,
            reload_failures: 0,
            declared: Arc::new([]),
        }
    }
}

/// A file that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    pub at_ms: i64,
    pub diagnostics: Vec<Diagnostic>,
}

/// A setting that takes effect at the next start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestartNote {
    /// `server.listen`
    pub setting: &'static str,
    pub running: String,
    pub written: String,
}

/// What became of a reload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReloadReport {
    /// The file as it is now is what runs.
    pub applied: bool,
    /// Its text is what it was.
    pub unchanged: bool,
    /// Errors where it was refused, warnings where it was not.
    pub diagnostics: Vec<Diagnostic>,
    pub restart: Vec<RestartNote>,
}

/// Sockets, threads and the data directory are what they were made as; the new snapshot says the same.
pub(super) fn keep_what_needs_a_restart(snapshot: &mut Snapshot, running: &Snapshot) -> Vec<RestartNote> {
    let mut notes = Vec::new();
    let (new, old) = (&mut snapshot.server, &running.server);
    if new.listen != old.listen {
        notes.push(note("server.listen", &old.listen, &new.listen));
        new.listen = old.listen;
    }
    if new.executors != old.executors {
        notes.push(note("server.executors", &old.executors, &new.executors));
        new.executors = old.executors;
    }
    if snapshot.storage.data_dir != running.storage.data_dir {
        let shown = |path: &Option<std::path::PathBuf>| {
            path.as_ref().map_or_else(|| "not written".to_owned(), |path| path.display().to_string())
        };
        let (old, new) = (shown(&running.storage.data_dir), shown(&snapshot.storage.data_dir));
        notes.push(note("storage.data_dir", &old, &new));
        snapshot.storage.data_dir.clone_from(&running.storage.data_dir);
    }
    notes
}

fn note(setting: &'static str, running: &impl ToString, written: &impl ToString) -> RestartNote {
    RestartNote { setting, running: running.to_string(), written: written.to_string() }
}
