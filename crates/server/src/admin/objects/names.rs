//! From names to ids. A name is looked up in the project of the object that uses it, and then in project `default`,
//! whose objects are everybody's.

use config::objects::{Draft, FieldProblem, Reference};
use domain::{ObjectId, ObjectKind, ProjectId, Scope};

use store::NewObject;

use super::super::EVERYTHING;
use super::super::problem::{FieldError, Problem};
use super::super::state::Inner;

/// Objects that are written together may refer to each other.
#[derive(Debug, Default)]
pub(in crate::admin) struct Batch {
    objects: Vec<(ObjectKind, Scope, String, ObjectId)>,
}

impl Batch {
    pub(in crate::admin) fn add(&mut self, object: &NewObject) {
        self.objects.push((object.kind, object.scope, object.name.clone(), object.id));
    }

    /// The scope of a project or team that is among them.
    pub(in crate::admin) fn scope(&self, kind: ObjectKind, name: &str) -> Option<Scope> {
        self.objects.iter().find(|(k, _, n, _)| *k == kind && n == name).map(|(_, scope, ..)| *scope)
    }

    pub(in crate::admin) fn project_name(&self, project: ProjectId) -> Option<String> {
        let mut projects = self.objects.iter().filter(|(kind, ..)| *kind == ObjectKind::Project);
        projects.find(|(_, scope, ..)| scope.project == project).map(|(_, _, name, _)| name.clone())
    }

    fn find(&self, kind: ObjectKind, project: ProjectId, name: &str) -> Option<ObjectId> {
        let found = self.objects.iter().find(|(k, s, n, _)| *k == kind && s.project == project && n == name);
        found.map(|(.., id)| *id)
    }
}

impl Inner {
    /// The stored objects that a draft in this project refers to. What the file declares is there as well, and has no
    /// row to refer to.
    pub(in crate::admin) async fn references(
        &self,
        draft: &Draft,
        scope: Scope,
        batch: &Batch,
    ) -> Result<Vec<ObjectId>, Problem> {
        let mut references = Vec::new();
        let mut missing = Vec::new();
        // What an object belongs to is its scope.
        let named =
            draft.names.iter().filter(|name| !matches!(name.kind, ObjectKind::Team | ObjectKind::Project));
        for name in named {
            match self.resolve(name, scope, batch).await? {
                Some(Some(id)) if !references.contains(&id) => references.push(id),
                Some(_) => {}
                None => missing.push(FieldError {
                    pointer: name.pointer.clone(),
                    message: format!("there is no {} `{}`", name.kind, name.name),
                    help: Some(format!("`GET /api/v1/{}` lists them", name.kind.plural())),
                }),
            }
        }
        if missing.is_empty() { Ok(references) } else { Err(Problem::contradiction(missing)) }
    }

    /// `None`: there is none; `Some(None)`: it is declared in the file.
    async fn resolve(
        &self,
        name: &Reference,
        scope: Scope,
        batch: &Batch,
    ) -> Result<Option<Option<ObjectId>>, Problem> {
        let own = [scope, Scope::DEFAULT];
        let places = if scope.project == Scope::DEFAULT.project { &own[..1] } else { &own[..] };
        for place in places {
            let declared = self.declared_one(EVERYTHING, name.kind, |object| {
                object.name == name.name && object.scope.project == place.project
            });
            if declared.is_some() {
                return Ok(Some(None));
            }
            if let Some(id) = batch.find(name.kind, place.project, &name.name) {
                return Ok(Some(Some(id)));
            }
            let stored = self.control.find(EVERYTHING, name.kind, *place, &name.name).await?;
            if let Some(stored) = stored {
                return Ok(Some(Some(stored.id)));
            }
        }
        Ok(None)
    }
}

/// What contradicts what is there.
pub(in crate::admin) fn contradicting(problems: Vec<FieldProblem>) -> Problem {
    Problem::contradiction(problems.into_iter().map(FieldError::from).collect())
}

/// What is wrong with a document.
pub(super) fn refused(problems: Vec<FieldProblem>) -> Problem {
    Problem::invalid(problems.into_iter().map(FieldError::from).collect())
}

impl From<FieldProblem> for FieldError {
    fn from(problem: FieldProblem) -> Self {
        let FieldProblem { pointer, message, help } = problem;
        Self { pointer, message, help }
    }
}
