//! Stored objects in a configuration. Each is judged alone: one that is wrong is set aside and reported, with whatever
//! needs it, and the rest is used.

use std::sync::Arc;

use domain::{ObjectId, ObjectKind, Scope};

use super::prices::{Prices, price};
use super::world::{Known, KnownCredential, Origin, Subject, World};
use super::{credentials, endpoints, targets, tenants};
use crate::diagnostic::{At, Findings};
use crate::objects::{FieldProblem, WrittenObject, problems};
use crate::row::Row;
use crate::schema::credentials::Credential;
use crate::schema::endpoints::Endpoint;
use crate::schema::prices::Price;
use crate::schema::targets::NamedTarget;

/// A stored object that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quarantined {
    pub kind: ObjectKind,
    pub id: ObjectId,
    pub name: String,
    pub scope: Scope,
    pub problems: Vec<FieldProblem>,
}

/// A stored object, or an alias of one, that gives way to something declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shadowed {
    pub kind: ObjectKind,
    pub id: ObjectId,
    pub name: String,
    /// The name that is taken.
    pub taken: String,
    pub declared_at: Option<String>,
}

/// What became of stored objects.
#[derive(Debug, Default)]
pub(super) struct Verdicts {
    pub(super) quarantined: Vec<Quarantined>,
    pub(super) shadowed: Vec<Shadowed>,
}

/// What findings about stored objects name where a file would stand.
const STORE: &str = "the store";

impl Verdicts {
    /// Teams and projects, which the objects of the file may be in.
    pub(super) fn tenants(&mut self, rows: &[Arc<Row>], world: &mut World) {
        for kind in [ObjectKind::Team, ObjectKind::Project] {
            for row in rows.iter().filter(|row| row.kind == kind) {
                let mut findings = Findings::new(STORE);
                let (name, at) = (row.name.as_str(), At::default());
                let declared = match kind {
                    ObjectKind::Team => world.teams.get(name).and_then(|known| known.origin.clone()),
                    _ => world.projects.get(name).and_then(|known| known.origin.clone()),
                };
                if let Some(Origin::File { declared_at, .. }) = declared {
                    self.shadow(row, name, declared_at);
                    continue;
                }
                let subject = Subject { at: &at, stored: Some(row.id) };
                match &row.written {
                    Some(WrittenObject::Team(team)) => {
                        tenants::add_team(team, &subject, world, &mut findings)
                    }
                    Some(WrittenObject::Project(project)) => {
                        tenants::add_project(project, &subject, world, &mut findings)
                    }
                    _ => None,
                };
                self.judge(row, findings);
            }
        }
    }

    /// Everything else but keys, in an order in which what is needed comes before who needs it.
    pub(super) fn objects(&mut self, rows: &[Arc<Row>], world: &mut World, prices: &mut Prices) {
        for kind in [ObjectKind::Credential, ObjectKind::Target, ObjectKind::Endpoint, ObjectKind::Price] {
            for row in rows.iter().filter(|row| row.kind == kind) {
                let at = At::default();
                let subject = Subject { at: &at, stored: Some(row.id) };
                match &row.written {
                    Some(WrittenObject::Credential(written)) => {
                        self.credential(row, written, &subject, world);
                    }
                    Some(WrittenObject::Target(written)) => self.target(row, written, &subject, world),
                    Some(WrittenObject::Endpoint(written)) => self.endpoint(row, written, &subject, world),
                    Some(WrittenObject::Price(written)) => self.price(row, written, &subject, world, prices),
                    _ => self.unreadable(row, &subject, world),
                }
            }
        }
    }

    fn credential(&mut self, row: &Row, written: &Credential, subject: &Subject<'_>, world: &mut World) {
        let mut findings = Findings::new(STORE);
        let scope = world.stored_project(&written.project, &mut findings);
        let project = scope.unwrap_or(row.scope).project;
        let taken = world.credentials.within(project, &row.name).map(|credential| &credential.known.origin);
        if let Some(Origin::File { declared_at, .. }) = taken {
            return self.shadow(row, &row.name, declared_at.clone());
        }
        let known = credentials::credential(written, subject, scope, world, &mut findings);
        let sound = self.judge(row, findings);
        if let Some(mut credential) = known {
            credential.known.object = credential.known.object.filter(|_| sound);
            world.credentials.insert(project, Arc::clone(&credential.known.name), credential);
        }
    }

    fn target(&mut self, row: &Row, written: &NamedTarget, subject: &Subject<'_>, world: &mut World) {
        let mut findings = Findings::new(STORE);
        let scope = world.stored_project(&written.project, &mut findings);
        let project = scope.unwrap_or(row.scope).project;
        if let Some(Origin::File { declared_at, .. }) =
            world.targets.within(project, &row.name).map(|known| &known.origin)
        {
            return self.shadow(row, &row.name, declared_at.clone());
        }
        let known = targets::named(written, subject, scope, world, &mut findings);
        let sound = self.judge(row, findings);
        if let Some(mut known) = known {
            known.object = known.object.filter(|_| sound);
            world.targets.insert(project, Arc::clone(&known.name), known);
        }
    }

    fn endpoint(&mut self, row: &Row, written: &Endpoint, subject: &Subject<'_>, world: &mut World) {
        let mut findings = Findings::new(STORE);
        let scope = world.stored_project(&written.project, &mut findings);
        let project = scope.unwrap_or(row.scope).project;
        if let Some(Origin::File { declared_at, .. }) =
            world.endpoints.within(project, &row.name).map(|known| &known.origin)
        {
            return self.shadow(row, &row.name, declared_at.clone());
        }
        let known = endpoints::endpoint(written, subject, scope, world, &mut findings);
        endpoints::check_names(written, subject, project, world, &mut findings);
        let sound = self.judge(row, findings);
        let Some(mut known) = known else { return };
        known.object = known.object.filter(|_| sound);
        for name in written.name.iter().chain(written.aliases.iter()) {
            let text = &name.value.0;
            match world.endpoints.within(project, text).map(|first| &first.origin) {
                None => {
                    world.endpoints.insert(project, Arc::clone(text), known.clone());
                }
                Some(Origin::File { declared_at, .. }) => self.shadow(row, text, declared_at.clone()),
                // Reported by `check_names`.
                Some(Origin::Store(_)) => {}
            }
        }
    }

    fn price(
        &mut self,
        row: &Row,
        written: &Price,
        subject: &Subject<'_>,
        world: &World,
        prices: &mut Prices,
    ) {
        let mut findings = Findings::new(STORE);
        let (Some(provider), Some(model)) = (&written.provider, &written.model) else { return };
        let key = (Arc::clone(&provider.value.0), Arc::clone(&model.value.0));
        if let Some(Origin::File { declared_at, .. }) = prices.known.get(&key) {
            return self.shadow(row, &row.name, declared_at.clone());
        }
        let entry = price(written, &world.catalogue, &mut findings);
        let origin = subject.origin(&findings);
        let sound = self.judge(row, findings);
        prices.add(key, origin, entry.filter(|_| sound));
    }

    /// What needs it hears that it is wrong, and not that it is not there.
    fn unreadable(&mut self, row: &Row, subject: &Subject<'_>, world: &mut World) {
        let findings = Findings::new(STORE);
        let (name, project, origin) =
            (Arc::from(row.name.as_str()), row.scope.project, subject.origin(&findings));
        match row.kind {
            ObjectKind::Credential => {
                let known = Known { name: Arc::clone(&name), object: None, origin };
                world.credentials.insert(project, name, KnownCredential { known, provider: None });
            }
            ObjectKind::Target => {
                world.targets.insert(project, Arc::clone(&name), Known { name, object: None, origin });
            }
            ObjectKind::Endpoint => {
                world.endpoints.insert(project, Arc::clone(&name), Known { name, object: None, origin });
            }
            _ => {}
        }
        self.judge(row, findings);
    }

    /// Whether a row can be used; one that cannot is set aside.
    fn judge(&mut self, row: &Row, findings: Findings) -> bool {
        let mut found = row.problems.clone();
        found.extend(problems(findings));
        if found.is_empty() {
            return true;
        }
        self.quarantined.push(Quarantined {
            kind: row.kind,
            id: row.id,
            name: row.name.clone(),
            scope: row.scope,
            problems: found,
        });
        false
    }

    fn shadow(&mut self, row: &Row, taken: &str, declared_at: Option<String>) {
        self.shadowed.push(Shadowed {
            kind: row.kind,
            id: row.id,
            name: row.name.clone(),
            taken: taken.to_owned(),
            declared_at,
        });
    }
}
