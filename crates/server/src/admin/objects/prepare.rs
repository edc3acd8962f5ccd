//! From what a client sent to what is stored: the document is checked, its names become ids, its secrets are sealed.

use config::objects::Draft;
use domain::{DEFAULT_NAME, ObjectId, ObjectKind, Permission, ProjectId, Scope, Secret, TeamId};
use serde_json::{Map, Value};
use store::{KeyRow, NewObject, StoredObject};

use super::super::EVERYTHING;
use super::super::access::Principal;
use super::super::problem::{Code, FieldError, Problem};
use super::super::state::Inner;
use super::names::{Batch, refused};
use super::view::{body_of, has_project};

/// An object on its way into the store.
#[derive(Debug)]
pub(in crate::admin) struct Prepared {
    pub(in crate::admin) object: NewObject,
    /// The secret of a new key, which is shown this once.
    pub(in crate::admin) minted: Option<Secret<String>>,
    pub(in crate::admin) draft: Draft,
}

/// Who writes, and what else they write in the same step.
pub(in crate::admin) struct Writer<'a> {
    pub(in crate::admin) state: &'a Inner,
    pub(in crate::admin) principal: &'a Principal,
    pub(in crate::admin) batch: Batch,
    /// Whether they are judged together, later.
    together: bool,
}

impl<'a> Writer<'a> {
    pub(in crate::admin) fn new(state: &'a Inner, principal: &'a Principal) -> Self {
        Self { state, principal, batch: Batch::default(), together: false }
    }

    /// For objects that are written, and judged, together.
    pub(in crate::admin) fn of_many(state: &'a Inner, principal: &'a Principal) -> Self {
        Self { together: true, ..Self::new(state, principal) }
    }

    /// What a document makes of an object, or of none yet.
    pub(in crate::admin) async fn prepare(
        &self,
        kind: ObjectKind,
        mut document: Map<String, Value>,
        existing: Option<&StoredObject>,
    ) -> Result<Prepared, Problem> {
        let draft = self.draft(kind, &mut document)?;
        let kept = kept_secrets(&draft, &document, existing);
        self.finish(draft, kept, existing).await
    }

    /// A document by itself.
    pub(in crate::admin) fn draft(
        &self,
        kind: ObjectKind,
        document: &mut Map<String, Value>,
    ) -> Result<Draft, Problem> {
        self.complete(kind, document);
        config::objects::draft(kind, document).map_err(refused)
    }

    async fn finish(
        &self,
        draft: Draft,
        mut keep_secrets: Vec<String>,
        existing: Option<&StoredObject>,
    ) -> Result<Prepared, Problem> {
        let kind = draft.kind;
        let (mut id, scope) = self.place(&draft, existing).await?;
        self.check_access(&draft, scope, existing)?;
        let references = self.state.references(&draft, scope, &self.batch).await?;
        if !self.together {
            self.state.check(&draft, existing.map(|existing| existing.id), &keep_secrets)?;
        }
        let (mut key, mut minted) = (None, None);
        let mut secrets = Vec::new();
        if kind == ObjectKind::Key {
            (key, minted) = self.key(&draft, existing, &mut id)?;
        } else {
            for (field, secret) in &draft.secrets {
                // Sent again, it is the same: nothing changed.
                if self.is_stored(existing, field, secret) {
                    keep_secrets.push(field.clone());
                } else {
                    secrets.push(self.state.vault.seal_field(id, field, secret)?);
                }
            }
        }
        let body = Value::Object(draft.body.clone()).to_string();
        let name = draft.name.clone();
        let object = NewObject { kind, id, name, scope, body, secrets, keep_secrets, references, key };
        Ok(Prepared { object, minted, draft })
    }

    /// A service key that names no project means its own.
    fn complete(&self, kind: ObjectKind, document: &mut Map<String, Value>) {
        let named = document.get("project").is_some_and(|project| !project.is_null());
        if has_project(kind) && !named && self.principal.home != Scope::DEFAULT {
            let name = self.state.project_name(self.principal.home.project);
            document.insert("project".to_owned(), name.into());
        }
    }

    /// The id of an object, and where it lies.
    async fn place(
        &self,
        draft: &Draft,
        existing: Option<&StoredObject>,
    ) -> Result<(ObjectId, Scope), Problem> {
        let scope = self.scope(draft).await?;
        let id = match existing {
            Some(existing) => existing.id,
            None => self.fresh_id(draft, scope).await?,
        };
        let scope = match draft.kind {
            ObjectKind::Team => Scope { team: TeamId(id.0), project: ProjectId(0), ..scope },
            ObjectKind::Project => Scope { project: ProjectId(id.0), ..scope },
            _ => scope,
        };
        Ok((id, scope))
    }

    /// Where an object belongs: its project, or what that belongs to.
    pub(in crate::admin) async fn scope(&self, draft: &Draft) -> Result<Scope, Problem> {
        match draft.kind {
            ObjectKind::Team | ObjectKind::Price => Ok(Scope::DEFAULT),
            ObjectKind::Project => Ok(Scope { team: self.team(draft).await?, ..Scope::DEFAULT }),
            _ => self.project(draft),
        }
    }

    fn project(&self, draft: &Draft) -> Result<Scope, Problem> {
        let name = draft.project.as_deref().unwrap_or(DEFAULT_NAME);
        if let Some(scope) = self.batch.scope(ObjectKind::Project, name) {
            return Ok(scope);
        }
        self.state
            .project(self.principal.within, name)
            .ok_or_else(|| missing("/project", format!("there is no project `{name}`")))
    }

    async fn team(&self, draft: &Draft) -> Result<TeamId, Problem> {
        let name = draft.body.get("team").and_then(Value::as_str).unwrap_or(DEFAULT_NAME);
        if name == DEFAULT_NAME {
            return Ok(Scope::DEFAULT.team);
        }
        if let Some(scope) = self.batch.scope(ObjectKind::Team, name) {
            return Ok(scope.team);
        }
        let declared = self.state.declared_one(EVERYTHING, ObjectKind::Team, |team| team.name == name);
        if let Some(declared) = declared {
            return Ok(TeamId(declared.id.0));
        }
        let stored = self.state.control.find(EVERYTHING, ObjectKind::Team, Scope::DEFAULT, name).await?;
        stored
            .map(|team| TeamId(team.id.0))
            .ok_or_else(|| missing("/team", format!("there is no team `{name}`")))
    }

    /// The id that the file would give it, so that it keeps its history when it moves there; another where that one is
    /// taken by an object that was renamed.
    async fn fresh_id(&self, draft: &Draft, scope: Scope) -> Result<ObjectId, Problem> {
        let scope = match draft.kind {
            ObjectKind::Team | ObjectKind::Project => Scope::DEFAULT,
            _ => scope,
        };
        let id = ObjectId(vault::stable_id(draft.kind.name(), &scope, &draft.name));
        // A key that is named like one of the past is another key.
        let taken = draft.kind == ObjectKind::Key || !self.state.control.load(&[id]).await?.is_empty();
        if taken { Ok(ObjectId(vault::fresh_id()?)) } else { Ok(id) }
    }

    fn check_access(
        &self,
        draft: &Draft,
        scope: Scope,
        existing: Option<&StoredObject>,
    ) -> Result<(), Problem> {
        if !self.principal.within.contains(scope) {
            let detail = format!("{} may write in its own project only", self.principal.actor.name);
            return Err(Problem::new(Code::NotPermitted, detail));
        }
        if self.principal.is_administrator() || draft.kind != ObjectKind::Key {
            return Ok(());
        }
        // Whoever makes or changes a key can use it: nobody gets more by it than they have.
        let before = existing.map(|key| body_of(&key.body)).unwrap_or_default();
        for permission in granted(&draft.body).chain(granted(&before)) {
            self.principal.require(permission)?;
        }
        Ok(())
    }

    /// What a key is found by. A new one without a secret of its own gets one.
    fn key(
        &self,
        draft: &Draft,
        existing: Option<&StoredObject>,
        id: &mut ObjectId,
    ) -> Result<(Option<KeyRow>, Option<Secret<String>>), Problem> {
        let given = draft.secrets.iter().find(|(field, _)| field == "secret").map(|(_, secret)| secret);
        let minted = match (given, existing) {
            (Some(_), _) => None,
            (None, Some(_)) => return Ok((None, None)),
            (None, None) => Some(vault::mint()?),
        };
        if let Some(minted) = &minted {
            *id = minted.id;
        }
        let Some(secret) = given.or(minted.as_ref().map(|minted| &minted.secret)) else {
            return Ok((None, None));
        };
        let bytes = secret.expose().as_bytes();
        let hash = self.state.hasher.hash(bytes);
        if existing.and_then(|existing| existing.key).is_some_and(|key| key.hash == hash) {
            return Ok((None, None));
        }
        let row = KeyRow {
            hash,
            prefix: bytes.first_chunk().copied().unwrap_or_default(),
            length: u32::try_from(bytes.len()).unwrap_or(u32::MAX),
            revoked_at_ms: existing.and_then(|existing| existing.key?.revoked_at_ms),
        };
        Ok((Some(row), minted.map(|minted| minted.secret)))
    }

    fn is_stored(&self, existing: Option<&StoredObject>, field: &str, secret: &Secret<String>) -> bool {
        let Some(existing) = existing else { return false };
        let stored = existing.secrets.iter().find(|stored| stored.field == field);
        let opened = stored.and_then(|stored| self.state.vault.open_field(existing.id, stored).ok());
        opened
            .is_some_and(|opened| vault::same_secret(opened.expose().as_bytes(), secret.expose().as_bytes()))
    }
}

fn missing(pointer: &str, message: String) -> Problem {
    Problem::contradiction(vec![FieldError::new(pointer, message)])
}

/// The secrets that a document says nothing about stay; `null` takes one away.
fn kept_secrets(
    draft: &Draft,
    document: &Map<String, Value>,
    existing: Option<&StoredObject>,
) -> Vec<String> {
    let fields = config::objects::secret_fields(draft.kind);
    let stored = existing.into_iter().flat_map(|existing| &existing.secrets);
    stored
        .map(|secret| secret.field.clone())
        .filter(|field| fields.contains(field))
        .filter(|field| draft.secrets.iter().all(|(given, _)| given != field))
        .filter(|field| !is_null(document, field))
        .collect()
}

/// Whether `null` stands at this path of fields.
fn is_null(document: &Map<String, Value>, path: &str) -> bool {
    let pointer = format!("/{}", path.replace('.', "/"));
    let root = Value::Object(document.clone());
    root.pointer(&pointer).is_some_and(Value::is_null)
}

fn granted(body: &Map<String, Value>) -> impl Iterator<Item = Permission> {
    let listed = body.get("permissions").and_then(Value::as_array).into_iter().flatten();
    listed.filter_map(|name| name.as_str()?.parse().ok())
}
