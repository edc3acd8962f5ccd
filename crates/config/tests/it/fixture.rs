//! A running configuration on a store of its own.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use config::objects::{Draft, FieldProblem, draft};
use config::{Checked, Live, LiveError, Origins};
use domain::{ObjectId, ObjectKind};
use serde_json::Value;
use store::{Actor, Apply, ControlStore, ControlWrite, Expect, KeyRow, NewObject, Within};
use tempfile::TempDir;
use vault::{DataDir, Vault};

use super::{environment, hasher};

pub(super) struct Gate {
    pub(super) dir: TempDir,
    pub(super) control: Arc<dyn ControlStore>,
    pub(super) vault: Arc<Vault>,
    pub(super) live: Live,
}

pub(super) fn run<T>(test: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test)
}

impl Gate {
    /// With this file, or without one.
    pub(super) async fn start(file: Option<&str>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let control: Arc<dyn ControlStore> = store::sqlite::open(dir.path()).await.unwrap().control;
        let vault = Arc::new(Vault::open(&mut DataDir::open(dir.path()).unwrap(), None).unwrap());
        if let Some(text) = file {
            fs::write(dir.path().join("gatewright.yaml"), text).unwrap();
        }
        let path = file.map(|_| dir.path().join("gatewright.yaml"));
        let live = open(path, &control, &vault).await.unwrap();
        Self { dir, control, vault, live }
    }

    /// The same database, seen by another process.
    pub(super) async fn another(&self) -> Live {
        open(Some(self.path()).filter(|path| path.exists()), &self.control, &self.vault).await.unwrap()
    }

    pub(super) fn path(&self) -> PathBuf {
        self.dir.path().join("gatewright.yaml")
    }

    pub(super) fn write(&self, text: &str) {
        fs::write(self.path(), text).unwrap();
    }

    pub(super) fn check(&self, kind: ObjectKind, document: &Value) -> Result<Checked, Vec<FieldProblem>> {
        self.live.check(&of(kind, document), None, &[])
    }

    /// Stores an object as the admin API does.
    pub(super) async fn put(&self, kind: ObjectKind, document: Value) -> ObjectId {
        let draft = of(kind, &document);
        let checked = self.live.check(&draft, None, &[]).unwrap_or_else(|problems| panic!("{problems:#?}"));
        self.put_as(&draft, &checked).await
    }

    pub(super) async fn put_as(&self, draft: &Draft, checked: &Checked) -> ObjectId {
        let secrets = draft.secrets.iter().filter(|_| draft.kind != ObjectKind::Key);
        let object = NewObject {
            kind: draft.kind,
            id: checked.id,
            name: draft.name.clone(),
            scope: checked.scope,
            body: Value::Object(draft.body.clone()).to_string(),
            secrets: secrets
                .map(|(field, secret)| self.vault.seal_field(checked.id, field, secret).unwrap())
                .collect(),
            keep_secrets: Vec::new(),
            references: checked.references.clone(),
            key: draft
                .secrets
                .iter()
                .find(|_| draft.kind == ObjectKind::Key)
                .map(|(_, secret)| key_row(secret.expose())),
        };
        self.apply(ControlWrite::Put { object, expect: Expect::Anything }).await;
        checked.id
    }

    /// Writes what no client could.
    pub(super) async fn put_raw(&self, kind: ObjectKind, name: &str, body: &str) -> ObjectId {
        let id = ObjectId(vault::stable_id(kind.name(), &domain::Scope::DEFAULT, name));
        let object = NewObject {
            kind,
            id,
            name: name.to_owned(),
            scope: domain::Scope::DEFAULT,
            body: body.to_owned(),
            secrets: Vec::new(),
            keep_secrets: Vec::new(),
            references: Vec::new(),
            key: (kind == ObjectKind::Key).then(|| key_row("canary-key-that-is-broken")),
        };
        self.apply(ControlWrite::Put { object, expect: Expect::Anything }).await;
        id
    }

    pub(super) async fn delete(&self, kind: ObjectKind, id: ObjectId) {
        self.apply(ControlWrite::Delete { kind, id, expect: Expect::Anything }).await;
    }

    pub(super) async fn apply(&self, write: ControlWrite) {
        self.apply_quietly(write).await;
        self.live.advance().await.unwrap();
    }

    /// Nobody is told of it.
    pub(super) async fn apply_quietly(&self, write: ControlWrite) {
        let within = Within::organization(domain::Scope::DEFAULT.organization);
        let actor = Actor { name: "test".to_owned(), address: None };
        let writes = [write];
        self.control
            .apply(Apply { within, actor: &actor, writes: &writes, idempotency: None })
            .await
            .unwrap();
    }

    /// The endpoint that `model` means in the project `default`, as `provider/model` of its first target.
    pub(super) fn resolve(&self, model: &str) -> Option<String> {
        self.resolve_in("default", model)
    }

    pub(super) fn resolve_in(&self, project: &str, model: &str) -> Option<String> {
        let snapshot = self.live.snapshot.load();
        match snapshot.resolve(snapshot.projects[project].project, model) {
            config::Resolved::Endpoint(endpoint) => Some(endpoint.targets[0].label.to_string()),
            config::Resolved::Unknown => None,
        }
    }

    pub(super) fn key(&self, secret: &str) -> Option<Arc<config::snapshot::VirtualKey>> {
        self.live.snapshot.load().keys.get(&hasher().hash(secret.as_bytes()))
    }

    /// Kinds, names and problems of what is set aside.
    pub(super) fn quarantined(&self) -> Vec<String> {
        let status = self.live.status();
        let one = |one: &config::Quarantined| {
            let problems: Vec<_> =
                one.problems.iter().map(|p| format!("{}: {}", p.pointer, p.message)).collect();
            format!("{} {}: {}", one.kind, one.name, problems.join("; "))
        };
        status.quarantined.iter().map(one).collect()
    }
}

async fn open(
    path: Option<PathBuf>,
    control: &Arc<dyn ControlStore>,
    vault: &Arc<Vault>,
) -> Result<Live, LiveError> {
    Live::start(Origins {
        path,
        listen: None,
        environment: Box::new(environment),
        hasher: Arc::new(hasher()),
        vault: Arc::clone(vault),
        control: Arc::clone(control),
    })
    .await
}

pub(super) fn of(kind: ObjectKind, document: &Value) -> Draft {
    draft(kind, document.as_object().unwrap()).unwrap_or_else(|problems| panic!("{problems:#?}"))
}

pub(super) fn key_row(secret: &str) -> KeyRow {
    KeyRow {
        hash: hasher().hash(secret.as_bytes()),
        prefix: *secret.as_bytes().first_chunk().unwrap(),
        length: u32::try_from(secret.len()).unwrap(),
        revoked_at_ms: None,
    }
}
