//! `gatewright doctor`: is all well, and if not, what to do. It asks a running gateway; where there is none, it looks at
//! the data directory and the configuration file. It changes nothing.

mod access;
mod certificate;
mod data_directory;
mod file;
mod finding;
mod gateway;
mod objects;
mod process;
mod running;
mod store;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use serde_json::json;

use crate::api::{self, Api};
use crate::cli::Doctor;
use crate::{output, paths};

use finding::{Finding, Level};

pub(super) fn run(options: &Doctor) -> Result<ExitCode> {
    let mut findings = vec![Finding::ok("program", format!("gatewright {}", env!("CARGO_PKG_VERSION")))];
    let seen = api::block_on(async { Ok(gateway::look(options, &mut findings).await) })?;
    let directory = match &seen {
        // Another machine's directory is not ours to look at.
        Some(seen) => seen.data_dir.clone().filter(|path| path.exists()),
        None => {
            file::look(options, &mut findings);
            Some(own_data_dir(options)?)
        }
    };
    if let Some(directory) = &directory {
        data_directory::look(directory, &mut findings);
    }
    if options.json {
        let list: Vec<_> = findings.iter().map(Finding::json).collect();
        output::json(&json!({ "well": !failed(&findings), "findings": list }))?;
    } else {
        finding::print(&findings);
    }
    Ok(if failed(&findings) { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn failed(findings: &[Finding]) -> bool {
    findings.iter().any(|finding| finding.level == Level::Fail)
}

/// Where `serve` would keep its data: as said, as the file says, or where it goes unless somebody says otherwise.
fn own_data_dir(options: &Doctor) -> Result<PathBuf> {
    if options.gateway.data_dir.is_some() {
        return paths::data_dir(options.gateway.data_dir.clone());
    }
    let source = options.config.as_deref().and_then(|path| config::Source::read(path).ok());
    let written = source.and_then(|source| config::data_dir(&source, &vault::Environment::process()));
    paths::data_dir(written)
}

/// A gateway that answered.
#[derive(Debug, Default)]
struct Seen {
    /// Where it keeps its data, where that is on this machine.
    data_dir: Option<PathBuf>,
}

/// What a gateway says of itself. Where it may not or cannot tell, the doctor goes on without.
async fn ask(api: &Api, path: &str) -> Option<serde_json::Value> {
    api.get(path).await.ok()
}
