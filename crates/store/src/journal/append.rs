//! The file of an open segment, from the writer's side: mapped where that is safe, else written.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;

use super::mapping::Mapping;

/// A segment's file and how bytes get there.
#[derive(Debug)]
pub(super) struct AppendFile {
    file: File,
    /// Where the next frame begins. What lies behind it is nothing, or torn.
    length: u64,
    mapping: Option<Mapping>,
    /// What stands behind `length` could not be taken back.
    torn: bool,
}

impl AppendFile {
    /// Creates `path` with room for `segment_bytes`.
    pub(super) fn create(path: &Path, segment_bytes: u64, mapped: bool) -> io::Result<Self> {
        let mut options = File::options();
        options.read(true).write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path)?;
        let mapping = if mapped { Self::map(&file, segment_bytes) } else { Ok(None) };
        let mapping = mapping.inspect_err(|_| {
            // An empty file would stay in the way of nobody, but it would be looked at for ever.
            let _ = std::fs::remove_file(path);
        })?;
        Ok(Self { file, length: 0, mapping, torn: false })
    }

    /// Where there is no room for a whole segment, records are written as long as there is room for them.
    fn map(file: &File, segment_bytes: u64) -> io::Result<Option<Mapping>> {
        if let Ok(mapping) = Mapping::new(file, segment_bytes) {
            return Ok(Some(mapping));
        }
        // What was allocated for the mapping goes, so that the file ends where its records do.
        file.set_len(0)?;
        Ok(None)
    }

    /// A second handle, for the reader.
    pub(super) fn try_clone(&self) -> io::Result<File> {
        self.file.try_clone()
    }

    pub(super) const fn length(&self) -> u64 {
        self.length
    }

    pub(super) const fn is_torn(&self) -> bool {
        self.torn
    }

    /// Adds `frame`. On an error the file holds what it held before, or is torn and wants no more.
    pub(super) fn append(&mut self, frame: &[u8]) -> io::Result<()> {
        match &mut self.mapping {
            Some(mapping) => {
                let at = usize::try_from(self.length).map_err(|_| io::ErrorKind::StorageFull)?;
                // Where the pages cannot be had, another segment is the only way to go on.
                mapping.write(at, frame).inspect_err(|_| self.torn = true)?;
            }
            None => self.write(frame)?,
        }
        self.length += u64::try_from(frame.len()).unwrap_or(0);
        Ok(())
    }

    fn write(&mut self, frame: &[u8]) -> io::Result<()> {
        let problem = loop {
            match self.file.write(frame) {
                Ok(written) if written == frame.len() => return Ok(()),
                // A full disk first shortens a write and then refuses the next.
                Ok(_) => break io::Error::from(io::ErrorKind::StorageFull),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => break error,
            }
        };
        let taken_back =
            self.file.set_len(self.length).and_then(|()| self.file.seek(SeekFrom::Start(self.length)));
        self.torn = taken_back.is_err();
        Err(problem)
    }

    /// Gives the room back that was not needed. Where that fails, zeros remain, which hold no record.
    pub(super) fn finish(mut self) -> u64 {
        self.mapping = None;
        if let Err(error) = self.file.set_len(self.length) {
            tracing::warn!(%error, "a journal segment could not be cut to its length");
        }
        self.length
    }
}
