//! `endpoints`

use std::collections::HashMap;
use std::sync::Arc;

use domain::{EndpointId, Scope};
use governance::plan::Shares;
use governance::retry::{Fallback, Retry, RetryOn};
use vault::stable_id;

use super::credentials::Credentials;
use super::declared_at;
use super::targets::{Known, new_target, target};
use crate::catalogue::Catalogue;
use crate::diagnostic::{At, Findings};
use crate::schema::Located;
use crate::schema::endpoints::{
    Endpoint as Written, FallbackOn, Retry as WrittenRetry, RetryOn as WrittenRetryOn, TargetForm, Targets,
};
use crate::schema::targets::NamedTarget;
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
const DEMO: &str = "demo";

/// The endpoints of a file.
#[derive(Debug, Default)]
pub(crate) struct Endpoints {
    /// By name and by alias.
    pub(crate) by_name: HashMap<Arc<str>, Arc<Endpoint>>,
    /// Every name and alias that was declared, by endpoints that are wrong included, with the endpoint's name.
    pub(crate) declared: HashMap<Arc<str>, Arc<str>>,
}

pub(crate) fn compile(
    written: &[Located<Written>],
    credentials: &Credentials,
    named: &[Located<NamedTarget>],
    catalogue: &Catalogue,
    findings: &mut Findings,
) -> Endpoints {
    let known = Known { credentials, catalogue, named };
    let mut endpoints = Endpoints::default();
    let mut lines: HashMap<Arc<str>, u32> = HashMap::new();
    for Located { value: one, at } in written {
        let names = one.name.iter().chain(one.aliases.iter());
        for Located { value: Name(name), at } in names {
            check_name(name, at, &mut lines, findings);
            if let Some(own) = &one.name {
                endpoints.declared.entry(Arc::clone(name)).or_insert_with(|| Arc::clone(&own.value.0));
            }
        }
        let Some(endpoint) = endpoint(one, at, &known, findings).map(Arc::new) else {
            continue;
        };
        for name in std::iter::once(&endpoint.name).chain(&endpoint.aliases) {
            endpoints.by_name.entry(Arc::clone(name)).or_insert_with(|| Arc::clone(&endpoint));
        }
    }
    endpoints
}

fn check_name(name: &Arc<str>, at: &At, lines: &mut HashMap<Arc<str>, u32>, findings: &mut Findings) {
    if RESERVED_NAMES.contains(&&**name) {
        let message = format!("`{name}` is a word of the gateway's own routes");
        findings.error_with(at, message, "choose another name");
    }
    if let Some(line) = lines.get(name) {
        let message = format!("another endpoint, in line {line}, has the name or alias `{name}` already");
        findings.error_with(at, message, "choose another");
    } else {
        lines.insert(Arc::clone(name), at.line);
    }
}

fn endpoint(written: &Written, at: &At, known: &Known<'_>, findings: &mut Findings) -> Option<Endpoint> {
    let forms: &[TargetForm] = written.targets.as_ref().map_or(&[], |Targets(forms)| forms);
    let targets: Vec<_> = forms.iter().map(|form| target(form, known, findings).map(Arc::new)).collect();
    let shares = shares(forms, written, findings);
    let fallbacks: Vec<_> =
        written.fallbacks.iter().map(|form| target(form, known, findings).map(Arc::new)).collect();
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
    let aliases = written.aliases.iter().map(|alias| Arc::clone(&alias.value.0)).collect();
    Some(with_settings(name, aliases, plan, written, declared_at(at, findings)))
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

fn with_settings(
    name: &Arc<str>,
    aliases: Vec<Arc<str>>,
    plan: Plan,
    written: &Written,
    declared_at: Option<String>,
) -> Endpoint {
    Endpoint {
        id: EndpointId(stable_id("endpoint", &Scope::DEFAULT, name)),
        name: Arc::clone(name),
        aliases,
        scope: Scope::DEFAULT,
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
    Some(with_settings(name, Vec::new(), plan, &Written::default(), None))
}
