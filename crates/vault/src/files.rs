//! The data directory and the secrets of the gateway's own in it: `pepper`, with which keys are hashed, `admin-token`,
//! which the command line reads, and `vault-key`, under which stored secrets are sealed.
//!
//! A file is written whole under another name with mode 0600 and then linked to its own: it never exists half-written,
//! never replaces one that is there, and is at no instant readable by others.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use domain::Secret;
use thiserror::Error;

use crate::random::{NoRandomness, fresh_base62, fresh_bytes};
use crate::{Environment, file_reason};

const PEPPER: &str = "pepper";
const ADMIN_TOKEN: &str = "admin-token";
/// Not `gw_`: an admin token is no virtual key, and must not be taken for one.
const ADMIN_TOKEN_PREFIX: &str = "gwadmin_";
/// Shorter ones can be guessed.
const SHORTEST_ADMIN_TOKEN: usize = 16;
/// What the extension of a file that is being written begins with.
const DRAFT: &str = "draft-";
/// No file of this module is larger.
const LARGEST_FILE: u64 = 4096;

/// Why the data directory cannot be used.
#[derive(Debug, Error)]
pub enum FilesError {
    #[error("cannot create the data directory `{path}`: {reason}; choose another with `--data-dir`")]
    CreateDirectory { path: PathBuf, reason: String },
    #[error("the data directory `{path}` is not a directory; choose another with `--data-dir`")]
    NotADirectory { path: PathBuf },
    #[error("cannot {action} `{path}`: {reason}")]
    File { action: &'static str, path: PathBuf, reason: String },
    #[error(
        "`{path}` can be accessed by every user of this machine (mode {mode:o}); run `chmod {wanted:o} {path}`"
    )]
    Open { path: PathBuf, mode: u32, wanted: u32 },
    #[error(
        "`{path}` does not hold {expected}; restore it from a backup, or remove it to have a new one made"
    )]
    Damaged { path: PathBuf, expected: &'static str },
    #[error(
        "`{path}` does not hold vault keys, one on a line; restore it from a backup: stored secrets cannot be opened \
         without it"
    )]
    DamagedVaultKey { path: PathBuf },
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
}

/// A directory that only the gateway reads.
#[derive(Debug, Clone)]
pub struct DataDir {
    path: PathBuf,
    warnings: Vec<String>,
}

impl DataDir {
    /// Where data goes unless somebody says otherwise: what the service manager assigned, else the user's own data
    /// directory. `None` where neither is known.
    pub fn locate(environment: &Environment) -> Option<PathBuf> {
        if let Some(assigned) = environment.non_empty("STATE_DIRECTORY") {
            // A service with several state directories gets them separated by colons.
            return assigned.split(':').next().map(PathBuf::from);
        }
        let user_data = environment
            .non_empty("XDG_DATA_HOME")
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
            .or_else(|| environment.non_empty("HOME").map(|home| Path::new(&home).join(".local/share")))?;
        Some(user_data.join("gatewright"))
    }

    /// Creates the directory with mode 0700 where it is missing, and checks the one that is there.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, FilesError> {
        let path = path.into();
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&path)
            .or_else(|error| if path.exists() { Ok(()) } else { Err(error) })
            .map_err(|error| FilesError::CreateDirectory {
                path: path.clone(),
                reason: file_reason(error.kind()),
            })?;
        let metadata = fs::metadata(&path).map_err(|error| file_error("inspect", &path, &error))?;
        if !metadata.is_dir() {
            return Err(FilesError::NotADirectory { path });
        }
        let mut data_dir = Self { path, warnings: Vec::new() };
        let mode = metadata.permissions().mode() & 0o777;
        if mode & 0o002 != 0 {
            return Err(FilesError::Open { path: data_dir.path, mode, wanted: 0o700 });
        }
        if mode & 0o077 != 0 {
            data_dir.warn(mode, 0o700);
        }
        Ok(data_dir)
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What is worth telling the person who starts the gateway: permissions wider than needed, but not open to all.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The key of the hash under which virtual keys are found; made at the first start. Losing it orphans every stored
    /// key.
    pub fn pepper(&mut self) -> Result<Secret<[u8; 32]>, FilesError> {
        let path = self.path.join(PEPPER);
        let content =
            self.read_or_create(&path, || Ok(Secret::new(fresh_bytes::<32>()?.expose().to_vec())))?;
        let bytes = <[u8; 32]>::try_from(content.expose().as_slice());
        bytes.map(Secret::new).map_err(|_| FilesError::Damaged { path, expected: "32 bytes" })
    }

    /// The token with which the command line calls the admin API; made at the first start.
    pub fn admin_token(&mut self) -> Result<Secret<String>, FilesError> {
        let path = self.path.join(ADMIN_TOKEN);
        let content = self.read_or_create(&path, || {
            let token = fresh_base62(43)?;
            Ok(Secret::new(format!("{ADMIN_TOKEN_PREFIX}{}\n", token.expose()).into_bytes()))
        })?;
        let token = std::str::from_utf8(content.expose()).unwrap_or_default().trim();
        if token.len() < SHORTEST_ADMIN_TOKEN || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(FilesError::Damaged { path, expected: "a token of 16 or more visible characters" });
        }
        Ok(Secret::new(token.to_owned()))
    }

    /// Only reads: for a command line that talks to a gateway which runs already.
    pub fn read_admin_token(&mut self) -> Result<Option<Secret<String>>, FilesError> {
        if self.path.join(ADMIN_TOKEN).exists() { self.admin_token().map(Some) } else { Ok(None) }
    }

    fn read_or_create(
        &mut self,
        path: &Path,
        make: impl FnOnce() -> Result<Secret<Vec<u8>>, FilesError>,
    ) -> Result<Secret<Vec<u8>>, FilesError> {
        match self.read(path)? {
            Some(content) => Ok(content),
            None => {
                publish(path, make()?.expose())?;
                // Whoever came first wins, another process that started at the same moment included.
                self.read(path)?.ok_or_else(|| file_error("read", path, &io::ErrorKind::NotFound.into()))
            }
        }
    }

    fn read(&mut self, path: &Path) -> Result<Option<Secret<Vec<u8>>>, FilesError> {
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(file_error("open", path, &error)),
        };
        let metadata = file.metadata().map_err(|error| file_error("inspect", path, &error))?;
        let mode = metadata.permissions().mode() & 0o777;
        if mode & 0o007 != 0 {
            return Err(FilesError::Open { path: path.to_owned(), mode, wanted: 0o600 });
        }
        if mode & 0o070 != 0 {
            self.warn_about(path, mode, 0o600);
        }
        // Room for the largest content from the start: growing would leave copies of the secret behind.
        let mut content = Vec::with_capacity(usize::try_from(LARGEST_FILE).unwrap_or_default());
        let read = file.take(LARGEST_FILE).read_to_end(&mut content);
        let content = Secret::new(content);
        read.map_err(|error| file_error("read", path, &error))?;
        Ok(Some(content))
    }

    fn warn(&mut self, mode: u32, wanted: u32) {
        let path = self.path.clone();
        self.warn_about(&path, mode, wanted);
    }

    fn warn_about(&mut self, path: &Path, mode: u32, wanted: u32) {
        let path = path.display();
        let warning = format!(
            "`{path}` can be accessed by other users (mode {mode:o}); `chmod {wanted:o} {path}` if none of them has to"
        );
        if !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }
}

/// A name beside `path` that nobody else uses.
fn draft_of(path: &Path) -> Result<PathBuf, NoRandomness> {
    let unique: String = fresh_bytes::<8>()?.expose().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(path.with_extension(format!("{DRAFT}{unique}")))
}

/// Makes `content` appear at `path` at once, or leaves alone what is there already.
fn publish(path: &Path, content: &[u8]) -> Result<(), FilesError> {
    let draft = draft_of(path)?;
    let written = write_new(&draft, content).and_then(|()| match fs::hard_link(&draft, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        // File systems without links: renaming would replace, so it is only done where nothing is.
        Err(_) if !path.exists() => fs::rename(&draft, path),
        result => result,
    });
    let removed = match fs::remove_file(&draft) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    };
    written.and(removed).and_then(|()| sync_parent(path)).map_err(|error| file_error("create", path, &error))
}

/// The names in a directory are on disk behind this.
fn sync_parent(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), |parent| File::open(parent)?.sync_all())
}

fn write_new(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    // A process mask narrower than usual must not leave us with a file that we cannot read ourselves.
    file.set_permissions(Permissions::from_mode(0o600))?;
    file.write_all(content)?;
    file.sync_all()
}

fn file_error(action: &'static str, path: &Path, error: &io::Error) -> FilesError {
    FilesError::File { action, path: path.to_owned(), reason: file_reason(error.kind()) }
}

pub(crate) mod vault_key;

#[cfg(test)]
mod tests;
