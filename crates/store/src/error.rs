//! Why the store could not do what it was asked. A caller decides on the variant; the text is for the log and for
//! whoever runs the server.

use std::io;
use std::path::{Path, PathBuf};

use domain::{ErrorKind, ObjectId};

use crate::ObjectUse;

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
    #[error("{object} moved on to revision {found}; read it again and repeat the change")]
    Stale { object: String, found: i64 },
    #[error("{object} exists already; choose another name, or change the one that is there")]
    Exists { object: String },
    #[error("there is no {object}; look for its name or id in the list")]
    NotFound { object: String },
    #[error("{object} is still used by {}; change that first", users(by, *elsewhere))]
    InUse { object: String, by: Vec<ObjectUse>, elsewhere: u64 },
    #[error("{object} refers to an object that does not exist for it, with id {id:032x}; create that first", id = .id.0)]
    MissingReference { object: String, id: ObjectId },
    #[error("{object} has no stored `{field}` to keep; send one")]
    MissingSecret { object: String, field: String },
    #[error("the secret of {object} is or was that of another key; choose another")]
    SecretReused { object: String },
    #[error("the vault key was rotated while {object} was being written; send the request again")]
    RetiredVaultKey { object: String },
    #[error("the idempotency key `{key}` was sent with another request; choose a new one for each request")]
    IdempotencyReuse { key: String },
    #[error("`{file}` is damaged or no database; it has to be put aside, or replaced by a backup")]
    Corrupt { file: String },
    #[error("`{path}` is not empty; a backup is restored into an empty directory only")]
    NotEmpty { path: PathBuf },
    #[error("a restore into `{path}` did not finish; empty the directory and restore again")]
    Unfinished { path: PathBuf },
    #[error("`{file}` cannot be restored: {why}")]
    BadBackup { file: String, why: String },
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
            Self::Busy { .. } | Self::RetiredVaultKey { .. } => ErrorKind::Overloaded,
            Self::Stale { .. }
            | Self::Exists { .. }
            | Self::NotFound { .. }
            | Self::InUse { .. }
            | Self::MissingReference { .. }
            | Self::MissingSecret { .. }
            | Self::SecretReused { .. }
            | Self::IdempotencyReuse { .. }
            | Self::BadCursor { .. } => ErrorKind::InvalidRequest,
            Self::Full { .. }
            | Self::NewerSchema { .. }
            | Self::Corrupt { .. }
            | Self::NotEmpty { .. }
            | Self::Unfinished { .. }
            | Self::BadBackup { .. }
            | Self::Damaged { .. }
            | Self::Io { .. }
            | Self::Database { .. } => ErrorKind::Internal,
        }
    }
}

/// Names some of those who use an object; `elsewhere` counts those that the reader may not see.
fn users(by: &[ObjectUse], elsewhere: u64) -> String {
    const NAMED: usize = 5;
    let mut named: Vec<String> =
        by.iter().take(NAMED).map(|user| format!("{} `{}`", user.kind, user.name)).collect();
    let more = u64::try_from(by.len().saturating_sub(NAMED)).unwrap_or(u64::MAX).saturating_add(elsewhere);
    match more {
        0 => {}
        1 => named.push("one other".to_owned()),
        more => named.push(format!("{more} others")),
    }
    named.join(", ")
}
