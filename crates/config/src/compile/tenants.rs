//! `teams` and `projects`

use std::sync::Arc;

use domain::{DEFAULT_NAME, ObjectId, ObjectKind, Scope, TeamId};

use super::world::{KnownProject, KnownTeam, Origin, Subject, World, not_there, project_id, team_id};
use crate::diagnostic::Findings;
use crate::schema::root::File;
use crate::schema::tenants::{Project, Team};
use crate::schema::value::Name;
use crate::schema::{Located, nearest};

pub(super) fn declare(file: &File, world: &mut World, findings: &mut Findings) {
    for Located { value, at } in file.teams.iter() {
        let Some(name) = &value.name else { continue };
        if is_free(
            ObjectKind::Team,
            name,
            world.teams.get(&name.value.0).map(|known| &known.origin),
            findings,
        ) {
            add_team(value, &Subject::declared(at), world, findings);
        }
    }
    for Located { value, at } in file.projects.iter() {
        let Some(name) = &value.name else { continue };
        if is_free(
            ObjectKind::Project,
            name,
            world.projects.get(&name.value.0).map(|known| &known.origin),
            findings,
        ) {
            add_project(value, &Subject::declared(at), world, findings);
        }
    }
}

/// The team and project `default` are there without being declared.
fn is_free(
    kind: ObjectKind,
    name: &Located<Name>,
    known: Option<&Option<Origin>>,
    findings: &mut Findings,
) -> bool {
    let text = &name.value.0;
    match known {
        None => true,
        Some(None) if **text == *DEFAULT_NAME => {
            let message = format!("the {kind} `{DEFAULT_NAME}` is always there");
            findings.error_with(&name.at, message, "remove it");
            false
        }
        Some(None) => true,
        Some(Some(first)) => {
            let message = format!("the {kind} `{text}` is declared twice, first in {}", first.place());
            findings.error_with(&name.at, message, "give one of them another name");
            false
        }
    }
}

pub(super) fn add_team(
    written: &Team,
    subject: &Subject<'_>,
    world: &mut World,
    findings: &mut Findings,
) -> Option<()> {
    let name = &written.name.as_ref()?.value.0;
    let id = subject.stored.map_or_else(|| team_id(name), |ObjectId(id)| TeamId(id));
    world.teams.insert(Arc::clone(name), KnownTeam { id, origin: Some(subject.origin(findings)) });
    Some(())
}

pub(super) fn add_project(
    written: &Project,
    subject: &Subject<'_>,
    world: &mut World,
    findings: &mut Findings,
) -> Option<()> {
    let name = &written.name.as_ref()?.value.0;
    let team = match world.teams.get(&written.team.value.0) {
        Some(team) => Some(team.id),
        None => {
            let names = world.teams.keys().map(|known| &**known);
            not_there(ObjectKind::Team, &written.team, nearest(&written.team.value.0, names), findings);
            None
        }
    };
    let project = subject.stored.map_or_else(|| project_id(name), |ObjectId(id)| domain::ProjectId(id));
    // What names a project whose team is wrong is not wrong as well.
    let scope = Scope { team: team.unwrap_or(Scope::DEFAULT.team), project, ..Scope::DEFAULT };
    world.projects.insert(Arc::clone(name), KnownProject { scope, origin: Some(subject.origin(findings)) });
    team.map(|_| ())
}
