//! What is wrong with a configuration, and where. A diagnostic never holds the value of a secret, nor anything that a
//! reference was replaced with.

use std::collections::HashSet;
use std::fmt;

/// Whether the configuration can be used in spite of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    Error,
    Warning,
}

impl Severity {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// One problem of a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    pub severity: Severity,
    /// Where in the tree: `endpoints[1].targets[0].weight`; empty for the file as a whole.
    pub path: String,
    /// The name of the file as the person wrote it.
    pub file: String,
    /// Counted from 1; 0 where no line is to blame.
    pub line: u32,
    /// In characters, counted from 1; 0 where no line is to blame.
    pub column: u32,
    pub message: String,
    /// What to do, where the message does not say it already.
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error of which no line is to blame.
    pub(crate) fn about_file(file: String, message: String) -> Self {
        let path = String::new();
        Self { severity: Severity::Error, path, file, line: 0, column: 0, message, help: None }
    }

    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.file)?;
        if self.line > 0 {
            write!(f, "{}:{}:", self.line, self.column)?;
        }
        write!(f, " {}: {}", self.severity.name(), self.message)?;
        match &self.help {
            Some(help) => write!(f, "; {help}"),
            None => Ok(()),
        }
    }
}

/// A place in a file, as diagnostics about it begin.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct At {
    pub(crate) path: String,
    pub(crate) line: u32,
    pub(crate) column: u32,
}

/// Collects what is wrong with one file.
#[derive(Debug)]
pub(crate) struct Findings {
    file: String,
    found: Vec<Diagnostic>,
}

impl Findings {
    pub(crate) fn new(file: &str) -> Self {
        Self { file: file.to_owned(), found: Vec::new() }
    }

    pub(crate) fn file(&self) -> &str {
        &self.file
    }

    pub(crate) fn error(&mut self, at: &At, message: impl Into<String>) {
        self.add(Severity::Error, at, message.into(), None);
    }

    pub(crate) fn error_with(&mut self, at: &At, message: impl Into<String>, help: impl Into<String>) {
        self.add(Severity::Error, at, message.into(), Some(help.into()));
    }

    pub(crate) fn warning(&mut self, at: &At, message: impl Into<String>, help: impl Into<String>) {
        self.add(Severity::Warning, at, message.into(), Some(help.into()));
    }

    fn add(&mut self, severity: Severity, at: &At, message: String, help: Option<String>) {
        self.found.push(Diagnostic {
            severity,
            path: at.path.clone(),
            file: self.file.clone(),
            line: at.line,
            column: at.column,
            message,
            help,
        });
    }

    pub(crate) fn has_errors(&self) -> bool {
        self.found.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// In the order of the file, each once: a merged or aliased part is read several times but wrong once.
    pub(crate) fn into_sorted(mut self) -> Vec<Diagnostic> {
        self.found.sort_by(|one, other| {
            let key = |d: &Diagnostic| (d.line, d.column, d.severity);
            key(one).cmp(&key(other))
        });
        let mut seen = HashSet::new();
        self.found.retain(|d| d.line == 0 || seen.insert((d.line, d.column, d.message.clone())));
        self.found
    }
}
