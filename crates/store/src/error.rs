//! Why the store could not do what it was asked. A caller decides on the variant; the text is for the log and for
//! whoever runs the server.

use std::io;
use std::path::{Path, PathBuf};

use domain::ErrorKind;

/// A failure of the store. What a write was about to change is unchanged.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("`{file}` is locked by another process; find who holds it, or try again")]
    Busy { file: String },
    #[error("no space left for `{file}`; free some, or move `storage.data_dir`")]
    Full { file: String },
    #[error(
        "`{file}` was written by a newer version (schema {found}, this one knows {known}); start that version"
    )]
    NewerSchema { file: String, found: i64, known: i64 },
    #[error(
        "the stored state moved on from revision {expected} to {found}; read it again and repeat the change"
    )]
    Conflict { expected: i64, found: i64 },
    #[error("`{what}` cannot be read back: {why}")]
    Damaged { what: String, why: String },
    #[error("`{path}` cannot be used: {source}")]
    Io { path: PathBuf, source: io::Error },
    #[error("`{file}` failed: {source}")]
    Database { file: String, source: sqlx::Error },
    #[error("`{given}` is not a cursor; use the one of the previous page")]
    BadCursor { given: String },
}

impl StoreError {
    pub(crate) fn io(path: &Path, source: io::Error) -> Self {
        if source.kind() == io::ErrorKind::StorageFull {
            return Self::Full { file: path.display().to_string() };
        }
        Self::Io { path: path.to_owned(), source }
    }

    pub(crate) fn damaged(what: impl Into<String>, why: impl Into<String>) -> Self {
        Self::Damaged { what: what.into(), why: why.into() }
    }

    /// What a caller of the admin API gets to see.
    pub const fn kind(&self) -> ErrorKind {
        match self {
            Self::Busy { .. } => ErrorKind::Overloaded,
            Self::Conflict { .. } | Self::BadCursor { .. } => ErrorKind::InvalidRequest,
            Self::Full { .. }
            | Self::NewerSchema { .. }
            | Self::Damaged { .. }
            | Self::Io { .. }
            | Self::Database { .. } => ErrorKind::Internal,
        }
    }
}
