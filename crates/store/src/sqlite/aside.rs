//! Puts a file aside that cannot be read, so that a new one can take its place. Nothing is deleted: a person may get
//! something out of it.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::StoreError;

/// The files that belong to a database beside itself.
const COMPANIONS: [&str; 2] = ["-wal", "-shm"];

/// Renames a database and its companions to `<name>.damaged-<milliseconds>` and returns the new name. Every
/// connection must be closed.
pub(super) fn put_aside(path: &Path) -> Result<PathBuf, StoreError> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_millis();
    let aside = (now..)
        .map(|number| with_suffix(path, &format!(".damaged-{number}")))
        .find(|aside| !aside.exists())
        .unwrap_or_else(|| with_suffix(path, ".damaged"));
    // The companions go first: a new file must never meet the log of another.
    for companion in COMPANIONS {
        match fs::rename(with_suffix(path, companion), with_suffix(&aside, companion)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(StoreError::io(path, error)),
            _ => {}
        }
    }
    fs::rename(path, &aside).map_err(|source| StoreError::io(path, source))?;
    tracing::error!(file = %path.display(), aside = %aside.display(), "a damaged database was put aside");
    Ok(aside)
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}
