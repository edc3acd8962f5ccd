//! The configuration of a gateway that was started without a file: what the environment has keys for, and the
//! simulator, so that a person with no key at all can see everything work. What was stored comes before both.

use std::sync::Arc;

use domain::{DEFAULT_NAME, ObjectKind, Scope, Secret};
use vault::Environment;

use super::credentials::{demo_simulator, direct_credential};
use super::endpoints::{DEMO, demo_endpoint};
use super::world::{Known, KnownCredential, Origin, World};
use crate::catalogue::{Catalogue, Provider, SIMULATOR};
use crate::diagnostic::{At, Findings};
use crate::objects::WrittenObject;
use crate::row::Row;
use crate::schema::value::BaseUrl;
use crate::snapshot::Credential;

/// What diagnostics name where a file would stand.
pub(super) const NAME: &str = "without a configuration file";

pub(super) fn declare(
    environment: &Environment,
    rows: &[Arc<Row>],
    world: &mut World,
    findings: &mut Findings,
) {
    for provider in Catalogue::built_in().iter() {
        if !is_stored(rows, &provider.name)
            && let Some(credential) = credential(provider, environment, findings)
        {
            add(world, Arc::new(credential));
        }
    }
    let simulator = Arc::new(demo_simulator());
    if !is_stored(rows, SIMULATOR) {
        add(world, Arc::clone(&simulator));
    }
    let stored = rows.iter().any(|row| row.kind == ObjectKind::Endpoint && row.name == DEMO);
    if !stored && let Some(demo) = demo_endpoint(&simulator).map(Arc::new) {
        let known = Known { name: Arc::clone(&demo.name), object: Some(demo), origin: nowhere() };
        world.endpoints.insert(Scope::DEFAULT.project, Arc::clone(&known.name), known);
    }
}

/// Whether somebody has stored a credential for this provider, or of its name: then the variable has done its service.
fn is_stored(rows: &[Arc<Row>], provider: &str) -> bool {
    rows.iter().any(|row| match &row.written {
        Some(WrittenObject::Credential(written)) => {
            let of_provider = written.provider.as_ref().is_some_and(|named| *named.value.0 == *provider);
            (of_provider || row.name == provider) && *written.project.value.0 == *DEFAULT_NAME
        }
        _ => false,
    })
}

fn add(world: &mut World, credential: Arc<Credential>) {
    let (name, provider) = (Arc::clone(&credential.name), Some(Arc::clone(&credential.provider)));
    let known = Known { name: Arc::clone(&name), object: Some(credential), origin: nowhere() };
    world.credentials.insert(Scope::DEFAULT.project, name, KnownCredential { known, provider });
}

const fn nowhere() -> Origin {
    Origin::File { line: 0, declared_at: None }
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
