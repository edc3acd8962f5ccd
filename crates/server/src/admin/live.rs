//! What the running configuration says about objects, and bringing it up to date.

use std::collections::HashMap;

use config::live::BatchItem;
use config::objects::{Declared, Draft, FieldProblem};
use domain::{ObjectId, ObjectKind, Scope};
use store::{StoredObject, Within};

use super::objects::{Standing, contradicting};
use super::problem::Problem;
use super::state::Inner;

impl Inner {
    /// Whether an object fits to everything that is there. `id` is that of the stored object that it replaces, and
    /// `kept` are the secrets of that which stay.
    pub(in crate::admin) fn check(
        &self,
        draft: &Draft,
        id: Option<ObjectId>,
        kept: &[String],
    ) -> Result<(), Problem> {
        self.live.check(draft, id, kept).map(|_| ()).map_err(contradicting)
    }

    /// The same for objects that are stored together. Returns what is wrong by their place.
    pub(in crate::admin) fn check_batch(
        &self,
        items: &[BatchItem<'_>],
        removed: &[ObjectId],
    ) -> Vec<(usize, Vec<FieldProblem>)> {
        self.live.check_batch(items, removed)
    }

    /// Brings what was stored into force. Where that fails it comes into force as soon as it can: it is stored.
    pub(in crate::admin) async fn advance(&self) {
        if let Err(error) = self.live.advance().await {
            tracing::error!(%error, "what was stored is not in force yet");
        }
    }

    pub(in crate::admin) fn standing(&self, object: &StoredObject) -> Standing {
        let status = self.live.status();
        let set_aside = status.quarantined.iter().filter(|one| one.id == object.id);
        let mut problems: Vec<String> = set_aside.flat_map(|one| &one.problems).map(told).collect();
        let mut shadowed_by = None;
        for shadow in status.shadowed.iter().filter(|one| one.id == object.id) {
            let place = shadow.declared_at.clone().unwrap_or_else(|| "the configuration file".to_owned());
            if shadow.taken == object.name {
                shadowed_by = Some(place);
            } else {
                problems.push(format!("the alias `{}` is taken by an endpoint in {place}", shadow.taken));
            }
        }
        Standing { problems, shadowed_by }
    }

    /// What the file declares, and what is built in.
    pub(in crate::admin) fn declared_all(&self, within: Within, kind: ObjectKind) -> Vec<Declared> {
        let status = self.live.status();
        let visible = |object: &&Declared| object.kind == kind && within.contains(object.scope);
        status.declared.iter().filter(visible).cloned().collect()
    }

    pub(in crate::admin) fn declared_one(
        &self,
        within: Within,
        kind: ObjectKind,
        fits: impl Fn(&Declared) -> bool,
    ) -> Option<Declared> {
        let status = self.live.status();
        let visible =
            |object: &&Declared| object.kind == kind && within.contains(object.scope) && fits(object);
        status.declared.iter().find(visible).cloned()
    }

    /// When keys were last used: as far as is stored, and as far as this process knows.
    pub(in crate::admin) async fn last_used(
        &self,
        ids: &[ObjectId],
    ) -> Result<HashMap<ObjectId, i64>, Problem> {
        let mut used: HashMap<ObjectId, i64> = self.control.last_used(ids).await?.into_iter().collect();
        let mut later = |id: ObjectId, at_ms: i64| {
            let known = used.entry(id).or_insert(at_ms);
            *known = at_ms.max(*known);
        };
        let stored = self.live.stored_keys();
        for id in ids {
            if let Some(at_ms) = stored.last_used_ms(*id) {
                later(*id, at_ms);
            }
        }
        for key in self.snapshot.load().keys.declared() {
            let id = ObjectId(key.id.0);
            if let Some(at_ms) = key.last_used.get().filter(|_| ids.contains(&id)) {
                later(id, at_ms);
            }
        }
        Ok(used)
    }

    /// The name of a project; one that is there no longer keeps its id for a name.
    pub(in crate::admin) fn project_name(&self, project: domain::ProjectId) -> String {
        let snapshot = self.snapshot.load();
        let known = snapshot.projects.iter().find(|(_, scope)| scope.project == project);
        known.map_or_else(|| project.to_string(), |(name, _)| name.to_string())
    }

    /// The scope of a project, if it exists for this caller.
    pub(in crate::admin) fn project(&self, within: Within, name: &str) -> Option<Scope> {
        let scope = *self.snapshot.load().projects.get(name)?;
        within.contains(scope).then_some(scope)
    }
}

/// `/targets/0/credential: there is no credential `x``
pub(in crate::admin) fn told(problem: &FieldProblem) -> String {
    if problem.pointer.is_empty() {
        return problem.message.clone();
    }
    format!("{}: {}", problem.pointer, problem.message)
}
