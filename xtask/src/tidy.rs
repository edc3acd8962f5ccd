//! The habits of this repository as checks: what a reader may rely on without looking. Each finding says where and
//! what to do. The rules and their reasons are in CONTRIBUTING.md.

mod crates;
mod dependencies;
mod documents;

mod sources;

use std::fs;
use std::path::Path;

use anyhow::Context;

use crate::layers;
use crate::report::say;
use crate::workspace::Workspace;

/// A file as a check sees it.
pub(crate) struct File {
    /// Relative to the workspace, with `/`.
    pub(crate) path: String,
    pub(crate) text: String,
}

pub(crate) fn check(workspace: &Workspace) -> anyhow::Result<Vec<String>> {
    let files = read(&workspace.root)?;
    let mut findings = layers::check(workspace);
    findings.extend(crates::check(workspace));
    findings.extend(sources::check(&files));
    findings.extend(documents::check(&workspace.root, &files));
    findings.extend(dependencies::check(workspace, &files)?);
    Ok(findings)
}

/// Prints what was found. True where there is nothing.
pub(crate) fn report(findings: &[String]) -> bool {
    for finding in findings {
        say(&format!("- {finding}"));
    }
    findings.is_empty()
}

/// Folders that hold what others wrote or what is generated.
const FOREIGN: &[&str] = &["target", "node_modules", "dist", "__pycache__", "results"];

/// Every text file that the checks look at, in a stable order.
fn read(root: &Path) -> anyhow::Result<Vec<File>> {
    let mut folders = vec![root.to_owned()];
    let mut paths = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).with_context(|| format!("cannot list `{}`", folder.display()))? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if entry.file_type()?.is_dir() {
                if !name.starts_with('.') && !FOREIGN.contains(&name.as_str()) {
                    folders.push(entry.path());
                }
            } else if ["Cargo.lock", "deny.toml"].contains(&name.as_str())
                || [".rs", ".md"].iter().any(|end| name.ends_with(end))
            {
                paths.push(entry.path());
            }
        }
    }
    paths.sort();
    paths.iter().map(|path| File::read(root, path)).collect()
}

impl File {
    fn read(root: &Path, path: &Path) -> anyhow::Result<Self> {
        let text = fs::read_to_string(path).with_context(|| format!("cannot read `{}`", path.display()))?;
        let relative = path.strip_prefix(root).unwrap_or(path);
        let parts: Vec<_> = relative.iter().map(|part| part.to_string_lossy()).collect();
        Ok(Self { path: parts.join("/"), text })
    }
}
