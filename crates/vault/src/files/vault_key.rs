//! The file `vault-key`: the master keys that the gateway made for itself, the current one first, one on a line.
//!
//! During a rotation it holds the new key and the old one. It is replaced whole, so whoever dies in between leaves either
//! the file before or the one behind, and in both is every key that a stored secret may need.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::Secret;

use super::{DRAFT, DataDir, FilesError, draft_of, file_error, sync_parent, write_new};
use crate::keyring::parse_vault_key;
use crate::random::fresh_bytes;

const VAULT_KEY: &str = "vault-key";
/// A draft this old belongs to a process that died over it.
const DEAD_DRAFT: Duration = Duration::from_secs(60);

/// Master keys, the current one first; never empty.
pub(crate) type FileKeys = Vec<Secret<[u8; 32]>>;

impl DataDir {
    /// The keys in the file, or `None` where there is no file.
    pub(crate) fn vault_keys(&mut self) -> Result<Option<FileKeys>, FilesError> {
        let path = self.path.join(VAULT_KEY);
        forget_dead_drafts(&self.path);
        let Some(content) = self.read(&path)? else { return Ok(None) };
        let lines = std::str::from_utf8(content.expose()).unwrap_or_default().lines();
        let keys = lines.map(|line| parse_vault_key(line.trim())).collect::<Result<FileKeys, _>>();
        match keys {
            Ok(keys) if !keys.is_empty() => Ok(Some(keys)),
            _ => Err(FilesError::DamagedVaultKey { path }),
        }
    }

    /// The keys in the file; one is made where there is none.
    pub(crate) fn vault_keys_or_new(&mut self) -> Result<FileKeys, FilesError> {
        if let Some(keys) = self.vault_keys()? {
            return Ok(keys);
        }
        let path = self.path.join(VAULT_KEY);
        self.read_or_create(&path, || Ok(to_text(&[fresh_bytes::<32>()?])))?;
        // Whoever came first wins, another process that started at the same moment included.
        self.vault_keys()?.ok_or(FilesError::DamagedVaultKey { path })
    }

    /// Puts these keys in the place of those that are there.
    pub(crate) fn replace_vault_keys(&self, keys: &[Secret<[u8; 32]>]) -> Result<(), FilesError> {
        let path = self.path.join(VAULT_KEY);
        let draft = draft_of(&path)?;
        let replaced = write_new(&draft, to_text(keys).expose())
            .and_then(|()| fs::rename(&draft, &path))
            .and_then(|()| sync_parent(&path));
        replaced.map_err(|error| {
            // The draft holds keys too.
            let _ = fs::remove_file(&draft);
            file_error("replace", &path, &error)
        })
    }
}

fn to_text(keys: &[Secret<[u8; 32]>]) -> Secret<Vec<u8>> {
    // Room for all of it from the start: growing would leave copies of the keys behind.
    let mut text = String::with_capacity(keys.len() * 48);
    for key in keys {
        STANDARD.encode_string(key.expose(), &mut text);
        text.push('\n');
    }
    Secret::new(text.into_bytes())
}

/// Removes what a process left that was killed while it wrote. One that cannot be removed now is tried again later.
fn forget_dead_drafts(dir: &Path) {
    let name = format!("{VAULT_KEY}.{DRAFT}");
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let is_draft = entry.file_name().to_str().is_some_and(|found| found.starts_with(&name));
        let age = || SystemTime::now().duration_since(entry.metadata().ok()?.modified().ok()?).ok();
        if is_draft && age().is_some_and(|age| age >= DEAD_DRAFT) {
            let _ = fs::remove_file(entry.path());
        }
    }
}
