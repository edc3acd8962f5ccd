//! The text of a configuration and what the command line adds to it.

use std::fmt;
use std::io::Read;
use std::net::SocketAddr;
use std::path::Path;

use crate::diagnostic::Diagnostic;

/// The largest file that is read: a million lines are a mistake, not a configuration.
const LARGEST_BYTES: u64 = 16 * 1024 * 1024;

/// What a person said: the file, and a listen address on the command line that replaces the file's.
#[derive(Clone)]
pub struct Source {
    pub(crate) name: String,
    pub(crate) text: String,
    pub(crate) listen: Option<SocketAddr>,
}

impl Source {
    /// `name` is how diagnostics call the file.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self { name: name.into(), text: text.into(), listen: None }
    }

    /// Reads a file. The rules for a listen address hold for the replacement as well, so it belongs to the source.
    pub fn read(path: &Path) -> Result<Self, Diagnostic> {
        let name = path.display().to_string();
        let refuse = |message: String| Diagnostic::about_file(name.clone(), message);
        let mut bytes = Vec::new();
        std::fs::File::open(path)
            .and_then(|file| file.take(LARGEST_BYTES + 1).read_to_end(&mut bytes))
            .map_err(|error| refuse(format!("cannot be read: {}", vault::file_reason(error.kind()))))?;
        if bytes.len() as u64 > LARGEST_BYTES {
            return Err(refuse("is larger than 16 MiB; is this the right file?".to_owned()));
        }
        let text = String::from_utf8(bytes).map_err(|error| {
            let line =
                error.as_bytes()[..error.utf8_error().valid_up_to()].split(|byte| *byte == b'\n').count();
            refuse(format!("is not UTF-8 text (line {line}); save it as UTF-8"))
        })?;
        Ok(Self::new(name, text))
    }

    /// Replaces the address that the file says.
    #[must_use]
    pub fn listen(mut self, listen: Option<SocketAddr>) -> Self {
        self.listen = listen;
        self
    }
}

impl fmt::Debug for Source {
    /// The text may hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source")
            .field("name", &self.name)
            .field("listen", &self.listen)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_no_text_names_its_line() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("gatewright.yaml");
        std::fs::write(&path, b"server: {}\nkeys: \xff").unwrap();
        let diagnostic = Source::read(&path).unwrap_err();
        assert!(diagnostic.message.contains("not UTF-8 text (line 2)"), "{diagnostic}");
    }

    #[test]
    fn a_missing_file_is_a_diagnostic() {
        let diagnostic = Source::read(Path::new("/nowhere/gatewright.yaml")).unwrap_err();
        assert_eq!(
            diagnostic.to_string(),
            "/nowhere/gatewright.yaml: error: cannot be read: there is no such file"
        );
    }
}
