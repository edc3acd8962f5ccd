//! Objects judged before they are stored.

use std::sync::Arc;

use domain::{ObjectId, Scope};

use super::{Basis, Live};
use crate::compile::{Checked, Inputs, check};
use crate::diagnostic::Findings;
use crate::objects::{Draft, FieldProblem, problems, written};
use crate::row::Row;

/// One of several objects that are to be stored together.
#[derive(Debug)]
pub struct BatchItem<'a> {
    pub draft: &'a Draft,
    pub id: ObjectId,
    pub scope: Scope,
    /// The secrets that stay as they are stored.
    pub kept: &'a [String],
}

impl Live {
    /// Judges one object in the context of everything else: whether what it names is there and fits. `id` is that of the
    /// stored object that it replaces, and `kept` are the secrets of that which stay.
    pub fn check(
        &self,
        draft: &Draft,
        id: Option<ObjectId>,
        kept: &[String],
    ) -> Result<Checked, Vec<FieldProblem>> {
        check(draft, id, kept, &self.basis.load().world, &self.snapshot.load().server)
    }

    /// Judges objects that name each other, as they would be once all are stored and all of `removed` are gone. Returns
    /// those that are wrong, by their place in `items`.
    pub fn check_batch(
        &self,
        items: &[BatchItem<'_>],
        removed: &[ObjectId],
    ) -> Vec<(usize, Vec<FieldProblem>)> {
        let basis = self.basis.load();
        let Basis { source, environment, rows, .. } = &**basis;
        let replaced =
            |row: &Arc<Row>| removed.contains(&row.id) || items.iter().any(|item| item.id == row.id);
        let mut wrong = Vec::new();
        let mut rows: Vec<Arc<Row>> = rows.iter().filter(|row| !replaced(row)).map(Arc::clone).collect();
        for item in items {
            rows.push(Arc::new(item.row()));
        }
        let inputs = Inputs {
            source: source.as_deref(),
            listen: self.origins.listen,
            rows: &rows,
            stored: Arc::clone(&self.keys),
            environment,
            hasher: &self.origins.hasher,
        };
        let Ok(compiled) = inputs.compile() else { return wrong };
        for (index, item) in items.iter().enumerate() {
            let mut found: Vec<FieldProblem> = Vec::new();
            let set_aside = compiled.quarantined.iter().filter(|one| one.id == item.id);
            found.extend(set_aside.flat_map(|one| one.problems.iter().cloned()));
            if found.is_empty()
                && let Err(problems) =
                    check(item.draft, Some(item.id), item.kept, &compiled.world, &compiled.snapshot.server)
            {
                found = problems;
            }
            if !found.is_empty() {
                wrong.push((index, found));
            }
        }
        wrong
    }
}

impl BatchItem<'_> {
    fn row(&self) -> Row {
        let mut findings = Findings::new("");
        let written = written(self.draft, self.kept, &mut findings);
        Row {
            kind: self.draft.kind,
            id: self.id,
            name: self.draft.name.clone(),
            scope: self.scope,
            written,
            problems: problems(findings),
        }
    }
}
