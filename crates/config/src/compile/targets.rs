//! Targets: which credential and which dialect one stands for.

use std::sync::Arc;

use domain::{Dialect, ObjectKind, ProjectId, Scope, TargetId};
use vault::stable_id;

use super::world::{Known, KnownCredential, Subject, World, not_there, unusable};
use crate::catalogue::NoProvider;
use crate::diagnostic::{At, Findings};
use crate::schema::endpoints::TargetForm;
use crate::schema::targets::{DialectName, NamedTarget, Target as Written, TargetUse};
use crate::schema::value::{Name, Text, Whole};
use crate::schema::{Located, nearest};
use crate::snapshot::{Credential, Target};

impl TargetForm {
    pub(crate) fn at(&self) -> &At {
        match self {
            Self::Short(short) => &short.at,
            Self::Long(target) => &target.at,
            Self::Named(named) => &named.at,
        }
    }

    pub(crate) fn written_weight(&self) -> Option<&Located<Whole<0, 1_000_000>>> {
        match self {
            Self::Short(_) => None,
            Self::Long(target) => target.value.weight.as_ref(),
            Self::Named(named) => named.value.weight.as_ref(),
        }
    }

    /// 1 unless written.
    pub(crate) fn weight(&self) -> u32 {
        self.written_weight().map_or(1, |weight| weight.value.as_u32())
    }
}

/// The targets of a file.
pub(super) fn declare(written: &[Located<NamedTarget>], world: &mut World, findings: &mut Findings) {
    for Located { value: one, at } in written {
        let subject = Subject::declared(at);
        let scope = world.declared_project(&one.project);
        let known = named(one, &subject, Some(scope), world, findings);
        let (Some(known), Some(name)) = (known, &one.name) else { continue };
        let text = &name.value.0;
        if let Some(first) = world.targets.within(scope.project, text) {
            let message = format!("the target `{text}` is declared twice, first in {}", first.origin.place());
            findings.error_with(&name.at, message, "give one of them another name");
            continue;
        }
        world.targets.insert(scope.project, Arc::clone(text), known);
    }
}

/// A target with a name, as endpoints will know it.
pub(super) fn named(
    written: &NamedTarget,
    subject: &Subject<'_>,
    scope: Option<Scope>,
    world: &World,
    findings: &mut Findings,
) -> Option<Known<Target>> {
    let name = &written.name.as_ref()?.value.0;
    let object = scope.and_then(|scope| {
        let parts =
            Parts { credential: &written.credential, model: &written.model, dialect: &written.dialect };
        let mut target = parts.target(subject, scope.project, world, findings)?;
        target.id = TargetId(subject.id(ObjectKind::Target, &scope, name));
        Some(Arc::new(target))
    });
    Some(Known { name: Arc::clone(name), object, origin: subject.origin(findings) })
}

/// `None` where something is wrong, here or with what the target refers to; it has been reported. `project` is that of
/// the endpoint.
pub(super) fn target(
    form: &TargetForm,
    subject: &Subject<'_>,
    project: ProjectId,
    world: &World,
    findings: &mut Findings,
) -> Option<Arc<Target>> {
    match form {
        TargetForm::Short(Located { value: (provider, model), at }) => {
            let wanted = ShortTarget { provider, model, at, subject, project };
            let credential = wanted.credential(world, findings)?;
            let dialects = credential.carriages.iter().map(|carriage| carriage.dialect).collect();
            Some(Arc::new(new_target(&credential, &model.0, dialects)))
        }
        TargetForm::Long(Located { value: Written { credential, model, dialect, .. }, .. }) => {
            Parts { credential, model, dialect }.target(subject, project, world, findings).map(Arc::new)
        }
        TargetForm::Named(written) => used(&written.value, subject, project, world, findings),
    }
}

fn used(
    written: &TargetUse,
    subject: &Subject<'_>,
    project: ProjectId,
    world: &World,
    findings: &mut Findings,
) -> Option<Arc<Target>> {
    let name = written.target.as_ref()?;
    let text = &name.value.0;
    let Some(known) = world.targets.get(project, text) else {
        let names = world.targets.visible(project).map(|(name, _)| &**name);
        not_there(ObjectKind::Target, name, nearest(text, names), findings);
        return None;
    };
    if known.object.is_none() {
        unusable(ObjectKind::Target, text, &known.origin, &name.at, subject, findings);
    }
    known.object.clone()
}

/// A target for `provider/model` over a credential that is known.
pub(crate) fn new_target(credential: &Arc<Credential>, model: &Arc<str>, dialects: Vec<Dialect>) -> Target {
    // Two dialects of the same model behind the same credential are two targets: one may fail without the other.
    let written: Vec<&str> = dialects.iter().map(|dialect| dialect.name()).collect();
    let identity = format!("{}/{model}?{}", credential.name, written.join("+"));
    Target {
        id: TargetId(stable_id(ObjectKind::Target.name(), &credential.scope, &identity)),
        provider: Arc::clone(&credential.provider),
        model: Arc::clone(model),
        label: format!("{}/{model}", credential.provider).into(),
        credential: Arc::clone(credential),
        dialects,
    }
}

/// What a target says, with a name of its own or inside of an endpoint.
struct Parts<'a> {
    credential: &'a Option<Located<Name>>,
    model: &'a Option<Text>,
    dialect: &'a Option<Located<DialectName>>,
}

impl Parts<'_> {
    fn target(
        &self,
        subject: &Subject<'_>,
        project: ProjectId,
        world: &World,
        findings: &mut Findings,
    ) -> Option<Target> {
        let credential = expect_credential(self.credential.as_ref()?, subject, project, world, findings)?;
        let offered: Vec<Dialect> = credential.carriages.iter().map(|carriage| carriage.dialect).collect();
        let dialects = match self.dialect {
            None => offered,
            Some(dialect) => {
                let wanted = Dialect::from(dialect.value);
                if !offered.contains(&wanted) {
                    let names: Vec<_> = offered.iter().map(|dialect| format!("`{dialect}`")).collect();
                    let message = format!("the credential `{}` does not speak `{wanted}`", credential.name);
                    findings.error_with(&dialect.at, message, format!("it speaks {}", names.join(" and ")));
                    return None;
                }
                vec![wanted]
            }
        };
        Some(new_target(&credential, &self.model.as_ref()?.0, dialects))
    }
}

fn expect_credential(
    name: &Located<Name>,
    subject: &Subject<'_>,
    project: ProjectId,
    world: &World,
    findings: &mut Findings,
) -> Option<Arc<Credential>> {
    let text = &name.value.0;
    let Some(KnownCredential { known, .. }) = world.credentials.get(project, text) else {
        let names = world.credentials.visible(project).map(|(name, _)| &**name);
        not_there(ObjectKind::Credential, name, nearest(text, names), findings);
        return None;
    };
    if known.object.is_none() {
        unusable(ObjectKind::Credential, text, &known.origin, &name.at, subject, findings);
    }
    known.object.clone()
}

/// `provider/model`: the provider's only credential is meant.
struct ShortTarget<'a> {
    provider: &'a Name,
    model: &'a Text,
    at: &'a At,
    subject: &'a Subject<'a>,
    project: ProjectId,
}

impl ShortTarget<'_> {
    fn credential(&self, world: &World, findings: &mut Findings) -> Option<Arc<Credential>> {
        let name = &self.provider.0;
        match of_provider(world, self.project, name).as_slice() {
            [only] => {
                if only.object.is_none() {
                    let Known { name, origin, .. } = only;
                    unusable(ObjectKind::Credential, name, origin, self.at, self.subject, findings);
                }
                return only.object.clone();
            }
            [] => self.none(world, findings),
            several => {
                let count = several.len();
                let message =
                    format!("the provider `{name}` has {count} credentials, so one has to be named");
                let first = several.iter().map(|known| &known.name).min();
                let first = first.map(|first| &**first).unwrap_or_default();
                let help = format!("write `{{ credential: {first}, model: {} }}`", self.model.0);
                findings.error_with(self.at, message, help);
            }
        }
        None
    }

    fn none(&self, world: &World, findings: &mut Findings) {
        let (name, model, at) = (&self.provider.0, &self.model.0, self.at);
        if world.credentials.get(self.project, name).is_some() {
            let message = format!("`{name}` is a credential, and `provider/model` names a provider");
            findings.error_with(at, message, format!("write `{{ credential: {name}, model: {model} }}`"));
            return;
        }
        match world.catalogue.find(name) {
            Ok(_) => {
                let message = format!("there is no credential for the provider `{name}`");
                findings.error_with(at, message, "declare one under `credentials`");
            }
            Err(NoProvider::Later) => {
                let message = format!("the provider `{name}` is not available in this version");
                findings.error_with(at, message, "remove this target");
            }
            Err(NoProvider::Unknown(near)) => {
                let message = format!("there is no provider `{name}`");
                let help = near.map(|near| format!("did you mean `{near}/{model}`?"));
                findings.error_with(
                    at,
                    message,
                    help.unwrap_or_else(|| "the part before the first `/` names a provider".to_owned()),
                );
            }
        }
    }
}

/// The credentials that a provider's name can mean to a project: its own, where it has any for that provider.
fn of_provider<'w>(world: &'w World, project: ProjectId, provider: &Arc<str>) -> Vec<&'w Known<Credential>> {
    let of = |project: ProjectId| -> Vec<&'w Known<Credential>> {
        let credentials = world.credentials.names(project).map(|(_, credential)| credential);
        let found = credentials.filter(|credential| credential.provider.as_ref() == Some(provider));
        found.map(|credential| &credential.known).collect()
    };
    let own = of(project);
    if own.is_empty() && project != Scope::DEFAULT.project { of(Scope::DEFAULT.project) } else { own }
}
