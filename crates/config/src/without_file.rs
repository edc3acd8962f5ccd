//! The configuration of a gateway that was started without a file: what the environment has keys for, and the
//! simulator, so that a person with no key at all can see everything work.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::Arc;

use domain::{DEFAULT_NAME, Scope, Secret};
use vault::Environment;

use crate::catalogue::{Catalogue, Provider};
use crate::compile::{
    Compiled, by_provider, catalogue_only, demo_endpoint, demo_simulator, direct_credential, egress, finish,
    server,
};
use crate::diagnostic::{At, Diagnostic, Findings};
use crate::schema::egress::Egress;
use crate::schema::server::Server;
use crate::schema::value::BaseUrl;
use crate::snapshot::{Credential, KeyIndex, Snapshot, Storage};

/// What diagnostics name where a file would stand.
const NAME: &str = "without a configuration file";

/// Compiles what the command line and the environment say.
pub fn without_file(
    environment: &Environment,
    listen: Option<SocketAddr>,
) -> Result<Compiled, Vec<Diagnostic>> {
    let mut findings = Findings::new(NAME);
    let simulator = Arc::new(demo_simulator());
    let mut credentials: HashMap<Arc<str>, Arc<Credential>> = HashMap::new();
    for provider in Catalogue::built_in().iter() {
        if let Some(credential) = credential(provider, environment, &mut findings) {
            credentials.insert(Arc::clone(&credential.name), Arc::new(credential));
        }
    }
    credentials.insert(Arc::clone(&simulator.name), Arc::clone(&simulator));
    let demo = demo_endpoint(&simulator).map(Arc::new);
    let snapshot = Snapshot {
        server: server::server(&Server::default(), listen, environment, &mut findings),
        egress: egress::egress(&Egress::default(), environment, &mut findings),
        storage: Storage { data_dir: None },
        endpoints: demo.into_iter().map(|endpoint| (Arc::clone(&endpoint.name), endpoint)).collect(),
        by_provider: by_provider(credentials.values()),
        credentials,
        keys: KeyIndex::default(),
        projects: BTreeMap::from([(Arc::from(DEFAULT_NAME), Scope::DEFAULT)]),
        prices: catalogue_only(),
    };
    finish(snapshot, findings)
}

fn credential(provider: &Provider, environment: &Environment, findings: &mut Findings) -> Option<Credential> {
    let variable = provider.key_variable.as_deref()?;
    // Shells and `.env` files leave blanks and line breaks that no key has.
    let key = environment.non_empty(variable).map(|key| Secret::new(key.trim().to_owned()))?;
    let base_url = match &provider.base_url_variable {
        Some(name) => match environment.non_empty(name) {
            Some(text) => Some(BaseUrl::parse(&text).or_else(|| {
                let message = format!("the variable `{name}` does not hold an http or https URL");
                findings.error_with(&At::default(), message, "correct it or unset it");
                None
            })?),
            None => None,
        },
        None => None,
    };
    let credential = direct_credential(provider, &key, base_url);
    if credential.is_none() {
        let message = format!("the variable `{variable}` holds something that no header can carry");
        findings.error_with(&At::default(), message, "correct it or unset it");
    }
    credential
}
