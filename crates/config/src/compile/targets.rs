//! Targets: which credential and which dialect one stands for.

use std::sync::Arc;

use domain::{Dialect, Scope, TargetId};
use vault::stable_id;

use super::credentials::{Credentials, Declared};
use crate::catalogue::{Catalogue, NoProvider};
use crate::diagnostic::{At, Findings};
use crate::schema::endpoints::TargetForm;
use crate::schema::targets::{NamedTarget, Target as Written};
use crate::schema::value::{Name, Text, Whole};
use crate::schema::{Located, nearest};
use crate::snapshot::{Credential, Target};

/// What a target refers to, among everything that was declared.
pub(crate) struct Known<'a> {
    pub(crate) credentials: &'a Credentials,
    pub(crate) catalogue: &'a Catalogue,
    pub(crate) named: &'a [Located<NamedTarget>],
}

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

/// `None` where something is wrong, here or with what the target refers to; it has been reported.
pub(crate) fn target(form: &TargetForm, known: &Known<'_>, findings: &mut Findings) -> Option<Target> {
    match form {
        TargetForm::Short(Located { value: (provider, model), at }) => {
            let credential = only_credential(provider, model, at, known, findings)?;
            let dialects = credential.carriages.iter().map(|carriage| carriage.dialect).collect();
            Some(new_target(credential, &model.0, dialects))
        }
        TargetForm::Long(written) => long_target(&written.value, known.credentials, findings),
        TargetForm::Named(written) => {
            let name = written.value.target.as_ref()?;
            let of_name = |one: &&Located<NamedTarget>| {
                one.value.name.as_ref().is_some_and(|known| known.value == name.value)
            };
            let Some(found) = known.named.iter().find(of_name) else {
                findings.error(&name.at, format!("there is no target `{}`", name.value.0));
                return None;
            };
            let credential = found.value.credential.as_ref()?;
            let credential =
                expect_credential(credential, known.credentials, findings)?.credential.as_ref()?;
            let dialects = credential.carriages.iter().map(|carriage| carriage.dialect).collect();
            Some(new_target(credential, &found.value.model.as_ref()?.0, dialects))
        }
    }
}

/// A target for `provider/model` over a credential that is known.
pub(crate) fn new_target(credential: &Arc<Credential>, model: &Arc<str>, dialects: Vec<Dialect>) -> Target {
    // Two dialects of the same model behind the same credential are two targets: one may fail without the other.
    let written: Vec<&str> = dialects.iter().map(|dialect| dialect.name()).collect();
    let identity = format!("{}/{model}?{}", credential.name, written.join("+"));
    Target {
        id: TargetId(stable_id("target", &Scope::DEFAULT, &identity)),
        provider: Arc::clone(&credential.provider),
        model: Arc::clone(model),
        label: format!("{}/{model}", credential.provider).into(),
        credential: Arc::clone(credential),
        dialects,
    }
}

fn long_target(written: &Written, credentials: &Credentials, findings: &mut Findings) -> Option<Target> {
    let declared = match &written.credential {
        Some(name) => expect_credential(name, credentials, findings),
        None => None,
    };
    let credential = declared?.credential.as_ref()?;
    let offered: Vec<Dialect> = credential.carriages.iter().map(|carriage| carriage.dialect).collect();
    let dialects = match &written.dialect {
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
    Some(new_target(credential, &written.model.as_ref()?.0, dialects))
}

fn expect_credential<'a>(
    name: &Located<Name>,
    credentials: &'a Credentials,
    findings: &mut Findings,
) -> Option<&'a Declared> {
    let text = &name.value.0;
    let found = credentials.declared.iter().find(|declared| declared.name == *text);
    if found.is_none() {
        let message = format!("there is no credential `{text}`");
        match nearest(text, credentials.declared.iter().map(|declared| &*declared.name)) {
            Some(near) => findings.error_with(&name.at, message, format!("did you mean `{near}`?")),
            None => findings.error_with(&name.at, message, "declare it under `credentials`"),
        }
    }
    found
}

/// The credential that `provider/model` means: the provider's only one.
fn only_credential<'a>(
    provider: &Name,
    model: &Text,
    at: &At,
    known: &Known<'a>,
    findings: &mut Findings,
) -> Option<&'a Arc<Credential>> {
    let name = &provider.0;
    let of_provider = |declared: &&Declared| declared.provider.as_ref() == Some(name);
    let found: Vec<&Declared> = known.credentials.declared.iter().filter(of_provider).collect();
    match found.as_slice() {
        [only] => return only.credential.as_ref(),
        [] => no_credential(name, model, at, known, findings),
        [first, ..] => {
            let message =
                format!("the provider `{name}` has {} credentials, so one has to be named", found.len());
            let help = format!("write `{{ credential: {}, model: {} }}`", first.name, model.0);
            findings.error_with(at, message, help);
        }
    }
    None
}

fn no_credential(name: &Arc<str>, model: &Text, at: &At, known: &Known<'_>, findings: &mut Findings) {
    if known.credentials.declared.iter().any(|declared| declared.name == *name) {
        let message = format!("`{name}` is a credential, and `provider/model` names a provider");
        findings.error_with(at, message, format!("write `{{ credential: {name}, model: {} }}`", model.0));
        return;
    }
    match known.catalogue.find(name) {
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
            let help = near.map(|near| format!("did you mean `{near}/{}`?", model.0));
            findings.error_with(
                at,
                message,
                help.unwrap_or_else(|| "the part before the first `/` names a provider".to_owned()),
            );
        }
    }
}
