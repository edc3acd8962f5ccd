//! From what was written to a `Snapshot`, or to the list of everything that is wrong. Pure: the same file, the same
//! stored objects and the same environment give the same result.

mod carriage;
mod check;
mod credentials;
mod egress;
mod endpoints;
mod environment;
mod identities;
mod keys;
mod prices;
mod server;
mod stored;
mod targets;
mod tenants;
mod variables;
pub(crate) mod world;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use domain::{ObjectId, ObjectKind, ProjectId, Scope};
use vault::{Environment, KeyHasher, VaultKeys};

use crate::catalogue::Catalogue;
use crate::diagnostic::{At, Diagnostic, Findings};
use crate::row::Row;
use crate::schema::root::File;
use crate::schema::{Field, Reading};
use crate::snapshot::{Credential, KeyIndex, Scoped, Snapshot, StoredKeys};
use crate::source::Source;
use crate::tree::{self, Node};

pub use check::Checked;
pub(crate) use check::{check, stored_key};
pub(crate) use endpoints::{RESERVED_NAMES, direct_endpoint};
pub use stored::{Quarantined, Shadowed};

use carriage::{CarriageParts, carriage};
use prices::Prices;
use stored::Verdicts;
use world::World;

/// A configuration that can be used.
#[derive(Debug)]
pub struct Compiled {
    pub snapshot: Snapshot,
    /// Of severity `Warning` only.
    pub warnings: Vec<Diagnostic>,
    /// Stored objects that cannot be used.
    pub quarantined: Vec<Quarantined>,
    /// Stored objects that give way to declared ones.
    pub shadowed: Vec<Shadowed>,
    pub(crate) world: World,
    pub(crate) vault: Option<VaultKeys>,
}

/// Compiles a file. An error is every problem of it, in the order of the file; nothing is half-applied.
pub fn compile(
    source: &Source,
    environment: &Environment,
    hasher: &KeyHasher,
) -> Result<Compiled, Vec<Diagnostic>> {
    Inputs { source: Some(source), listen: None, rows: &[], stored: Arc::default(), environment, hasher }
        .compile()
}

/// Compiles what the command line and the environment say, for a gateway without a file.
pub fn without_file(
    environment: &Environment,
    listen: Option<SocketAddr>,
) -> Result<Compiled, Vec<Diagnostic>> {
    // Nothing is declared, so nothing is hashed.
    let hasher = &KeyHasher::new(&[0; 32]);
    Inputs { source: None, listen, rows: &[], stored: Arc::default(), environment, hasher }.compile()
}

/// The data directory that a file names, whatever else is wrong with it. It has to be known before the file can be
/// compiled: the key of the hashes lies in it.
pub fn data_dir(source: &Source, environment: &Environment) -> Option<PathBuf> {
    let mut findings = Findings::new(&source.name);
    read(source, environment, &mut findings).storage.data_dir.map(|path| path.0)
}

/// The keys of the vault that a file names, whatever else is wrong with it: they are needed to open what is stored.
pub fn vault_keys(source: &Source, environment: &Environment) -> Option<VaultKeys> {
    let mut findings = Findings::new(&source.name);
    vault(&read(source, environment, &mut findings))
}

fn vault(file: &File) -> Option<VaultKeys> {
    let vault = file.vault.as_ref()?;
    let previous = vault.previous.iter().map(|key| key.0.clone()).collect();
    Some(VaultKeys { current: vault.key.as_ref()?.value.0.clone(), previous })
}

/// Everything that a configuration is made of.
pub(crate) struct Inputs<'a> {
    /// `None`: the environment takes its place.
    pub(crate) source: Option<&'a Source>,
    /// Where there is no file; a source brings its own.
    pub(crate) listen: Option<SocketAddr>,
    pub(crate) rows: &'a [Arc<Row>],
    pub(crate) stored: Arc<StoredKeys>,
    pub(crate) environment: &'a Environment,
    pub(crate) hasher: &'a KeyHasher,
}

impl Inputs<'_> {
    pub(crate) fn compile(&self) -> Result<Compiled, Vec<Diagnostic>> {
        let name = self.source.map_or(environment::NAME, |source| &source.name);
        let mut findings = Findings::new(name);
        let file = match self.source {
            Some(source) => read(source, self.environment, &mut findings),
            None => File::default(),
        };
        let compiled = self.assemble(&file, &mut findings);
        let failed = findings.has_errors();
        let warnings = findings.into_sorted();
        if failed { Err(warnings) } else { Ok(Compiled { warnings, ..compiled }) }
    }

    fn assemble(&self, file: &File, findings: &mut Findings) -> Compiled {
        let (environment, rows) = (self.environment, self.rows);
        let mut world = World::new(Catalogue::with(&file.providers, findings));
        let mut verdicts = Verdicts::default();
        let mut prices = Prices::default();
        tenants::declare(file, &mut world, findings);
        verdicts.tenants(rows, &mut world);
        credentials::declare(&file.credentials, &mut world, findings);
        targets::declare(&file.targets, &mut world, findings);
        endpoints::declare(&file.endpoints, &mut world, findings);
        let listen = self.source.map_or(self.listen, |source| source.listen);
        let server = server::server(&file.server, listen, environment, findings);
        let keys = keys::declare(&file.keys, &mut world, &server, environment, self.hasher, findings);
        prices.declare(&file.prices, &world, findings);
        if self.source.is_none() {
            environment::declare(environment, rows, &mut world, findings);
        }
        verdicts.objects(rows, &mut world, &mut prices);
        let snapshot = Snapshot {
            server,
            egress: egress::egress(&file.egress, environment, findings),
            storage: server::storage(&file.storage),
            endpoints: usable(&world.endpoints, |known| known.object.clone()),
            credentials: usable(&world.credentials, |credential| credential.known.object.clone()),
            by_provider: by_provider(&world),
            keys: KeyIndex::new(keys, Arc::clone(&self.stored)),
            projects: world.projects.iter().map(|(name, known)| (Arc::clone(name), known.scope)).collect(),
            prices: prices.book(),
        };
        let Verdicts { quarantined, shadowed } = verdicts;
        Compiled { snapshot, warnings: Vec::new(), quarantined, shadowed, world, vault: vault(file) }
    }
}

/// The file as it was written, whatever is wrong with it.
fn read(source: &Source, environment: &Environment, findings: &mut Findings) -> File {
    let node = parse(source, findings);
    File::read(&node, &mut Reading::new(environment, findings)).unwrap_or_default()
}

pub(crate) fn parse(source: &Source, findings: &mut Findings) -> Node {
    let (node, problems) = tree::parse(&source.text);
    for problem in problems {
        let at = At { path: String::new(), line: problem.place.line, column: problem.place.column };
        match problem.help {
            Some(help) => findings.error_with(&at, problem.message, help),
            None => findings.error(&at, problem.message),
        }
    }
    node
}

/// Those that are right.
fn usable<K, T>(known: &Scoped<K>, object: impl Fn(&K) -> Option<T>) -> Scoped<T> {
    let mut usable = Scoped::default();
    for (project, name, known) in known.iter() {
        if let Some(object) = object(known) {
            usable.insert(project, Arc::clone(name), object);
        }
    }
    usable
}

/// The credentials of each provider, for models that are named `provider/model`.
fn by_provider(world: &World) -> Scoped<Vec<Arc<Credential>>> {
    let mut grouped: HashMap<(ProjectId, Arc<str>), Vec<Arc<Credential>>> = HashMap::new();
    for (project, _, credential) in world.credentials.iter() {
        if let Some(credential) = &credential.known.object {
            let key = (project, Arc::clone(&credential.provider));
            grouped.entry(key).or_default().push(Arc::clone(credential));
        }
    }
    let mut by_provider = Scoped::default();
    for ((project, provider), credentials) in grouped {
        by_provider.insert(project, provider, credentials);
    }
    by_provider
}

/// The id of a declared object.
pub(crate) fn stable_id_of(kind: ObjectKind, scope: &Scope, name: &str) -> ObjectId {
    ObjectId(match kind {
        ObjectKind::Team => world::team_id(name).0,
        ObjectKind::Project => scope.project.0,
        _ => vault::stable_id(kind.name(), scope, name),
    })
}

/// `gatewright.yaml:12`
pub(crate) fn declared_at(at: &At, findings: &Findings) -> Option<String> {
    (at.line > 0).then(|| format!("{}:{}", findings.file(), at.line))
}
