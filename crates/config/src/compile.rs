//! From what was written to a `Snapshot`, or to the list of everything that is wrong. Pure: the same source and the
//! same environment give the same result.

mod carriage;
mod credentials;
pub(crate) mod egress;
mod endpoints;
mod identities;
mod keys;
mod prices;
pub(crate) mod server;
mod targets;
mod variables;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use vault::{Environment, KeyHasher};

use crate::catalogue::Catalogue;
use crate::diagnostic::{At, Diagnostic, Findings};
use crate::schema::root::File;
use crate::schema::{Field, Reading};
use crate::snapshot::Snapshot;
use crate::source::Source;
use crate::tree;

pub(crate) use carriage::{CarriageParts, carriage};
pub(crate) use credentials::{demo_simulator, direct_credential};
pub(crate) use endpoints::{RESERVED_NAMES, demo_endpoint, direct_endpoint};
pub(crate) use prices::catalogue_only;

/// A configuration that can be used.
#[derive(Debug)]
pub struct Compiled {
    pub snapshot: Snapshot,
    /// Of severity `Warning` only.
    pub warnings: Vec<Diagnostic>,
}

/// Compiles a file. An error is every problem of it, in the order of the file; nothing is half-applied.
pub fn compile(
    source: &Source,
    environment: &Environment,
    hasher: &KeyHasher,
) -> Result<Compiled, Vec<Diagnostic>> {
    let mut findings = Findings::new(&source.name);
    let file = read(source, environment, &mut findings);
    let snapshot = assemble(&file, source, environment, hasher, &mut findings);
    finish(snapshot, findings)
}

/// The data directory that a file names, whatever else is wrong with it. It has to be known before the file can be
/// compiled: the key of the hashes lies in it.
pub fn data_dir(source: &Source, environment: &Environment) -> Option<PathBuf> {
    let mut findings = Findings::new(&source.name);
    read(source, environment, &mut findings).storage.data_dir.map(|path| path.0)
}

/// The result, once everything has been said.
pub(crate) fn finish(snapshot: Snapshot, findings: Findings) -> Result<Compiled, Vec<Diagnostic>> {
    let failed = findings.has_errors();
    let diagnostics = findings.into_sorted();
    if failed { Err(diagnostics) } else { Ok(Compiled { snapshot, warnings: diagnostics }) }
}

fn read(source: &Source, environment: &Environment, findings: &mut Findings) -> File {
    let (node, problems) = tree::parse(&source.text);
    for problem in problems {
        let at = At { path: String::new(), line: problem.place.line, column: problem.place.column };
        match problem.help {
            Some(help) => findings.error_with(&at, problem.message, help),
            None => findings.error(&at, problem.message),
        }
    }
    File::read(&node, &mut Reading::new(environment, findings)).unwrap_or_default()
}

fn assemble(
    file: &File,
    source: &Source,
    environment: &Environment,
    hasher: &KeyHasher,
    findings: &mut Findings,
) -> Snapshot {
    let catalogue = Catalogue::with(&file.providers, findings);
    let credentials = credentials::compile(&file.credentials, &catalogue, findings);
    let endpoints = endpoints::compile(&file.endpoints, &credentials, &file.targets, &catalogue, findings);
    let server = server::server(&file.server, source.listen, environment, findings);
    let keys = keys::compile(&file.keys, &endpoints, &catalogue, &server, environment, hasher, findings);
    Snapshot {
        server,
        egress: egress::egress(&file.egress, environment, findings),
        storage: server::storage(&file.storage),
        endpoints: endpoints.by_name,
        by_provider: by_provider(credentials.by_name.values()),
        credentials: credentials.by_name,
        keys: keys.index,
        projects: keys.projects,
        prices: prices::compile(&file.prices, &catalogue, findings),
    }
}

/// The credentials of each provider, for models that are named `provider/model`.
pub(crate) fn by_provider<'a>(
    credentials: impl IntoIterator<Item = &'a Arc<crate::snapshot::Credential>>,
) -> HashMap<Arc<str>, Vec<Arc<crate::snapshot::Credential>>> {
    let mut by_provider: HashMap<_, Vec<_>> = HashMap::new();
    for credential in credentials {
        by_provider.entry(Arc::clone(&credential.provider)).or_default().push(Arc::clone(credential));
    }
    by_provider
}

/// `gatewright.yaml:12`
fn declared_at(at: &At, findings: &Findings) -> Option<String> {
    (at.line > 0).then(|| format!("{}:{}", findings.file(), at.line))
}
