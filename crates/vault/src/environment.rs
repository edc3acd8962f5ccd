//! What the process can see around it: variables, files, the date and the number of cores. It is a value, so that
//! compiling a configuration stays a function of its arguments and a test never touches the real process.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use zeroize::Zeroizing;

type Variables = dyn Fn(&str) -> Option<String> + Send + Sync;
/// A file as it was read, or why it could not be.
type Reading = Result<Zeroizing<Vec<u8>>, io::ErrorKind>;
type Files = dyn Fn(&Path) -> io::Result<Vec<u8>> + Send + Sync;

/// The surroundings that configuration may refer to.
#[derive(Clone)]
pub struct Environment {
    variables: Arc<Variables>,
    files: Arc<Files>,
    now_ms: i64,
    cores: usize,
}

impl Environment {
    /// The real one, as it is now.
    pub fn process() -> Self {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self {
            variables: Arc::new(|name| std::env::var(name).ok()),
            files: Arc::new(read_small_file),
            now_ms: i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
        }
    }

    /// Exactly these variables, no files, one core, at the Unix epoch.
    pub fn fixed<'a>(variables: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let variables: HashMap<String, String> =
            variables.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Self {
            variables: Arc::new(move |name| variables.get(name).cloned()),
            files: Arc::new(|_| Err(io::ErrorKind::NotFound.into())),
            now_ms: 0,
            cores: 1,
        }
    }

    /// The same with these files and no others.
    #[must_use]
    pub fn with_files<'a>(mut self, files: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Self {
        let files: HashMap<PathBuf, Vec<u8>> =
            files.into_iter().map(|(path, content)| (path.into(), content.to_vec())).collect();
        self.files =
            Arc::new(move |path| files.get(path).cloned().ok_or_else(|| io::ErrorKind::NotFound.into()));
        self
    }

    #[must_use]
    pub fn at_ms(mut self, now_ms: i64) -> Self {
        self.now_ms = now_ms;
        self
    }

    /// The same, with every file as it was when it was first read: what is compiled again later comes out the same.
    #[must_use]
    pub fn remembering(mut self) -> Self {
        let read = Arc::clone(&self.files);
        let seen: Mutex<HashMap<PathBuf, Reading>> = Mutex::default();
        self.files = Arc::new(move |path| {
            let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
            let first = || read(path).map(Zeroizing::new).map_err(|error| error.kind());
            let content = seen.entry(path.to_owned()).or_insert_with(first);
            content.as_ref().map(|content| content.to_vec()).map_err(|kind| (*kind).into())
        });
        self
    }

    /// A variable, or `None` where it is unset or not valid Unicode.
    pub fn variable(&self, name: &str) -> Option<String> {
        (self.variables)(name)
    }

    /// A variable that is set to something.
    pub fn non_empty(&self, name: &str) -> Option<String> {
        self.variable(name).filter(|value| !value.is_empty())
    }

    pub fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        (self.files)(path)
    }

    /// Milliseconds since the Unix epoch.
    pub fn now_ms(&self) -> i64 {
        self.now_ms
    }

    pub fn cores(&self) -> usize {
        self.cores
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Environment").finish_non_exhaustive()
    }
}

/// Why a file cannot be used, for people.
pub fn file_reason(kind: io::ErrorKind) -> String {
    match kind {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        io::ErrorKind::PermissionDenied => "the permissions do not allow it".to_owned(),
        other => other.to_string(),
    }
}

/// No secret and no bundle of certificates is larger; a reference to a log or a device must not fill the memory.
const LARGEST_FILE: u64 = 1024 * 1024;

fn read_small_file(path: &Path) -> io::Result<Vec<u8>> {
    use io::Read;

    let mut content = Vec::new();
    std::fs::File::open(path)?.take(LARGEST_FILE + 1).read_to_end(&mut content)?;
    if content.len() as u64 > LARGEST_FILE {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "is larger than 1 MiB"));
    }
    Ok(content)
}
