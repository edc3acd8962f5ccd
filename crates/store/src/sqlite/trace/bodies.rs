//! The plain file beside a day's database: frames, one after the other.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::PathBuf;

use crate::StoreError;

/// No call is larger than its captured payloads, which are capped far below this; more is damage.
const MAX_FRAME: usize = 1 << 30;

#[derive(Debug)]
pub(super) struct Bodies {
    path: PathBuf,
}

/// The file while a batch is being added to it.
#[derive(Debug)]
pub(super) struct Appending<'a> {
    bodies: &'a Bodies,
    file: File,
    begin: u64,
    pub(super) end: u64,
}

impl Bodies {
    pub(super) const fn new(path: PathBuf) -> Self {
        Self { path }
    }

    pub(super) fn append(&self) -> Result<Appending<'_>, StoreError> {
        let mut options = File::options();
        options.create(true).append(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let failed = |source| StoreError::io(&self.path, source);
        let file = options.open(&self.path).map_err(failed)?;
        let begin = file.metadata().map_err(failed)?.len();
        Ok(Appending { bodies: self, file, begin, end: begin })
    }

    /// The frame at `offset`. Synchronous: it is in the page cache or one read away.
    pub(super) fn read(&self, offset: u64, length: usize) -> Result<Vec<u8>, StoreError> {
        if length > MAX_FRAME {
            return Err(StoreError::damaged(
                self.path.display().to_string(),
                "a frame of an impossible length",
            ));
        }
        let mut frame = vec![0; length];
        let read = File::open(&self.path).and_then(|mut file| {
            file.seek(SeekFrom::Start(offset))?;
            file.read_exact(&mut frame)
        });
        read.map_err(|source| StoreError::io(&self.path, source))?;
        Ok(frame)
    }
}

impl Appending<'_> {
    /// Adds `bytes` and returns where they begin.
    pub(super) fn add(&mut self, bytes: &[u8]) -> Result<u64, StoreError> {
        let at = self.end;
        self.file.write_all(bytes).map_err(|source| StoreError::io(&self.bodies.path, source))?;
        self.end += u64::try_from(bytes.len()).unwrap_or(0);
        Ok(at)
    }

    /// Takes back what was added: no chunk points at it. Left where it is if that fails; it is then only wasted space.
    pub(super) fn take_back(self) {
        if let Err(error) = self.file.set_len(self.begin) {
            tracing::warn!(path = %self.bodies.path.display(), %error, "bodies without heads stay in the file");
        }
    }
}
