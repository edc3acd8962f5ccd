//! `endpoints`

use std::sync::Arc;

use domain::{EndpointId, ObjectKind, ProjectId, Scope};
use governance::plan::Shares;
use governance::retry::{Fallback, Retry, RetryOn};
use vault::stable_id;

use super::declared_at;
use super::targets::{new_target, target};
use super::world::{Known, Subject, World};
use crate::diagnostic::Findings;
use crate::schema::Located;
use crate::schema::endpoints::{
    Endpoint as Written, FallbackOn, Retry as WrittenRetry, RetryOn as WrittenRetryOn, TargetForm, Targets,
};
use crate::schema::value::Name;
use crate::snapshot::{Credential, Endpoint, Target, Timeouts};

/// Words of routes: an endpoint of such a name could not be told from the route (DESIGN 3.3).
pub(crate) const RESERVED_NAMES: [&str; 23] = [
    "ajax-api",
    "anthropic",
    "api",
    "bedrock",
    "endpoints",
    "gateway",
    "gemini",
    "genai",
    "health",
    "healthz",
    "mcp",
    "metrics",
    "mlflow",
    "model",
    "models",
    "openai",
    "proxy",
    "readyz",
    "ui",
    "v1",
    "v1alpha",
    "v1beta",
    "version",
];

/// The name of the endpoint on the simulator, where there is no file.
pub(super) const DEMO: &str = "demo";

/// The endpoints of a file.
pub(super) fn declare(written: &[Located<Written>], world: &mut World, findings: &mut Findings) {
    for Located { value: one, at } in written {
        let subject = Subject::declared(at);
        let scope = world.declared_project(&one.project);
        let known = endpoint(one, &subject, Some(scope), world, findings);
        for name in one.name.iter().chain(one.aliases.iter()) {
            check_name(name, findings);
            let text = &name.value.0;
            if let Some(first) = world.endpoints.within(scope.project, text) {
                let place = first.origin.place();
                let message = format!("another endpoint, in {place}, has the name or alias `{text}` already");
                findings.error_with(&name.at, message, "choose another");
                continue;
            }
            if let Some(known) = &known {
                // What is wrong with the file is told by line, and this name stands in its own.
                let origin = Subject::declared(&name.at).origin(findings);
                world.endpoints.insert(scope.project, Arc::clone(text), Known { origin, ..known.clone() });
            }
        }
    }
}

/// An endpoint as keys will know it, under its name and each of its aliases.
pub(super) fn endpoint(
    written: &Written,
    subject: &Subject<'_>,
    scope: Option<Scope>,
    world: &World,
    findings: &mut Findings,
) -> Option<Known<Endpoint>> {
    let object = scope.and_then(|scope| compile(written, subject, &scope, world, findings));
    let name = Arc::clone(&written.name.as_ref()?.value.0);
    Some(Known { name, object: object.map(Arc::new), origin: subject.origin(findings) })
}

fn check_name(name: &Located<Name>, findings: &mut Findings) {
    let text = &name.value.0;
    if RESERVED_NAMES.contains(&&**text) {
        let message = format!("`{text}` is a word of the gateway's own routes");
        findings.error_with(&name.at, message, "choose another name");
    }
}

/// The names of a stored endpoint: no other stored one may have any of them.
pub(super) fn check_names(
    written: &Written,
    subject: &Subject<'_>,
    project: ProjectId,
    world: &World,
    findings: &mut Findings,
) {
    for name in written.name.iter().chain(written.aliases.iter()) {
        check_name(name, findings);
        let text = &name.value.0;
        let first = world.endpoints.within(project, text).and_then(|first| first.origin.stored());
        if first.is_some() && first != subject.stored {
            let message = format!("another stored endpoint has the name or alias `{text}` already");
            findings.error_with(&name.at, message, "choose another");
        }
    }
    let own = written.name.as_ref().map(|name| &name.value);
    if let Some(alias) = written.aliases.iter().find(|alias| Some(&alias.value) == own) {
        let message = format!("the alias `{}` is the name of the endpoint itself", alias.value.0);
        findings.error_with(&alias.at, message, "remove it");
    }
}

fn compile(
    written: &Written,
    subject: &Subject<'_>,
    scope: &Scope,
    world: &World,
    findings: &mut Findings,
) -> Option<Endpoint> {
    let forms: &[TargetForm] = written.targets.as_ref().map_or(&[], |Targets(forms)| forms);
    let mut target = |form: &TargetForm| target(form, subject, scope.project, world, findings);
    let targets: Vec<_> = forms.iter().map(&mut target).collect();
    let fallbacks: Vec<_> = written.fallbacks.iter().map(target).collect();
    let shares = shares(forms, written, findings);
    for form in &written.fallbacks {
        if let Some(weight) = form.written_weight() {
            let message = "a fallback has no weight: fallbacks are tried in the order of the list";
            findings.error_with(&weight.at, message, "remove it");
        }
    }
    let name = &written.name.as_ref()?.value.0;
    let targets: Option<Vec<Arc<Target>>> = targets.into_iter().collect();
    let fallbacks: Option<Vec<Arc<Target>>> = fallbacks.into_iter().collect();
    let plan = Plan {
        targets: targets.filter(|targets| !targets.is_empty())?,
        shares: shares?,
        fallbacks: fallbacks?,
    };
    let identity = Identity {
        id: EndpointId(subject.id(ObjectKind::Endpoint, scope, name)),
        name: Arc::clone(name),
        aliases: written.aliases.iter().map(|alias| Arc::clone(&alias.value.0)).collect(),
        scope: *scope,
        declared_at: declared_at(subject.at, findings),
    };
    Some(with_settings(identity, plan, written))
}

/// What an endpoint is called, and whose it is.
struct Identity {
    id: EndpointId,
    name: Arc<str>,
    aliases: Vec<Arc<str>>,
    scope: Scope,
    declared_at: Option<String>,
}

fn shares(forms: &[TargetForm], written: &Written, findings: &mut Findings) -> Option<Shares> {
    let weights: Vec<u32> = forms.iter().map(TargetForm::weight).collect();
    let shares = Shares::new(&weights);
    if shares.is_none()
        && let Some(first) = forms.first()
    {
        let name = written.name.as_ref().map(|name| format!(" of `{}`", name.value.0)).unwrap_or_default();
        if weights.iter().all(|weight| *weight == 0) {
            let message = format!("the weights{name} sum to 0, so no call could go anywhere");
            findings.error_with(first.at(), message, "give at least one target a weight above 0");
        } else {
            findings
                .error(first.at(), format!("the targets{name} are {}, and 65535 is the most", weights.len()));
        }
    }
    shares
}

struct Plan {
    targets: Vec<Arc<Target>>,
    shares: Shares,
    fallbacks: Vec<Arc<Target>>,
}

fn with_settings(identity: Identity, plan: Plan, written: &Written) -> Endpoint {
    let Identity { id, name, aliases, scope, declared_at } = identity;
    Endpoint {
        id,
        name,
        aliases,
        scope,
        targets: plan.targets,
        shares: plan.shares,
        fallbacks: plan.fallbacks,
        fallback_on: fallback(&written.fallback_on),
        retry: retry(&written.retry),
        max_attempts: written.max_attempts.as_u32(),
        timeouts: Timeouts {
            connect: written.timeouts.connect.0,
            first_token: written.timeouts.first_token.0,
            idle: written.timeouts.idle.0,
            total: written.timeouts.total.0,
        },
        max_output_tokens: written.max_output_tokens.map(|tokens| tokens.0),
        strict: written.strict,
        capture: written.capture.into(),
        declared_at,
    }
}

fn fallback(on: &[FallbackOn]) -> Fallback {
    Fallback {
        error: on.contains(&FallbackOn::Error),
        timeout: on.contains(&FallbackOn::Timeout),
        rate_limit: on.contains(&FallbackOn::RateLimit),
        context_window: on.contains(&FallbackOn::ContextWindow),
        content_filter: on.contains(&FallbackOn::ContentFilter),
    }
}

fn retry(written: &WrittenRetry) -> Retry {
    Retry {
        attempts: written.attempts.as_u32(),
        on: RetryOn {
            rate_limited: written.on.contains(&WrittenRetryOn::RateLimited),
            server_error: written.on.contains(&WrittenRetryOn::ServerError),
            connect: written.on.contains(&WrittenRetryOn::Connect),
            timeout: written.on.contains(&WrittenRetryOn::Timeout),
        },
        initial: written.backoff.initial.0,
        max: written.backoff.max.0,
    }
}

/// The endpoint that a model named `provider/model` is, with default settings.
pub(crate) fn direct_endpoint(credential: &Arc<Credential>, model: &str) -> Option<Endpoint> {
    let model: Arc<str> = model.into();
    let name: Arc<str> = format!("{}/{model}", credential.provider).into();
    single_target(&name, credential, &model)
}

/// The endpoint that shows a gateway without any provider key at work.
pub(crate) fn demo_endpoint(simulator: &Arc<Credential>) -> Option<Endpoint> {
    single_target(&DEMO.into(), simulator, &DEMO.into())
}

fn single_target(name: &Arc<str>, credential: &Arc<Credential>, model: &Arc<str>) -> Option<Endpoint> {
    let dialects = credential.carriages.iter().map(|carriage| carriage.dialect).collect();
    let targets = vec![Arc::new(new_target(credential, model, dialects))];
    let plan = Plan { targets, shares: Shares::new(&[1])?, fallbacks: Vec::new() };
    let identity = Identity {
        id: EndpointId(stable_id(ObjectKind::Endpoint.name(), &credential.scope, name)),
        name: Arc::clone(name),
        aliases: Vec::new(),
        scope: credential.scope,
        declared_at: None,
    };
    Some(with_settings(identity, plan, &Written::default()))
}
