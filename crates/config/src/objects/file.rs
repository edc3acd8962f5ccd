//! The objects of a file, one by one: as they would be sent to the admin API, and as they are shown there.

use domain::{ObjectId, ObjectKind, ProjectId, Scope};
use serde_json::{Map, Value};
use vault::{Environment, tail};

use super::body::Texts;
use super::draft::{Draft, split};
use crate::compile::world::{World, team_id};
use crate::compile::{parse, stable_id_of};
use crate::diagnostic::{At, Diagnostic, Findings};
use crate::schema::root::File;
use crate::schema::{Field, Reading};
use crate::source::Source;
use crate::tree::{Content, Node, Scalar};

/// An object of the file, as it may be shown.
#[derive(Debug, Clone, PartialEq)]
pub struct Declared {
    pub kind: ObjectKind,
    pub id: ObjectId,
    pub name: String,
    pub scope: Scope,
    /// `gatewright.yaml:12`; `None` for what is built in.
    pub declared_at: Option<String>,
    /// Without name and secrets. Where a reference decides a text, the reference stands there.
    pub body: Map<String, Value>,
    /// Each with its field: the reference that was written, or the end of the secret.
    pub secrets: Vec<(String, String)>,
}

/// The objects of a file with references resolved, for whoever wants to store them. An error is everything that is wrong
/// with the form of the file.
pub fn from_file(source: &Source, environment: &Environment) -> Result<Vec<Draft>, Vec<Diagnostic>> {
    let mut findings = Findings::new(&source.name);
    let node = parse(source, &mut findings);
    File::read(&node, &mut Reading::new(environment, &mut findings));
    if findings.has_errors() {
        return Err(findings.into_sorted());
    }
    let texts = Resolved { environment };
    Ok(items(&node).map(|(kind, item)| split(kind, item, &texts)).collect())
}

/// The objects of a file that is right, as they may be shown, with the team and the project that are built in.
pub(crate) fn declared(source: Option<&Source>, environment: &Environment, world: &World) -> Vec<Declared> {
    let mut all: Vec<Declared> = [ObjectKind::Team, ObjectKind::Project].map(built_in).into();
    let Some(source) = source else { return all };
    let mut findings = Findings::new(&source.name);
    let node = parse(source, &mut findings);
    let texts = AsWritten { environment };
    for (kind, item) in items(&node) {
        let Draft { name, project, body, secrets, .. } = split(kind, item, &texts);
        let project = match kind {
            ObjectKind::Project => Some(name.as_str()),
            _ => project.as_deref(),
        };
        let in_project = world
            .projects
            .get(project.unwrap_or(domain::DEFAULT_NAME))
            .map_or(Scope::DEFAULT, |known| known.scope);
        let scope = match kind {
            ObjectKind::Team => Scope { team: team_id(&name), project: ProjectId(0), ..Scope::DEFAULT },
            _ => in_project,
        };
        let at = At { path: String::new(), line: item.place.line, column: item.place.column };
        let shown = |text: &str| if text.contains("${") { text.to_owned() } else { tail(text) };
        all.push(Declared {
            kind,
            id: stable_id_of(kind, &scope, &name),
            scope,
            declared_at: crate::compile::declared_at(&at, &findings),
            body,
            secrets: secrets.iter().map(|(field, secret)| (field.clone(), shown(secret.expose()))).collect(),
            name,
        });
    }
    all
}

fn built_in(kind: ObjectKind) -> Declared {
    let id = match kind {
        ObjectKind::Team => Scope::DEFAULT.team.0,
        _ => Scope::DEFAULT.project.0,
    };
    Declared {
        kind,
        id: ObjectId(id),
        name: domain::DEFAULT_NAME.to_owned(),
        scope: Scope::DEFAULT,
        declared_at: None,
        body: Map::new(),
        secrets: Vec::new(),
    }
}

/// Every object of a file, in the order in which what is named comes before who names it.
fn items(file: &Node) -> impl Iterator<Item = (ObjectKind, &Node)> {
    ObjectKind::ALL.into_iter().flat_map(|kind| {
        let items = match file.get(kind.plural()).map(|list| &list.content) {
            Some(Content::List(items)) => items.as_slice(),
            _ => &[],
        };
        items.iter().map(move |item| (kind, item))
    })
}

/// Text with its references replaced.
struct Resolved<'a> {
    environment: &'a Environment,
}

impl Texts for Resolved<'_> {
    fn text(&self, scalar: &Scalar) -> String {
        match vault::resolve(&scalar.text, self.environment) {
            Ok(resolved) => resolved.value,
            // Reading has reported it.
            Err(_) => scalar.text.clone(),
        }
    }
}

/// Text with its references in place, so that what they stand for is never shown. What can only be a number, a boolean
/// or one of some words is no secret.
struct AsWritten<'a> {
    environment: &'a Environment,
}

impl Texts for AsWritten<'_> {
    fn text(&self, scalar: &Scalar) -> String {
        match vault::resolve(&scalar.text, self.environment) {
            Ok(resolved) if !resolved.referenced => resolved.value,
            _ => scalar.text.clone(),
        }
    }

    fn typed(&self, scalar: &Scalar) -> String {
        Resolved { environment: self.environment }.text(scalar)
    }
}
