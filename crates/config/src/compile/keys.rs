//! `keys`

use std::collections::HashMap;
use std::sync::Arc;

use domain::{KeyId, Labels, ObjectKind, ProjectId, Scope};
use vault::{Environment, KeyHasher, same_secret};

use super::declared_at;
use super::world::{Subject, World};
use crate::catalogue::NoProvider;
use crate::diagnostic::Findings;
use crate::schema::keys::Key as Written;
use crate::schema::value::Text;
use crate::schema::{Located, nearest};
use crate::snapshot::{DeclaredKeys, KeyShape, LastUsed, Server, VirtualKey};

/// The keys of a file.
pub(super) fn declare(
    written: &[Located<Written>],
    world: &mut World,
    server: &Server,
    environment: &Environment,
    hasher: &KeyHasher,
    findings: &mut Findings,
) -> DeclaredKeys {
    let mut names: HashMap<(ProjectId, Arc<str>), u32> = HashMap::new();
    let mut hashes: HashMap<[u8; 32], (Arc<str>, u32)> = HashMap::new();
    let mut keys = Vec::with_capacity(written.len());
    for Located { value: one, at } in written {
        let subject = Subject::declared(at);
        let scope = world.declared_project(&one.project);
        warn_if_ended(one, environment, findings);
        let allowed = allowed(one, &subject, scope.project, world, findings);
        let hash = hash(one, server, hasher, &mut hashes, findings);
        let Some(name) = &one.name else { continue };
        let text = &name.value.0;
        if let Some(line) = names.insert((scope.project, Arc::clone(text)), name.at.line) {
            let message = format!("the key `{text}` is declared twice, first in line {line}");
            findings.error_with(&name.at, message, "give one of them another name");
        }
        let shape = one.secret.as_ref().and_then(|secret| KeyShape::of(secret.value.0.expose()));
        let (Some(hash), Some(shape)) = (hash, shape) else { continue };
        let key = key(one, &subject, &scope, text, allowed, findings);
        keys.push((hash, shape, Arc::new(key)));
    }
    DeclaredKeys::new(keys)
}

/// A key that may be used by whoever presents its secret.
pub(super) fn key(
    written: &Written,
    subject: &Subject<'_>,
    scope: &Scope,
    name: &Arc<str>,
    endpoints: Option<Vec<Arc<str>>>,
    findings: &Findings,
) -> VirtualKey {
    VirtualKey {
        id: KeyId(subject.id(ObjectKind::Key, scope, name)),
        name: Arc::clone(name),
        scope: *scope,
        endpoints,
        expires_at_ms: written.expires.as_ref().map(|expires| expires.value.0),
        labels: labels(written),
        permissions: written.permissions.iter().map(|permission| permission.0).collect(),
        declared_at: declared_at(subject.at, findings),
        last_used: LastUsed::default(),
    }
}

fn labels(written: &Written) -> Option<Arc<Labels>> {
    let labels = Labels {
        tags: written.tags.iter().map(|tag| Arc::clone(&tag.0)).collect(),
        metadata: written.metadata.0.iter().cloned().collect(),
    };
    (!labels.is_empty()).then(|| Arc::new(labels))
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

/// What a key may use, with aliases replaced by the names they stand for; `None` is everything.
pub(super) fn allowed(
    written: &Written,
    subject: &Subject<'_>,
    project: ProjectId,
    world: &World,
    findings: &mut Findings,
) -> Option<Vec<Arc<str>>> {
    let listed = written.endpoints.as_ref()?;
    let mut allowed = Vec::with_capacity(listed.0.len());
    for entry in listed.iter() {
        let text = &entry.value.0;
        let resolved = match text.split_once('/') {
            Some((provider, _)) => match world.catalogue.find(provider) {
                Ok(_) => Ok(Arc::clone(text)),
                Err(NoProvider::Later) => Err(None),
                Err(NoProvider::Unknown(near)) => Err(near),
            },
            None => match world.endpoints.get(project, text) {
                Some(known) => Ok(Arc::clone(&known.name)),
                None => {
                    let names = world.endpoints.visible(project).map(|(name, _)| &**name);
                    Err(nearest(text, names).map(Arc::from))
                }
            },
        };
        match resolved {
            Ok(name) => allowed.push(name),
            Err(near) => not_there(entry, near.as_deref(), subject, findings),
        }
    }
    Some(allowed)
}

fn not_there(entry: &Located<Text>, near: Option<&str>, subject: &Subject<'_>, findings: &mut Findings) {
    let message = format!("there is no endpoint `{}` that this key could use", entry.value.0);
    let help = match near {
        Some(near) => format!("did you mean `{near}`?"),
        None if subject.stored.is_some() => {
            "list endpoints that its project can see, `provider/model` or `provider/*`".to_owned()
        }
        None => "list names of endpoints, `provider/model` or `provider/*`".to_owned(),
    };
    findings.error_with(&entry.at, message, help);
}
