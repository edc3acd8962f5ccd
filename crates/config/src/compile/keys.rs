//! `keys`

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use domain::{DEFAULT_NAME, KeyId, ProjectId, Scope};
use vault::{Environment, KeyHasher, same_secret, stable_id};

use super::declared_at;
use super::endpoints::Endpoints;
use crate::catalogue::{Catalogue, NoProvider};
use crate::diagnostic::Findings;
use crate::schema::keys::Key as Written;
use crate::schema::value::Text;
use crate::schema::{Located, nearest};
use crate::snapshot::{KeyIndex, KeyShape, Server, VirtualKey};

pub(crate) struct Keys {
    pub(crate) index: KeyIndex,
    pub(crate) projects: BTreeMap<Arc<str>, Scope>,
}

pub(crate) fn compile(
    written: &[Located<Written>],
    endpoints: &Endpoints,
    catalogue: &Catalogue,
    server: &Server,
    environment: &Environment,
    hasher: &KeyHasher,
    findings: &mut Findings,
) -> Keys {
    let mut projects = BTreeMap::from([(Arc::from(DEFAULT_NAME), Scope::DEFAULT)]);
    let mut names: HashMap<Arc<str>, u32> = HashMap::new();
    let mut hashes: HashMap<[u8; 32], (Arc<str>, u32)> = HashMap::new();
    let mut keys = Vec::with_capacity(written.len());
    for Located { value: one, at } in written {
        let scope = project(&one.project.value.0);
        projects.insert(Arc::clone(&one.project.value.0), scope);
        warn_if_ended(one, environment, findings);
        let allowed = one.endpoints.as_ref().map(|listed| allowed(&listed.0, endpoints, catalogue, findings));
        let hash = hash(one, server, hasher, &mut hashes, findings);
        let Some(name) = &one.name else { continue };
        let text = &name.value.0;
        if let Some(line) = names.insert(Arc::clone(text), name.at.line) {
            let message = format!("the key `{text}` is declared twice, first in line {line}");
            findings.error_with(&name.at, message, "give one of them another name");
        }
        let (Some(hash), Some(shape)) =
            (hash, one.secret.as_ref().and_then(|s| KeyShape::of(s.value.0.expose())))
        else {
            continue;
        };
        let key = VirtualKey {
            id: KeyId(stable_id("key", &scope, text)),
            name: Arc::clone(text),
            scope,
            endpoints: allowed,
            expires_at_ms: one.expires.as_ref().map(|expires| expires.value.0),
            labels: None,
            declared_at: declared_at(at, findings),
        };
        keys.push((hash, shape, Arc::new(key)));
    }
    Keys { index: KeyIndex::new(keys), projects }
}

/// Projects belong to the team `default` until teams can be declared.
fn project(name: &str) -> Scope {
    if name == DEFAULT_NAME {
        return Scope::DEFAULT;
    }
    Scope { project: ProjectId(stable_id("project", &Scope::DEFAULT, name)), ..Scope::DEFAULT }
}

fn warn_if_ended(written: &Written, environment: &Environment, findings: &mut Findings) {
    if let Some(expires) = &written.expires
        && expires.value.0 <= environment.now_ms()
    {
        findings.warning(
            &expires.at,
            "this key has ended already",
            "remove the key, or give it a later `expires`",
        );
    }
}

/// The hash that the key is found by, or `None` after reporting why there is none.
fn hash(
    written: &Written,
    server: &Server,
    hasher: &KeyHasher,
    seen: &mut HashMap<[u8; 32], (Arc<str>, u32)>,
    findings: &mut Findings,
) -> Option<[u8; 32]> {
    let secret = written.secret.as_ref()?;
    let text = secret.value.0.expose();
    if server
        .admin_token
        .as_ref()
        .is_some_and(|token| same_secret(text.as_bytes(), token.expose().as_bytes()))
    {
        let message = "the secret is the admin token, which is no virtual key";
        findings.error_with(&secret.at, message, "give the key a secret of its own");
        return None;
    }
    let hash = hasher.hash(text.as_bytes());
    let name = written.name.as_ref().map(|name| Arc::clone(&name.value.0)).unwrap_or_default();
    if let Some((other, line)) = seen.get(&hash) {
        let message = format!("the key `{other}` in line {line} has the same secret");
        findings.error_with(&secret.at, message, "give each key its own");
        return None;
    }
    seen.insert(hash, (name, secret.at.line));
    Some(hash)
}

/// What a key may use, with aliases replaced by the names they stand for.
fn allowed(
    listed: &[Located<Text>],
    endpoints: &Endpoints,
    catalogue: &Catalogue,
    findings: &mut Findings,
) -> Vec<Arc<str>> {
    let mut allowed = Vec::with_capacity(listed.len());
    for entry in listed {
        let text = &entry.value.0;
        let resolved = match text.split_once('/') {
            Some((provider, _)) => match catalogue.find(provider) {
                Ok(_) => Ok(Arc::clone(text)),
                Err(NoProvider::Later) => Err(None),
                Err(NoProvider::Unknown(near)) => Err(near),
            },
            None => match endpoints.declared.get(text) {
                Some(name) => Ok(Arc::clone(name)),
                None => Err(nearest(text, endpoints.declared.keys().map(|name| &**name)).map(Arc::from)),
            },
        };
        match resolved {
            Ok(name) => allowed.push(name),
            Err(near) => {
                let message = format!("there is no endpoint `{text}` that this key could use");
                let help = match near {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "list names of endpoints, `provider/model` or `provider/*`".to_owned(),
                };
                findings.error_with(&entry.at, message, help);
            }
        }
    }
    allowed
}
