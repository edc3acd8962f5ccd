//! Makes the copy. The order is what loses nothing: a record moves from the journal to the ledger, so the journal is
//! copied first; heads of traces point at bodies, so they are copied before them; the index knows of days before they
//! are there, so it comes last.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection, Row};

use super::archive::Archive;
use super::manifest::{self, FileEntry, Manifest};
use super::{ADMIN_TOKEN, PEPPER, VAULT_KEY};
use crate::StoreError;
use crate::sqlite::database::Failed;

/// How long a copy waits for a lock: a checkpoint at worst.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

/// A vault key that changes more often than this while the control data is copied is not ours to wait for.
const VAULT_TRIES: usize = 10;

/// What goes into a backup beside the data.
#[derive(Debug, Clone, Default)]
pub struct BackupOptions {
    /// The key that opens the stored secrets. Whoever has the file then has them.
    pub with_vault_key: bool,
    /// The token of the command line. A new one is made where it is missing.
    pub with_admin_token: bool,
    /// The version to note in the manifest.
    pub version: String,
}

/// What was copied.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BackupReport {
    pub files: usize,
    pub bytes: u64,
    pub has_vault_key: bool,
}

/// Copies the data directory into one file, consistently, whether or not a gateway uses it. Every usage record that
/// was acknowledged before this call is in the copy. Blocks on files in between: not for a thread that serves.
pub async fn backup(
    data_dir: &Path,
    into: &Path,
    options: &BackupOptions,
) -> Result<BackupReport, StoreError> {
    let began = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let mut copy = Copy {
        data_dir: data_dir.to_owned(),
        archive: Archive::create(into)?,
        files: BTreeMap::new(),
        schemas: BTreeMap::new(),
    };
    copy.journal()?;
    copy.database("ledger.db").await?;
    let has_vault_key = copy.control(options.with_vault_key).await?;
    copy.plain(PEPPER)?;
    if options.with_admin_token {
        copy.plain(ADMIN_TOKEN)?;
    }
    copy.traces().await?;

    let Copy { archive, files, schemas, .. } = copy;
    let report = BackupReport {
        files: files.len(),
        bytes: files.values().map(|file| file.bytes).sum(),
        has_vault_key,
    };
    let began_at_ms = i64::try_from(began.as_millis()).unwrap_or(i64::MAX);
    let version = options.version.clone();
    archive.finish(&Manifest {
        format: manifest::FORMAT,
        version,
        began_at_ms,
        has_vault_key,
        schemas,
        files,
    })?;
    Ok(report)
}

struct Copy {
    data_dir: PathBuf,
    archive: Archive,
    files: BTreeMap<String, FileEntry>,
    schemas: BTreeMap<String, i64>,
}

impl Copy {
    /// A segment that goes while this looks is in the ledger, which is copied behind.
    fn journal(&mut self) -> Result<(), StoreError> {
        let dir = self.data_dir.join("journal");
        for name in names(&dir)?.into_iter().filter(|name| name.ends_with(".journal")) {
            let path = dir.join(&name);
            match fs::read(&path) {
                Ok(bytes) => {
                    let bytes = &bytes[..crate::journal::written(&bytes)];
                    let length = u64::try_from(bytes.len()).unwrap_or(0);
                    let entry = self.archive.add(&format!("journal/{name}"), bytes, length)?;
                    self.files.insert(format!("journal/{name}"), entry);
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(StoreError::io(&path, error)),
            }
        }
        Ok(())
    }

    /// Control data and, where it is asked for, the key that its secrets are sealed with: both of the same moment.
    async fn control(&mut self, with_vault_key: bool) -> Result<bool, StoreError> {
        let path = self.data_dir.join(VAULT_KEY);
        let scratch = self.archive.scratch();
        for _ in 0..VAULT_TRIES {
            let before = read_if_there(&path)?;
            let schema = self.snapshot("control.db", &scratch).await?;
            let after = read_if_there(&path)?;
            if with_vault_key && before != after {
                continue;
            }
            if let Some(schema) = schema {
                self.add_scratch("control.db", schema)?;
            }
            return match after.filter(|_| with_vault_key) {
                Some(key) => {
                    let entry =
                        self.archive.add(VAULT_KEY, key.as_slice(), u64::try_from(key.len()).unwrap_or(0))?;
                    self.files.insert(VAULT_KEY.to_owned(), entry);
                    Ok(true)
                }
                None => Ok(false),
            };
        }
        Err(StoreError::Busy { file: path.display().to_string() })
    }

    async fn traces(&mut self) -> Result<(), StoreError> {
        let dir = self.data_dir.join("traces");
        for name in names(&dir)? {
            let Some(day) = name.strip_suffix(".db").filter(|day| *day != "index") else { continue };
            self.database(&format!("traces/{name}")).await?;
            self.plain(&format!("traces/{day}.bodies"))?;
        }
        self.database("traces/index.db").await
    }

    /// A file that only grows, or that is replaced as a whole.
    fn plain(&mut self, name: &str) -> Result<(), StoreError> {
        let path = self.data_dir.join(name);
        let opened = File::open(&path).and_then(|file| Ok((file.metadata()?.len(), file)));
        match opened {
            Ok((bytes, file)) => {
                let entry = self.archive.add(name, file, bytes)?;
                self.files.insert(name.to_owned(), entry);
                Ok(())
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(StoreError::io(&path, error)),
        }
    }

    async fn database(&mut self, name: &str) -> Result<(), StoreError> {
        let scratch = self.archive.scratch();
        match self.snapshot(name, &scratch).await? {
            Some(schema) => self.add_scratch(name, schema),
            None => Ok(()),
        }
    }

    fn add_scratch(&mut self, name: &str, schema: i64) -> Result<(), StoreError> {
        let scratch = self.archive.scratch();
        let failed = |source| StoreError::io(&scratch, source);
        let file = File::open(&scratch).map_err(failed)?;
        let bytes = file.metadata().map_err(failed)?.len();
        let entry = self.archive.add(name, file, bytes)?;
        fs::remove_file(&scratch).map_err(failed)?;
        self.files.insert(name.to_owned(), entry);
        self.schemas.insert(name.to_owned(), schema);
        Ok(())
    }

    /// Copies a database as it is at one moment, and returns its schema; `None` where there is none.
    async fn snapshot(&self, name: &str, into: &Path) -> Result<Option<i64>, StoreError> {
        let path = self.data_dir.join(name);
        if !path.exists() {
            return Ok(None);
        }
        snapshot(&path, into).await.map(Some)
    }
}

/// Copies the database at `path` as it is at one moment, without its free pages.
pub(in super::super) async fn snapshot(path: &Path, into: &Path) -> Result<i64, StoreError> {
    match fs::remove_file(into) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(StoreError::io(into, error)),
        _ => {}
    }
    let failed = Failed::new(path);
    let options =
        SqliteConnectOptions::new().filename(path).busy_timeout(BUSY_TIMEOUT).disable_statement_logging();
    let mut connection = options.connect().await.map_err(|error| failed.because(error))?;
    let copied = vacuum_into(&mut connection, into).await.map_err(|error| failed.because(error));
    connection.close().await.map_err(|error| failed.because(error))?;
    copied
}

async fn vacuum_into(connection: &mut SqliteConnection, into: &Path) -> Result<i64, sqlx::Error> {
    // One statement, so one moment; the schema is that of the copy.
    sqlx::query("VACUUM INTO ?").bind(into.to_string_lossy().into_owned()).execute(&mut *connection).await?;
    let row = sqlx::query("PRAGMA user_version").fetch_one(connection).await?;
    row.try_get(0)
}

fn names(dir: &Path) -> Result<Vec<String>, StoreError> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(StoreError::io(dir, error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|source| StoreError::io(dir, source))?;
        names.extend(entry.file_name().into_string());
    }
    names.sort_unstable();
    Ok(names)
}

fn read_if_there(path: &Path) -> Result<Option<Vec<u8>>, StoreError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(StoreError::io(path, error)),
    }
}
