//! The way back: into an empty directory, whole or not at all.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufReader, Read, Write};
use std::path::{Component, Path, PathBuf};

use super::archive::{Hashing, private, sync_parent};
use super::manifest::{self, FileEntry, Manifest};
use super::{ADMIN_TOKEN, PEPPER, RESTORING, VAULT_KEY};
use crate::StoreError;
use crate::files::create_private_dir;
use crate::sqlite::migrate::Schema;

/// No manifest is larger; more is no backup of ours.
const MAX_MANIFEST: u64 = 64 << 20;

/// Unpacks the backup `from` into `data_dir`, which must be empty or missing. Everything is checked before the first
/// file takes its place; on an error the directory is as it was.
pub fn restore(from: &Path, data_dir: &Path) -> Result<Manifest, StoreError> {
    let existed = data_dir.exists();
    refuse_used(data_dir)?;
    create_private_dir(data_dir)?;
    let unpacking = data_dir.join(RESTORING);
    let result = unpack_and_check(from, &unpacking);
    let manifest = match result {
        Ok(manifest) => manifest,
        Err(error) => {
            // What cannot be tidied up stays recognizable: nothing starts beside it.
            let _ = fs::remove_dir_all(&unpacking);
            if !existed {
                let _ = fs::remove_dir(data_dir);
            }
            return Err(error);
        }
    };
    move_up(&unpacking, data_dir)?;
    Ok(manifest)
}

fn refuse_used(data_dir: &Path) -> Result<(), StoreError> {
    let lock = data_dir.join("journal/lock");
    if let Ok(file) = File::open(&lock)
        && matches!(file.try_lock(), Err(fs::TryLockError::WouldBlock))
    {
        return Err(StoreError::Busy { file: data_dir.display().to_string() });
    }
    let entries = match fs::read_dir(data_dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(|source| StoreError::io(data_dir, source))?,
    };
    for entry in entries {
        let name = entry.map_err(|source| StoreError::io(data_dir, source))?.file_name();
        // The root of a fresh volume.
        if name != "lost+found" {
            return Err(StoreError::NotEmpty { path: data_dir.to_owned() });
        }
    }
    Ok(())
}

fn unpack_and_check(from: &Path, into: &Path) -> Result<Manifest, StoreError> {
    create_private_dir(into)?;
    let file = File::open(from).map_err(|source| StoreError::io(from, source))?;
    let mut archive = tar::Archive::new(BufReader::new(file));
    let broken = |error: io::Error| bad(from, error.to_string());
    let mut found = BTreeMap::new();
    let mut said = None;
    for entry in archive.entries().map_err(broken)? {
        let entry = entry.map_err(broken)?;
        if said.is_some() {
            return Err(bad(from, "something stands behind its manifest"));
        }
        let name =
            name_of(&entry).ok_or_else(|| bad(from, "it holds something that is no part of a backup"))?;
        if name == manifest::NAME {
            said = Some(read_manifest(from, entry)?);
        } else {
            let unpacked = unpack(entry, &into.join(&name))?;
            found.insert(name, unpacked);
        }
    }
    let manifest = said.ok_or_else(|| bad(from, "it has no manifest: it broke off, or is no backup"))?;
    check(from, &manifest, &found)?;
    Ok(manifest)
}

/// The name of a regular file that belongs into a data directory.
fn name_of(entry: &tar::Entry<'_, impl Read>) -> Option<String> {
    if !entry.header().entry_type().is_file() {
        return None;
    }
    let path = entry.path().ok()?;
    let plain = path.components().all(|part| matches!(part, Component::Normal(_)));
    let name = path.to_str().filter(|_| plain)?.to_owned();
    let known = match name.split_once('/') {
        None => [manifest::NAME, "control.db", "ledger.db", PEPPER, ADMIN_TOKEN, VAULT_KEY]
            .contains(&name.as_str()),
        Some(("journal", file)) => file.ends_with(".journal") && !file.contains('/'),
        Some(("traces", file)) => (file.ends_with(".db") || file.ends_with(".bodies")) && !file.contains('/'),
        Some(_) => false,
    };
    known.then_some(name)
}

fn read_manifest(from: &Path, entry: impl Read) -> Result<Manifest, StoreError> {
    let mut text = Vec::new();
    entry.take(MAX_MANIFEST).read_to_end(&mut text).map_err(|error| bad(from, error.to_string()))?;
    let manifest: Manifest = serde_json::from_slice(&text)
        .map_err(|error| bad(from, format!("its manifest says nothing: {error}")))?;
    if manifest.format != manifest::FORMAT {
        let (found, known) = (manifest.format, manifest::FORMAT);
        return Err(bad(from, format!("its form is {found}, this version knows {known}")));
    }
    Ok(manifest)
}

fn unpack(entry: impl Read, path: &Path) -> Result<FileEntry, StoreError> {
    if let Some(parent) = path.parent() {
        create_private_dir(parent)?;
    }
    let failed = |source| StoreError::io(path, source);
    let mut hashing = Hashing::new(entry);
    let mut file = private(path).map_err(failed)?;
    let bytes = io::copy(&mut hashing, &mut file).map_err(failed)?;
    file.flush().and_then(|()| file.sync_all()).map_err(failed)?;
    Ok(FileEntry { bytes, sha256: hashing.sha256() })
}

fn check(from: &Path, manifest: &Manifest, found: &BTreeMap<String, FileEntry>) -> Result<(), StoreError> {
    for (name, said) in &manifest.files {
        match found.get(name) {
            None => return Err(bad(from, format!("`{name}` is missing"))),
            Some(entry) if entry != said => return Err(bad(from, format!("`{name}` is damaged"))),
            Some(_) => {}
        }
    }
    if let Some(name) = found.keys().find(|name| !manifest.files.contains_key(*name)) {
        return Err(bad(from, format!("its manifest does not know `{name}`")));
    }
    if !manifest.files.contains_key(PEPPER) && manifest.files.contains_key("control.db") {
        tracing::warn!("the backup holds no pepper: its stored keys will not be recognized");
    }
    for (name, found) in &manifest.schemas {
        let known = manifest::schema(name).map_or(0, Schema::version);
        if *found > known {
            return Err(StoreError::NewerSchema { file: name.clone(), found: *found, known });
        }
    }
    Ok(())
}

/// Puts everything in its place. Until the last step, the directory it came from says that this is not finished.
fn move_up(unpacking: &Path, data_dir: &Path) -> Result<(), StoreError> {
    let failed = |source| StoreError::io(unpacking, source);
    let mut entries: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(unpacking).map_err(failed)? {
        entries.push(entry.map_err(failed)?.path());
    }
    for path in entries {
        sync_tree(&path)?;
        if let Some(name) = path.file_name() {
            fs::rename(&path, data_dir.join(name)).map_err(failed)?;
        }
    }
    File::open(data_dir).and_then(|dir| dir.sync_all()).map_err(failed)?;
    fs::remove_dir(unpacking).map_err(failed)?;
    sync_parent(unpacking)
}

fn sync_tree(path: &Path) -> Result<(), StoreError> {
    File::open(path).and_then(|dir| dir.sync_all()).map_err(|source| StoreError::io(path, source))
}

fn bad(file: &Path, why: impl Into<String>) -> StoreError {
    StoreError::BadBackup { file: file.display().to_string(), why: why.into() }
}
