//! What has to be written so that what is stored is what was sent.

use std::collections::HashSet;

use config::live::BatchItem;
use config::objects::Draft;
use domain::{ObjectId, ObjectKind, Permission, ProjectId, Scope, Secret};
use serde_json::{Map, Value};
use store::{ControlWrite, Expect, ListQuery, NewObject, ObjectCursor, StoredObject};

use super::super::body::shortened;
use super::super::objects::{Asked, Writer, body_of, by_name, declared_elsewhere, has_project};
use super::super::problem::{Code, FieldError, Problem};

/// One object, and what becomes of it.
#[derive(Debug)]
pub(super) struct Planned {
    pub(super) action: Action,
    pub(super) kind: ObjectKind,
    pub(super) name: String,
    pub(super) project: String,
    pub(super) fields: Vec<String>,
    pub(super) write: Option<ControlWrite>,
    pub(super) minted: Option<Secret<String>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    Create,
    Update,
    Delete,
    Unchanged,
}

impl Action {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Unchanged => "unchanged",
        }
    }
}

/// One transaction holds no more.
const MOST: usize = 1_000;

pub(super) struct Planner<'a> {
    asked: &'a Asked,
    writer: Writer<'a>,
    planned: Vec<Planned>,
    seen: HashSet<(ObjectKind, ProjectId, String)>,
    kept: HashSet<ObjectId>,
    /// Each with its place in what was sent, its id and scope, and the secrets that stay.
    drafts: Vec<(String, Draft, ObjectId, Scope, Vec<String>)>,
    errors: Vec<FieldError>,
    /// What is wrong is wrong only with what is there.
    sensible: bool,
}

impl<'a> Planner<'a> {
    pub(super) fn new(asked: &'a Asked) -> Self {
        Self {
            asked,
            writer: Writer::of_many(&asked.state, &asked.principal),
            drafts: Vec::new(),
            planned: Vec::new(),
            seen: HashSet::new(),
            kept: HashSet::new(),
            errors: Vec::new(),
            sensible: true,
        }
    }

    /// Those that others refer to come first, whatever the order they were sent in.
    pub(super) async fn plan(
        mut self,
        mut objects: Map<String, Value>,
        prune: bool,
    ) -> Result<Vec<Planned>, Problem> {
        for kind in ObjectKind::ALL {
            let section = objects.remove(kind.plural());
            self.section(kind, section).await?;
        }
        for unknown in objects.keys() {
            let message = format!("there is no kind of object `{}`", shortened(unknown));
            self.refuse(format!("/objects/{}", escaped(unknown)), message);
        }
        if !self.errors.is_empty() {
            let told = if self.sensible { Problem::contradiction } else { Problem::invalid };
            return Err(told(self.errors));
        }
        if prune {
            for kind in ObjectKind::ALL.into_iter().rev() {
                self.prune(kind).await?;
            }
        }
        self.judge()?;
        let writes = self.planned.iter().filter(|one| one.write.is_some()).count();
        if writes > MOST {
            let message =
                format!("{writes} changes are more than the {MOST} that one step holds; send some of them");
            return Err(Problem::invalid_at("/objects", message));
        }
        Ok(self.planned)
    }

    fn refuse(&mut self, pointer: String, message: String) {
        self.sensible = false;
        self.errors.push(FieldError::new(pointer, message));
    }

    async fn section(&mut self, kind: ObjectKind, section: Option<Value>) -> Result<(), Problem> {
        let items = match section {
            None => return Ok(()),
            Some(Value::Array(items)) => items,
            Some(_) => {
                let message = format!("`{}` is a list", kind.plural());
                self.refuse(format!("/objects/{}", kind.plural()), message);
                return Ok(());
            }
        };
        if !items.is_empty() {
            self.asked.principal.require(Permission::Write(kind))?;
        }
        for (index, item) in items.into_iter().enumerate() {
            let at = format!("/objects/{}/{index}", kind.plural());
            let Value::Object(document) = item else {
                self.refuse(at, format!("a {kind} is an object"));
                continue;
            };
            match self.object(kind, document, &at).await {
                Ok(planned) => self.planned.push(planned),
                Err(problem) if matches!(problem.code(), Code::Invalid | Code::Contradiction) => {
                    self.sensible &= problem.code() == Code::Contradiction;
                    self.errors.extend(problem.into_errors().into_iter().map(|error| error.below(&at)));
                }
                Err(problem) => return Err(problem),
            }
        }
        Ok(())
    }

    async fn object(
        &mut self,
        kind: ObjectKind,
        document: Map<String, Value>,
        at: &str,
    ) -> Result<Planned, Problem> {
        let mut document = document;
        let draft = self.writer.draft(kind, &mut document)?;
        let place = self.writer.scope(&draft).await?;
        let found = by_name(kind, self.asked, place, &draft.name).await?;
        if let Some(declared) = &found.declared {
            return Err(declared_elsewhere(declared));
        }
        let existing = found.stored;
        let prepared = self.writer.prepare(kind, document, existing.as_ref()).await?;
        let object = prepared.object;
        if !self.seen.insert((kind, object.scope.project, object.name.clone())) {
            let message = format!("the {kind} `{}` stands twice", object.name);
            return Err(Problem::contradiction(vec![FieldError::new("/name", message)]));
        }
        self.writer.batch.add(&object);
        self.kept.insert(object.id);
        let kept = object.keep_secrets.clone();
        self.drafts.push((at.to_owned(), prepared.draft, object.id, object.scope, kept));
        let project = self.project_of(kind, object.scope);
        let name = object.name.clone();
        let fields = existing.as_ref().map(|existing| differences(existing, &object)).unwrap_or_default();
        let (action, expect) = match &existing {
            None => (Action::Create, Expect::Absent),
            Some(_) if fields.is_empty() => (Action::Unchanged, Expect::Anything),
            Some(existing) => (Action::Update, Expect::Revision(existing.revision)),
        };
        let write = (action != Action::Unchanged).then_some(ControlWrite::Put { object, expect });
        Ok(Planned { action, kind, name, project, fields, write, minted: prepared.minted })
    }

    /// Whether everything fits together, and to what stays.
    fn judge(&self) -> Result<(), Problem> {
        let removed: Vec<ObjectId> = self
            .planned
            .iter()
            .filter_map(|one| match one.write {
                Some(ControlWrite::Delete { id, .. }) => Some(id),
                _ => None,
            })
            .collect();
        let items: Vec<BatchItem<'_>> = self
            .drafts
            .iter()
            .map(|(_, draft, id, scope, kept)| BatchItem { draft, id: *id, scope: *scope, kept })
            .collect();
        let wrong = self.asked.state.check_batch(&items, &removed);
        let errors: Vec<FieldError> = wrong
            .into_iter()
            .flat_map(|(index, problems)| {
                let at = self.drafts.get(index).map(|(at, ..)| at.clone()).unwrap_or_default();
                problems.into_iter().map(move |problem| FieldError::from(problem).below(&at))
            })
            .collect();
        if errors.is_empty() { Ok(()) } else { Err(Problem::contradiction(errors)) }
    }

    async fn prune(&mut self, kind: ObjectKind) -> Result<(), Problem> {
        let mut after: Option<ObjectCursor> = None;
        loop {
            let query = ListQuery { after, limit: 500, ..ListQuery::default() };
            let page = self.asked.state.control.list(self.asked.principal.within, kind, &query).await?;
            for object in page.objects {
                if !self.kept.contains(&object.id) {
                    self.asked.principal.require(Permission::Write(kind))?;
                    let deleted = self.deleted(object);
                    self.planned.push(deleted);
                }
            }
            after = page.next;
            if after.is_none() {
                return Ok(());
            }
        }
    }

    fn deleted(&self, object: StoredObject) -> Planned {
        let expect = Expect::Revision(object.revision);
        Planned {
            action: Action::Delete,
            kind: object.kind,
            project: self.project_of(object.kind, object.scope),
            fields: Vec::new(),
            write: Some(ControlWrite::Delete { kind: object.kind, id: object.id, expect }),
            minted: None,
            name: object.name,
        }
    }

    fn project_of(&self, kind: ObjectKind, scope: Scope) -> String {
        if !has_project(kind) {
            return String::new();
        }
        self.writer
            .batch
            .project_name(scope.project)
            .unwrap_or_else(|| self.asked.state.project_name(scope.project))
    }
}

/// The fields that a write would change.
fn differences(existing: &StoredObject, object: &NewObject) -> Vec<String> {
    let before = body_of(&existing.body);
    let after = body_of(&object.body);
    let mut fields: Vec<String> = after
        .iter()
        .filter(|(field, value)| before.get(*field) != Some(value))
        .map(|(field, _)| field.clone())
        .chain(before.keys().filter(|field| !after.contains_key(*field)).cloned())
        .collect();
    fields.extend(object.secrets.iter().map(|secret| secret.field.clone()));
    fields.extend(object.key.is_some().then(|| "secret".to_owned()));
    let gone = existing.secrets.iter().filter(|secret| {
        !object.keep_secrets.contains(&secret.field)
            && object.secrets.iter().all(|new| new.field != secret.field)
    });
    fields.extend(gone.map(|secret| secret.field.clone()));
    if existing.scope != object.scope {
        fields.push("project".to_owned());
    }
    fields.sort_unstable();
    fields.dedup();
    fields
}

fn escaped(step: &str) -> String {
    shortened(step).replace('~', "~0").replace('/', "~1")
}
