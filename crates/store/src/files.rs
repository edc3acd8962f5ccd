//! Directories that hold what callers sent: only the user that runs the server may look inside.

use std::fs::DirBuilder;
use std::path::Path;

use crate::StoreError;

/// Creates `dir` and what is missing above it. A directory that exists keeps its mode: somebody chose it.
pub(crate) fn create_private_dir(dir: &Path) -> Result<(), StoreError> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir).map_err(|source| StoreError::io(dir, source))
}
