//! What cargo knows about this workspace: where it is, where it builds, and who depends on whom.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};
use serde_json::Value;

pub(crate) struct Workspace {
    pub(crate) root: PathBuf,
    /// One target folder for everything, the tools and environments of the tests included.
    pub(crate) target: PathBuf,
    pub(crate) packages: Vec<Package>,
}

pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) folder: PathBuf,
    pub(crate) dependencies: Vec<Dependency>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    /// A package of this workspace.
    pub(crate) local: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Normal,
    Dev,
    Build,
}

impl Workspace {
    pub(crate) fn load() -> anyhow::Result<Self> {
        let output = Command::new(cargo())
            .args(["metadata", "--format-version=1", "--no-deps"])
            .output()
            .context("cannot run `cargo metadata`")?;
        if !output.status.success() {
            bail!("`cargo metadata` failed: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        let metadata =
            serde_json::from_slice(&output.stdout).context("cannot read what `cargo metadata` says")?;
        Self::read(&metadata).context("`cargo metadata` lacks a field")
    }

    fn read(metadata: &Value) -> Option<Self> {
        let path = |field: &str| metadata.get(field)?.as_str().map(PathBuf::from);
        Some(Self {
            root: path("workspace_root")?,
            target: path("target_directory")?,
            packages: metadata
                .get("packages")?
                .as_array()?
                .iter()
                .map(Package::read)
                .collect::<Option<_>>()?,
        })
    }

    /// A program that the dev profile builds.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.target.join("debug").join(name)
    }
}

impl Package {
    fn read(package: &Value) -> Option<Self> {
        let manifest = Path::new(package.get("manifest_path")?.as_str()?);
        let dependencies = package.get("dependencies")?.as_array()?;
        Some(Self {
            name: package.get("name")?.as_str()?.to_owned(),
            folder: manifest.parent()?.to_owned(),
            dependencies: dependencies.iter().map(Dependency::read).collect::<Option<_>>()?,
        })
    }
}

impl Dependency {
    fn read(dependency: &Value) -> Option<Self> {
        let kind = match dependency.get("kind")?.as_str() {
            None => Kind::Normal,
            Some("dev") => Kind::Dev,
            Some(_) => Kind::Build,
        };
        Some(Self {
            name: dependency.get("name")?.as_str()?.to_owned(),
            kind,
            local: dependency.get("path").is_some_and(Value::is_string),
        })
    }
}

/// The cargo that runs us, so that every step uses the same toolchain.
pub(crate) fn cargo() -> String {
    std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned())
}
