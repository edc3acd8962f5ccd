//! What the running configuration says about objects.

use std::collections::HashMap;

use config::objects::{Draft, FieldProblem};
use domain::{ObjectId, ObjectKind};
use store::{StoredObject, Within};

use super::objects::{Batch, Declared, Standing};
use super::problem::Problem;
use super::state::Inner;

impl Inner {
    pub(in crate::admin) fn check(
        &self,
        _draft: &Draft,
        _id: ObjectId,
        _batch: &Batch,
    ) -> Result<(), Vec<FieldProblem>> {
        Ok(())
    }
    pub(in crate::admin) async fn advance(&self) {}
    pub(in crate::admin) fn standing(&self, _object: &StoredObject) -> Standing {
        Standing::default()
    }
    pub(in crate::admin) fn declared_all(&self, _within: Within, _kind: ObjectKind) -> Vec<Declared> {
        Vec::new()
    }
    pub(in crate::admin) fn declared_one(
        &self,
        within: Within,
        kind: ObjectKind,
        fits: impl Fn(&Declared) -> bool,
    ) -> Option<Declared> {
        self.declared_all(within, kind).into_iter().find(|object| fits(object))
    }
    pub(in crate::admin) async fn last_used(
        &self,
        ids: &[ObjectId],
    ) -> Result<HashMap<ObjectId, i64>, Problem> {
        Ok(self.control.last_used(ids).await?.into_iter().collect())
    }
}
