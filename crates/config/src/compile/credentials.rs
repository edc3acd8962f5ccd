//! `credentials`

use std::sync::Arc;

use domain::{CredentialId, Dialect, ObjectKind, Scope, Secret};
use http::HeaderValue;
use http::uri::PathAndQuery;
use vault::stable_id;

use super::world::{Known, KnownCredential, Subject, World};
use super::{CarriageParts, carriage, declared_at};
use crate::catalogue::{Catalogue, Provider, SIMULATOR};
use crate::diagnostic::{At, Findings};
use crate::schema::auth::Auth;
use crate::schema::credentials::Credential as Written;
use crate::schema::value::{Attempt, BaseUrl, Whole};
use crate::schema::{Located, SecretText};
use crate::snapshot::{Carriage, Credential, Simulator};

/// The credentials of a file.
pub(super) fn declare(written: &[Located<Written>], world: &mut World, findings: &mut Findings) {
    for Located { value: one, at } in written {
        let subject = Subject::declared(at);
        let scope = world.declared_project(&one.project);
        let known = credential(one, &subject, Some(scope), world, findings);
        let (Some(known), Some(name)) = (known, &one.name) else { continue };
        let text = &name.value.0;
        if let Some(first) = world.credentials.within(scope.project, text) {
            let first = first.known.origin.place();
            let message = format!("the credential `{text}` is declared twice, first in {first}");
            findings.error_with(&name.at, message, "give one of them another name");
            continue;
        }
        world.credentials.insert(scope.project, Arc::clone(text), known);
    }
}

/// A credential as others will know it, be it right or wrong; `None` where it has no name that they could use.
pub(super) fn credential(
    written: &Written,
    subject: &Subject<'_>,
    scope: Option<Scope>,
    world: &World,
    findings: &mut Findings,
) -> Option<KnownCredential> {
    let object = scope.and_then(|scope| compile(written, subject, &scope, &world.catalogue, findings));
    Some(KnownCredential {
        known: Known {
            name: Arc::clone(&written.name.as_ref()?.value.0),
            object: object.map(Arc::new),
            origin: subject.origin(findings),
        },
        provider: written.provider.as_ref().map(|provider| Arc::clone(&provider.value.0)),
    })
}

fn compile(
    written: &Written,
    subject: &Subject<'_>,
    scope: &Scope,
    catalogue: &Catalogue,
    findings: &mut Findings,
) -> Option<Credential> {
    let at = subject.at;
    let provider_name = written.provider.as_ref()?;
    let identity = |name: &Arc<str>, findings: &Findings| Identity {
        id: CredentialId(subject.id(ObjectKind::Credential, scope, name)),
        name: Arc::clone(name),
        scope: *scope,
        declared_at: declared_at(at, findings),
    };
    if *provider_name.value.0 == *SIMULATOR {
        check_simulator(written, findings);
        let name = &written.name.as_ref()?.value.0;
        return Some(simulator(identity(name, findings), simulated(written)));
    }
    check_no_simulation(written, findings);
    let provider = catalogue.expect(provider_name, findings)?;
    let name = written.name.as_ref()?;
    let (key, base_url, wanted) = (right(&written.api_key), right(&written.base_url), right(&written.auth));
    let auth = match (key, wanted) {
        (Some(key), Some(wanted)) => auth(key, wanted, at, provider, findings),
        _ => None,
    };
    let urls = base_url.and_then(|base_url| urls(base_url, at, provider, findings))?;
    let carriages = carriages(provider, &urls, &auth?, key?.map(|key| &key.value.0))?;
    let local = urls.iter().all(|(_, url)| url.loopback);
    let Identity { id, name, scope, declared_at } = identity(&name.value.0, findings);
    Some(Credential {
        id,
        name,
        scope,
        provider: Arc::clone(&provider.name),
        carriages,
        allow_private: provider.own || written.base_url.is_some() || local,
        simulator: None,
        declared_at,
    })
}

/// What a credential is called, and whose it is.
struct Identity {
    id: CredentialId,
    name: Arc<str>,
    scope: Scope,
    declared_at: Option<String>,
}

impl Identity {
    /// Of a credential that the gateway makes itself.
    fn own(name: &Arc<str>) -> Self {
        let scope = Scope::DEFAULT;
        let id = CredentialId(stable_id(ObjectKind::Credential.name(), &scope, name));
        Self { id, name: Arc::clone(name), scope, declared_at: None }
    }
}

/// What was written: nothing, or something right. The outer `None` is something wrong, which has been reported.
fn right<T>(written: &Option<Attempt<T>>) -> Option<Option<&T>> {
    match written {
        None => Some(None),
        Some(Attempt(right)) => right.as_ref().map(Some),
    }
}

fn carriages(
    provider: &Provider,
    urls: &[(Dialect, BaseUrl)],
    auth: &Auth,
    key: Option<&Secret<String>>,
) -> Option<Vec<Carriage>> {
    let (chat, embeddings) = (provider.chat, provider.embeddings);
    let parts = |(dialect, url)| CarriageParts { dialect, url, chat, embeddings, auth, key };
    urls.iter().map(|(dialect, url)| carriage(&parts((*dialect, url)))).collect()
}

/// How the key is sent, or `None` after reporting that there is none to send.
fn auth(
    key: Option<&Located<SecretText>>,
    wanted: Option<&Located<Auth>>,
    at: &At,
    provider: &Provider,
    findings: &mut Findings,
) -> Option<Auth> {
    match (wanted.map(|wanted| &wanted.value), key, &provider.auth) {
        (Some(Auth::None), Some(key), _) => {
            let message = "`auth: none` sends no key, and there is an `api_key`";
            findings.error_with(&key.at, message, "remove one of the two");
            None
        }
        // A server of one's own that takes no key unless it was started with one.
        (None, Some(_), Auth::None) => Some(Auth::Bearer),
        (Some(auth), Some(_), _) | (None, Some(_), auth) => Some(auth.clone()),
        (Some(Auth::None), None, _) | (None, None, Auth::None) => Some(Auth::None),
        (_, None, _) => {
            let message = match wanted {
                Some(_) => "missing `api_key` to send this way".to_owned(),
                None => format!("missing `api_key` for the provider `{}`", provider.name),
            };
            let variable = provider.key_variable.as_deref().unwrap_or("NAME");
            let help =
                format!("write `api_key: \"${{{variable}}}\"`, or `auth: none` where no key is needed");
            findings.error_with(wanted.map_or(at, |wanted| &wanted.at), message, help);
            None
        }
    }
}

/// The base URL of each dialect. One that the credential writes is that of the provider's first dialect, and then its
/// other dialects are not known to be there.
fn urls(
    base_url: Option<&Located<BaseUrl>>,
    at: &At,
    provider: &Provider,
    findings: &mut Findings,
) -> Option<Vec<(Dialect, BaseUrl)>> {
    let Some(base_url) = base_url else {
        let known: Vec<_> =
            provider.dialects.iter().filter_map(|(dialect, url)| Some((*dialect, url.clone()?))).collect();
        if known.is_empty() {
            let message = format!("missing `base_url`: the provider `{}` has none of its own", provider.name);
            findings.error(at, message);
            return None;
        }
        return Some(known);
    };
    let (dialect, _) = provider.dialects.first()?;
    warn_about_path(*dialect, &base_url.value, &base_url.at, findings);
    Some(vec![(*dialect, base_url.value.clone())])
}

/// The mistakes that everybody makes once.
fn warn_about_path(dialect: Dialect, url: &BaseUrl, at: &At, findings: &mut Findings) {
    match dialect {
        Dialect::AnthropicMessages if url.path.ends_with("/v1") => findings.warning(
            at,
            "calls will go to `…/v1/v1/messages`",
            "an Anthropic base URL ends before `/v1`",
        ),
        Dialect::OpenaiChat if url.path.is_empty() => findings.warning(
            at,
            "calls will go to `/chat/completions` at the root of this server",
            "most servers want a base URL that ends with `/v1`",
        ),
        Dialect::OpenaiChat | Dialect::AnthropicMessages => {}
    }
}

fn check_no_simulation(written: &Written, findings: &mut Findings) {
    let latency = written.latency.as_ref().map(|latency| (&latency.at, "latency"));
    let failures = written.failures.as_ref().map(|failures| (&failures.at, "failures"));
    for (at, field) in latency.into_iter().chain(failures) {
        let message = format!("`{field}` is only for credentials of the provider `{SIMULATOR}`");
        findings.error_with(at, message, "remove it");
    }
}

fn check_simulator(written: &Written, findings: &mut Findings) {
    let key = right(&written.api_key).flatten().map(|key| (&key.at, "api_key"));
    let url = right(&written.base_url).flatten().map(|url| (&url.at, "base_url"));
    let auth = right(&written.auth).flatten().map(|auth| (&auth.at, "auth"));
    for (at, field) in key.into_iter().chain(url).chain(auth) {
        findings.error_with(at, format!("the provider `{SIMULATOR}` has no `{field}`"), "remove it");
    }
}

fn simulated(written: &Written) -> Simulator {
    let mut simulator = Simulator { fail_status: 503, ..Simulator::default() };
    if let Some(latency) = &written.latency {
        simulator.first_token = latency.value.first_token.0;
        simulator.between = latency.value.between.0;
    }
    if let Some(failures) = &written.failures {
        simulator.fail_every = failures.value.every.map(Whole::as_u32);
        simulator.fail_status = u16::try_from(failures.value.status.0).unwrap_or(503);
    }
    simulator
}

/// The simulator speaks every dialect. It has an address that no name server knows, so that a defect that tried to
/// connect would fail instead of reaching somebody.
fn simulator(identity: Identity, simulator: Simulator) -> Credential {
    let carriage = |dialect: Dialect| Carriage {
        dialect,
        tls: true,
        host: "simulator.invalid".into(),
        port: 443,
        authority: HeaderValue::from_static("simulator.invalid"),
        chat_path: Some(PathAndQuery::from_static("/chat")),
        embeddings_path: (dialect == Dialect::OpenaiChat).then(|| PathAndQuery::from_static("/embeddings")),
        count_tokens_path: (dialect == Dialect::AnthropicMessages)
            .then(|| PathAndQuery::from_static("/count_tokens")),
        auth: None,
        query_auth: None,
    };
    let Identity { id, name, scope, declared_at } = identity;
    Credential {
        id,
        name,
        scope,
        provider: SIMULATOR.into(),
        carriages: Dialect::ALL.map(carriage).into(),
        allow_private: false,
        simulator: Some(simulator),
        declared_at,
    }
}

/// The simulator of a gateway that was started without a file.
pub(crate) fn demo_simulator() -> Credential {
    simulator(Identity::own(&SIMULATOR.into()), Simulator { fail_status: 503, ..Simulator::default() })
}

/// The credential of a provider whose key stands in the environment, under the name of the provider.
pub(crate) fn direct_credential(
    provider: &Provider,
    key: &Secret<String>,
    base_url: Option<BaseUrl>,
) -> Option<Credential> {
    let own_url = base_url.is_some();
    let urls: Vec<(Dialect, BaseUrl)> = match base_url {
        Some(url) => vec![(provider.dialects.first()?.0, url)],
        None => {
            provider.dialects.iter().filter_map(|(dialect, url)| Some((*dialect, url.clone()?))).collect()
        }
    };
    let Identity { id, name, scope, declared_at } = Identity::own(&provider.name);
    Some(Credential {
        id,
        name,
        scope,
        provider: Arc::clone(&provider.name),
        carriages: carriages(provider, &urls, &provider.auth, Some(key))?,
        allow_private: own_url,
        simulator: None,
        declared_at,
    })
}
