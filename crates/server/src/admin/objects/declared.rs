//! What the configuration file declares, and what the running configuration knows about stored objects.

use domain::{ObjectId, ObjectKind, ProjectId, Scope};
use serde_json::{Map, Value};

use super::super::access::Principal;
use super::super::state::Inner;

/// An object of the file.
#[derive(Debug, Clone)]
pub(in crate::admin) struct Declared {
    pub(in crate::admin) kind: ObjectKind,
    pub(in crate::admin) id: ObjectId,
    pub(in crate::admin) name: String,
    pub(in crate::admin) scope: Scope,
    /// `gatewright.yaml:12`
    pub(in crate::admin) declared_at: String,
    /// The form of the file, without secrets.
    pub(in crate::admin) body: Map<String, Value>,
    /// What may be shown of its secrets, by field.
    pub(in crate::admin) secrets: Vec<(String, String)>,
}

/// How a stored object stands in the running configuration.
#[derive(Debug, Clone, Default)]
pub(in crate::admin) struct Standing {
    /// Why it is not in force.
    pub(in crate::admin) problems: Vec<String>,
    /// Where the file declares an object of its name.
    pub(in crate::admin) shadowed_by: Option<String>,
}

impl Standing {
    /// The word for it, where nothing stands in its way but its own state.
    pub(in crate::admin) const fn status(&self, own: &'static str) -> &'static str {
        if self.shadowed_by.is_some() {
            "shadowed"
        } else if self.problems.is_empty() {
            own
        } else {
            "quarantined"
        }
    }
}

impl Inner {
    /// The scope of a project, if it exists for this caller.
    pub(in crate::admin) fn project(&self, principal: &Principal, name: &str) -> Option<Scope> {
        let scope = *self.snapshot.load().projects.get(name)?;
        principal.within.contains(scope).then_some(scope)
    }

    /// A project that is there no longer keeps its id for a name.
    pub(in crate::admin) fn project_name(&self, project: ProjectId) -> String {
        let snapshot = self.snapshot.load();
        let known = snapshot.projects.iter().find(|(_, scope)| scope.project == project);
        known.map_or_else(|| project.to_string(), |(name, _)| name.to_string())
    }
}
