//! What is known while a configuration is compiled: every name that was declared or stored, and what it stands for. The
//! file comes first and sees nothing but itself, so that nothing that happens in the store can break it; stored objects
//! see the file's and each other.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::{DEFAULT_NAME, ObjectId, ObjectKind, ProjectId, Scope, TeamId};
use vault::stable_id;

use crate::catalogue::Catalogue;
use crate::diagnostic::{At, Findings};
use crate::schema::value::Name;
use crate::schema::{Located, nearest};
use crate::snapshot::{Credential, Endpoint, Scoped, Target};

/// The object that is being compiled.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Subject<'a> {
    pub(crate) at: &'a At,
    /// Of a stored object.
    pub(crate) stored: Option<ObjectId>,
}

impl<'a> Subject<'a> {
    pub(crate) const fn declared(at: &'a At) -> Self {
        Self { at, stored: None }
    }

    /// Stored objects bring their id; that of a declared one follows from its name.
    pub(crate) fn id(&self, kind: ObjectKind, scope: &Scope, name: &str) -> u128 {
        self.stored.map_or_else(|| stable_id(kind.name(), scope, name), |id| id.0)
    }

    pub(crate) fn origin(&self, findings: &Findings) -> Origin {
        match self.stored {
            Some(id) => Origin::Store(id),
            None => Origin::File { line: self.at.line, declared_at: super::declared_at(self.at, findings) },
        }
    }
}

/// Where something that is known comes from.
#[derive(Debug, Clone)]
pub(crate) enum Origin {
    File { line: u32, declared_at: Option<String> },
    Store(ObjectId),
}

impl Origin {
    /// `line 12`
    pub(crate) fn place(&self) -> String {
        match self {
            Self::File { line, .. } => format!("line {line}"),
            Self::Store(_) => "the store".to_owned(),
        }
    }

    pub(crate) const fn stored(&self) -> Option<ObjectId> {
        match self {
            Self::File { .. } => None,
            Self::Store(id) => Some(*id),
        }
    }
}

/// Something that has a name. `object` is `None` where it is wrong, which has been reported with it.
#[derive(Debug)]
pub(crate) struct Known<T> {
    pub(crate) name: Arc<str>,
    pub(crate) object: Option<Arc<T>>,
    pub(crate) origin: Origin,
}

impl<T> Clone for Known<T> {
    fn clone(&self) -> Self {
        Self { name: Arc::clone(&self.name), object: self.object.clone(), origin: self.origin.clone() }
    }
}

/// A credential; its provider is known even where it is wrong itself.
#[derive(Debug, Clone)]
pub(crate) struct KnownCredential {
    pub(crate) known: Known<Credential>,
    pub(crate) provider: Option<Arc<str>>,
}

#[derive(Debug, Clone)]
pub(crate) struct KnownProject {
    pub(crate) scope: Scope,
    /// `None`: named by something in the file, and never declared.
    pub(crate) origin: Option<Origin>,
}

#[derive(Debug, Clone)]
pub(crate) struct KnownTeam {
    pub(crate) id: TeamId,
    pub(crate) origin: Option<Origin>,
}

#[derive(Debug)]
pub(crate) struct World {
    pub(crate) catalogue: Catalogue,
    pub(crate) teams: BTreeMap<Arc<str>, KnownTeam>,
    pub(crate) projects: BTreeMap<Arc<str>, KnownProject>,
    pub(crate) credentials: Scoped<KnownCredential>,
    pub(crate) targets: Scoped<Known<Target>>,
    /// By name and by alias, those that are wrong included.
    pub(crate) endpoints: Scoped<Known<Endpoint>>,
}

impl World {
    pub(crate) fn new(catalogue: Catalogue) -> Self {
        let default: Arc<str> = DEFAULT_NAME.into();
        let team = KnownTeam { id: Scope::DEFAULT.team, origin: None };
        let project = KnownProject { scope: Scope::DEFAULT, origin: None };
        Self {
            catalogue,
            teams: BTreeMap::from([(Arc::clone(&default), team)]),
            projects: BTreeMap::from([(default, project)]),
            credentials: Scoped::default(),
            targets: Scoped::default(),
            endpoints: Scoped::default(),
        }
    }

    /// The scope of an object of the file that names this project, which need not be declared.
    pub(crate) fn declared_project(&mut self, name: &Located<Name>) -> Scope {
        let text = &name.value.0;
        let implied = || KnownProject { scope: implied_project(text), origin: None };
        self.projects.entry(Arc::clone(text)).or_insert_with(implied).scope
    }

    /// The scope of a stored object, whose project has to be there.
    pub(crate) fn stored_project(&self, name: &Located<Name>, findings: &mut Findings) -> Option<Scope> {
        let text = &name.value.0;
        if let Some(known) = self.projects.get(text) {
            return Some(known.scope);
        }
        let names = self.projects.keys().map(|known| &**known);
        not_there(ObjectKind::Project, name, nearest(text, names), findings);
        None
    }
}

/// The scope of a project that nothing declares: in the team `default`.
pub(crate) fn implied_project(name: &str) -> Scope {
    Scope { project: project_id(name), ..Scope::DEFAULT }
}

/// Names of projects are unique in their organization, so a project keeps its id when it moves to another team.
pub(crate) fn project_id(name: &str) -> ProjectId {
    if name == DEFAULT_NAME {
        return Scope::DEFAULT.project;
    }
    ProjectId(stable_id(ObjectKind::Project.name(), &Scope::DEFAULT, name))
}

pub(crate) fn team_id(name: &str) -> TeamId {
    if name == DEFAULT_NAME {
        return Scope::DEFAULT.team;
    }
    TeamId(stable_id(ObjectKind::Team.name(), &Scope::DEFAULT, name))
}

/// Reports a name that stands for nothing.
pub(crate) fn not_there(kind: ObjectKind, name: &Located<Name>, near: Option<&str>, findings: &mut Findings) {
    let message = format!("there is no {kind} `{}`", name.value.0);
    match near {
        Some(near) => findings.error_with(&name.at, message, format!("did you mean `{near}`?")),
        None => findings.error_with(&name.at, message, format!("declare it under `{}`", kind.plural())),
    }
}

/// Reports a use of something stored that is wrong itself. About what is wrong in the file enough has been said where it
/// stands.
pub(crate) fn unusable(
    kind: ObjectKind,
    name: &str,
    origin: &Origin,
    at: &At,
    subject: &Subject<'_>,
    findings: &mut Findings,
) {
    if subject.stored.is_some() && origin.stored().is_some() {
        let message = format!("the {kind} `{name}` that this needs cannot be used itself");
        findings.error_with(at, message, format!("mend that {kind}, or use another"));
    }
}
