//! Notices that the file may have changed. The directory is watched and not the file: editors put a new file in the
//! place of the old one, and Kubernetes swaps a link.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::Notify;

/// Says when to look again; never says what changed.
#[derive(Debug)]
pub(super) struct FileWatch {
    /// Gone with this, and so is its thread.
    watcher: Option<RecommendedWatcher>,
    changed: Arc<Notify>,
}

impl FileWatch {
    /// Where nothing can be watched, looking every few seconds has to do.
    pub(super) fn new(path: Option<&Path>) -> Self {
        let changed = Arc::new(Notify::new());
        let watcher = path.and_then(|path| match watch(&directory(path), Arc::clone(&changed)) {
            Ok(watcher) => Some(watcher),
            Err(error) => {
                tracing::warn!(
                    error = error.to_string(),
                    "the configuration's directory cannot be watched; changes are seen some seconds later"
                );
                None
            }
        });
        Self { watcher, changed }
    }

    /// Waits for a change; for ever where nothing is watched.
    pub(super) async fn changed(&self) {
        if self.watcher.is_none() {
            return std::future::pending().await;
        }
        self.changed.notified().await;
    }
}

fn watch(directory: &Path, changed: Arc<Notify>) -> notify::Result<RecommendedWatcher> {
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
        // Reading is an event too, and we read.
        let reading = event.is_ok_and(|event| matches!(event.kind, EventKind::Access(_)));
        if !reading {
            changed.notify_one();
        }
    })?;
    watcher.watch(directory, RecursiveMode::NonRecursive)?;
    Ok(watcher)
}

fn directory(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}
