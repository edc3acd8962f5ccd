//! The tar file: entries are hashed as they pass.

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{Context, SHA256};

use super::manifest::{self, FileEntry, Manifest};
use crate::StoreError;

/// Writes an archive. Under its own name it appears only when it is whole.
pub(super) struct Archive {
    path: PathBuf,
    partial: PathBuf,
    builder: tar::Builder<BufWriter<File>>,
    finished: bool,
}

impl Archive {
    pub(super) fn create(path: &Path) -> Result<Self, StoreError> {
        if path.exists() {
            return Err(StoreError::io(path, io::ErrorKind::AlreadyExists.into()));
        }
        let partial = beside(path, "partial");
        let file = private(&partial).map_err(|source| StoreError::io(&partial, source))?;
        let builder = tar::Builder::new(BufWriter::new(file));
        Ok(Self { path: path.to_owned(), partial, builder, finished: false })
    }

    /// A place for a file that is copied before it goes in.
    pub(super) fn scratch(&self) -> PathBuf {
        beside(&self.path, "scratch")
    }

    /// Adds the first `bytes` bytes of what is read; zeros where it is shorter.
    pub(super) fn add(&mut self, name: &str, from: impl Read, bytes: u64) -> Result<FileEntry, StoreError> {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes);
        header.set_mode(0o600);
        let mut hashing =
            Hashing { from: from.chain(io::repeat(0)).take(bytes), digest: Context::new(&SHA256) };
        let added = self.builder.append_data(&mut header, name, &mut hashing);
        added.map_err(|source| StoreError::io(&self.partial, source))?;
        Ok(FileEntry { bytes, sha256: hex(hashing.digest) })
    }

    /// Adds the manifest and makes the archive survive a loss of power.
    pub(super) fn finish(mut self, manifest: &Manifest) -> Result<(), StoreError> {
        let text = serde_json::to_vec_pretty(manifest).unwrap_or_default();
        let bytes = u64::try_from(text.len()).unwrap_or(0);
        self.add(manifest::NAME, text.as_slice(), bytes)?;
        let failed = |source| StoreError::io(&self.partial, source);
        self.builder.finish().map_err(failed)?;
        let file = self.builder.get_mut();
        file.flush().and_then(|()| file.get_ref().sync_all()).map_err(failed)?;
        std::fs::rename(&self.partial, &self.path).map_err(failed)?;
        self.finished = true;
        sync_parent(&self.path)
    }
}

impl Drop for Archive {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(self.scratch());
        if !self.finished {
            let _ = std::fs::remove_file(&self.partial);
        }
    }
}

/// Reads and remembers what went by.
pub(super) struct Hashing<R> {
    from: R,
    digest: Context,
}

impl<R: Read> Hashing<R> {
    pub(super) fn new(from: R) -> Self {
        Self { from, digest: Context::new(&SHA256) }
    }

    pub(super) fn sha256(self) -> String {
        hex(self.digest)
    }
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.from.read(into)?;
        self.digest.update(&into[..read]);
        Ok(read)
    }
}

fn hex(digest: Context) -> String {
    digest.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A new file for the owner's eyes only. One that is there already belongs to somebody else.
pub(super) fn private(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

pub(super) fn sync_parent(path: &Path) -> Result<(), StoreError> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(parent).and_then(|dir| dir.sync_all()).map_err(|source| StoreError::io(parent, source))
}

fn beside(path: &Path, what: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(what);
    name.into()
}
