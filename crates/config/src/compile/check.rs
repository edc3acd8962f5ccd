//! One object judged in the context of everything else, before it is stored; and a stored key made ready for use.

use std::sync::Arc;

use domain::{ObjectId, ObjectKind, ProjectId, Scope, TeamId};
use vault::{same_secret, stable_id};

use super::world::{Known, Origin, Subject, World, not_there};
use super::{credentials, endpoints, keys, prices, targets};
use crate::diagnostic::{At, Findings};
use crate::objects::{Draft, FieldProblem, WrittenObject, problems, written};
use crate::row::Row;
use crate::schema::Located;
use crate::schema::endpoints::Endpoint as WrittenEndpoint;
use crate::schema::keys::Key as WrittenKey;
use crate::schema::nearest;
use crate::schema::tenants::Project as WrittenProject;
use crate::schema::value::Name;
use crate::snapshot::{Server, VirtualKey};

/// An object that can be stored as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    pub scope: Scope,
    /// The id that follows from kind, scope and name; whoever stores a new object takes it if it is free.
    pub id: ObjectId,
    /// The stored objects that it refers to, each once.
    pub references: Vec<ObjectId>,
}

/// Judges a draft. `id` is that of the stored object it replaces, and `kept` are the secrets of that which stay.
pub(crate) fn check(
    draft: &Draft,
    id: Option<ObjectId>,
    kept: &[String],
    world: &World,
    server: &Server,
) -> Result<Checked, Vec<FieldProblem>> {
    let mut findings = Findings::new("");
    let Some(object) = written(draft, kept, &mut findings) else { return Err(problems(findings)) };
    let at = At::default();
    let mut check = Check {
        subject: Subject { at: &at, stored: Some(id.unwrap_or(ObjectId(0))) },
        draft,
        world,
        findings,
        references: Vec::new(),
    };
    let checked = check.object(&object, server);
    let Check { findings, mut references, .. } = check;
    let problems = problems(findings);
    if !problems.is_empty() {
        return Err(problems);
    }
    references.sort_unstable();
    references.dedup();
    Ok(Checked { references, ..checked })
}

struct Check<'a> {
    subject: Subject<'a>,
    draft: &'a Draft,
    world: &'a World,
    findings: Findings,
    references: Vec<ObjectId>,
}

impl Check<'_> {
    fn object(&mut self, object: &WrittenObject, server: &Server) -> Checked {
        let (world, subject) = (self.world, self.subject);
        let scope = match object {
            WrittenObject::Team(_) => return self.team(),
            WrittenObject::Project(project) => return self.project(project),
            WrittenObject::Credential(one) => self.scope(&one.project),
            WrittenObject::Target(one) => self.scope(&one.project),
            WrittenObject::Endpoint(one) => self.scope(&one.project),
            WrittenObject::Key(one) => self.scope(&one.project),
            WrittenObject::Price(_) => Some(Scope::DEFAULT),
        };
        let project = scope.unwrap_or(Scope::DEFAULT).project;
        match object {
            WrittenObject::Credential(one) => {
                self.free(
                    world.credentials.within(project, &self.draft.name).map(|known| &known.known.origin),
                );
                credentials::credential(one, &subject, scope, world, &mut self.findings);
            }
            WrittenObject::Target(one) => {
                self.free(world.targets.within(project, &self.draft.name).map(|known| &known.origin));
                targets::named(one, &subject, scope, world, &mut self.findings);
            }
            WrittenObject::Endpoint(one) => self.endpoint(one, scope, project),
            WrittenObject::Key(one) => self.key(one, project, server),
            WrittenObject::Price(one) => {
                prices::price(one, &world.catalogue, &mut self.findings);
            }
            WrittenObject::Team(_) | WrittenObject::Project(_) => {}
        }
        self.named(project);
        let scope = scope.unwrap_or(Scope::DEFAULT);
        let id = ObjectId(stable_id(self.draft.kind.name(), &scope, &self.draft.name));
        Checked { scope, id, references: Vec::new() }
    }

    fn team(&mut self) -> Checked {
        let name = self.draft.name.as_str();
        self.free(self.world.teams.get(name).map(|known| known.origin.as_ref().unwrap_or(&BUILT_IN)));
        let id = match self.subject.stored {
            Some(ObjectId(id)) if id != 0 => TeamId(id),
            _ => super::world::team_id(name),
        };
        let scope = Scope { team: id, project: ProjectId(0), ..Scope::DEFAULT };
        Checked { scope, id: ObjectId(id.0), references: Vec::new() }
    }

    fn project(&mut self, written: &WrittenProject) -> Checked {
        let name = self.draft.name.as_str();
        // One that the file only names may be stored: it says more about it.
        let known = self.world.projects.get(name);
        let built_in = name == domain::DEFAULT_NAME;
        self.free(known.and_then(|known| known.origin.as_ref()).or(built_in.then_some(&BUILT_IN)));
        let team = self.world.teams.get(&written.team.value.0);
        match team {
            Some(team) => self.refer(team.origin.as_ref()),
            None => {
                let names = self.world.teams.keys().map(|known| &**known);
                let near = nearest(&written.team.value.0, names);
                not_there(ObjectKind::Team, &written.team, near, &mut self.findings);
            }
        }
        let id = match self.subject.stored {
            Some(ObjectId(id)) if id != 0 => ProjectId(id),
            _ => super::world::project_id(name),
        };
        let scope =
            Scope { team: team.map_or(Scope::DEFAULT.team, |team| team.id), project: id, ..Scope::DEFAULT };
        Checked { scope, id: ObjectId(id.0), references: Vec::new() }
    }

    fn endpoint(&mut self, written: &WrittenEndpoint, scope: Option<Scope>, project: ProjectId) {
        let (world, subject) = (self.world, self.subject);
        self.free(world.endpoints.within(project, &self.draft.name).map(|known| &known.origin));
        endpoints::check_names(written, &subject, project, world, &mut self.findings);
        for alias in written.aliases.iter() {
            let taken = world.endpoints.within(project, &alias.value.0).map(|known| &known.origin);
            if let Some(Origin::File { declared_at: Some(declared_at), .. }) = taken {
                let message = format!("`{}` is taken by an endpoint in {declared_at}", alias.value.0);
                self.findings.error_with(&alias.at, message, "choose another alias");
            }
        }
        let compiled = endpoints::endpoint(written, &subject, scope, world, &mut self.findings);
        let Some(Known { object: Some(endpoint), .. }) = compiled else { return };
        // `provider/model` names no object, and needs the provider's credential all the same.
        for target in endpoint.targets.iter().chain(&endpoint.fallbacks) {
            let credential = &target.credential;
            let known = world.credentials.within(credential.scope.project, &credential.name);
            self.refer(known.map(|known| &known.known.origin));
        }
    }

    fn key(&mut self, written: &WrittenKey, project: ProjectId, server: &Server) {
        keys::allowed(written, &self.subject, project, self.world, &mut self.findings);
        let presented = written.secret.as_ref().map(|secret| secret.value.0.expose().as_bytes());
        let admin = server.admin_token.as_ref().map(|token| token.expose().as_bytes());
        if let (Some(presented), Some(admin)) = (presented, admin)
            && same_secret(presented, admin)
        {
            let at = At { path: "/secret".to_owned(), ..At::default() };
            self.findings.error_with(
                &at,
                "the secret is the admin token, which is no virtual key",
                "leave it out: one will be made",
            );
        }
    }

    fn scope(&mut self, project: &Located<Name>) -> Option<Scope> {
        self.world.stored_project(project, &mut self.findings)
    }

    /// Whether the name can be this object's.
    fn free(&mut self, taken: Option<&Origin>) {
        let at = At { path: "/name".to_owned(), ..At::default() };
        let (kind, name) = (self.draft.kind, &self.draft.name);
        match taken {
            Some(Origin::File { declared_at: Some(declared_at), .. }) => {
                let message = format!("the {kind} `{name}` is declared in {declared_at}");
                self.findings.error_with(&at, message, "change it there, or choose another name");
            }
            Some(Origin::File { line, .. }) if *line == BUILT_IN_LINE => {
                let message = format!("the {kind} `{name}` is built in");
                self.findings.error_with(&at, message, "choose another name");
            }
            Some(Origin::Store(id))
                if self.subject.stored != Some(*id) && self.subject.stored != Some(ObjectId(0)) =>
            {
                let message = format!("another {kind} is called `{name}`");
                self.findings.error_with(&at, message, "choose another name");
            }
            // Whether a new object may take the place of a stored one is for the store to say.
            _ => {}
        }
    }

    /// Refers to everything that the draft names and that is stored.
    fn named(&mut self, project: ProjectId) {
        for reference in &self.draft.names {
            let name = reference.name.as_str();
            let world = self.world;
            let origin = match reference.kind {
                ObjectKind::Team => world.teams.get(name).and_then(|known| known.origin.as_ref()),
                ObjectKind::Project => world.projects.get(name).and_then(|known| known.origin.as_ref()),
                ObjectKind::Credential => {
                    world.credentials.get(project, name).map(|known| &known.known.origin)
                }
                ObjectKind::Target => world.targets.get(project, name).map(|known| &known.origin),
                ObjectKind::Endpoint => world.endpoints.get(project, name).map(|known| &known.origin),
                ObjectKind::Key | ObjectKind::Price => None,
            };
            self.refer(origin);
        }
    }

    fn refer(&mut self, origin: Option<&Origin>) {
        self.references.extend(origin.and_then(Origin::stored));
    }
}

const BUILT_IN_LINE: u32 = u32::MAX;
static BUILT_IN: Origin = Origin::File { line: BUILT_IN_LINE, declared_at: None };

/// A stored key as calls use it, or `None` where it cannot be used: then `findings` say why.
pub(crate) fn stored_key(row: &Row, world: &World, findings: &mut Findings) -> Option<Arc<VirtualKey>> {
    let Some(WrittenObject::Key(written)) = row.written.as_ref().filter(|_| row.problems.is_empty()) else {
        return None;
    };
    let at = At::default();
    let subject = Subject { at: &at, stored: Some(row.id) };
    let scope = world.stored_project(&written.project, findings)?;
    // What it names was there when it was written. Where it is gone, the key just cannot use it.
    let resolve = |text: &Arc<str>| match world.endpoints.get(scope.project, text) {
        Some(known) => Arc::clone(&known.name),
        None => Arc::clone(text),
    };
    let allowed = written.endpoints.as_ref();
    let allowed = allowed.map(|listed| listed.iter().map(|entry| resolve(&entry.value.0)).collect());
    let name = Arc::from(row.name.as_str());
    Some(Arc::new(keys::key(written, &subject, &scope, &name, allowed, findings)))
}
