//! A data directory with a store and a vault in it.

use std::path::{Path, PathBuf};

use domain::{ObjectId, ObjectKind, Scope, Secret};
use store::{Actor, Apply, ControlWrite, Expect, NewObject, SealedField, StoreError, StoredObject, Within};
use vault::{DataDir, Vault, VaultKeys};

pub(crate) const ALL: Within = Within::organization(Scope::DEFAULT.organization);

pub(crate) fn actor() -> Actor {
    Actor { name: "admin".to_owned(), address: None }
}

pub(crate) fn configured(current: u8, previous: &[u8]) -> Option<VaultKeys> {
    let key = |byte: u8| Secret::new([byte; 32]);
    Some(VaultKeys { current: key(current), previous: previous.iter().copied().map(key).collect() })
}

pub(crate) struct Scene {
    _root: Option<tempfile::TempDir>,
    pub(crate) dir: PathBuf,
    pub(crate) stores: store::sqlite::Stores,
}

impl Scene {
    pub(crate) async fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let scene = Self::at(&root.path().join("data")).await;
        Self { _root: Some(root), ..scene }
    }

    /// In a directory of somebody else.
    pub(crate) async fn at(dir: &Path) -> Self {
        let stores = store::sqlite::open(dir).await.unwrap();
        Self { _root: None, dir: dir.to_owned(), stores }
    }

    pub(crate) fn data_dir(&self) -> DataDir {
        DataDir::open(&self.dir).unwrap()
    }

    /// As after a start.
    pub(crate) fn vault(&self, configured: Option<VaultKeys>) -> Vault {
        Vault::open(&mut self.data_dir(), configured).unwrap()
    }

    pub(crate) fn key_file(&self) -> PathBuf {
        self.dir.join("vault-key")
    }

    pub(crate) async fn put(&self, id: u128, secrets: Vec<SealedField>) -> Result<(), StoreError> {
        let object = NewObject {
            kind: ObjectKind::Credential,
            id: ObjectId(id),
            name: format!("c{id}"),
            scope: Scope::DEFAULT,
            body: "{}".to_owned(),
            secrets,
            keep_secrets: Vec::new(),
            references: Vec::new(),
            key: None,
        };
        let writes = [ControlWrite::Put { object, expect: Expect::Anything }];
        let apply = Apply { within: ALL, actor: &actor(), writes: &writes, idempotency: None };
        self.stores.control.apply(apply).await.map(drop)
    }

    pub(crate) async fn store_secrets(&self, vault: &Vault, ids: std::ops::Range<u128>) {
        for id in ids {
            let sealed = vault.seal_field(ObjectId(id), "api_key", &secret(id)).unwrap();
            self.put(id, vec![sealed]).await.unwrap();
        }
    }

    pub(crate) async fn objects(&self) -> Vec<StoredObject> {
        self.stores.control.all(None, 5_000).await.unwrap()
    }

    /// Every stored secret is what it was.
    pub(crate) async fn assert_all_open(&self, vault: &Vault) {
        for object in self.objects().await {
            for field in &object.secrets {
                assert_eq!(vault.open_field(object.id, field).unwrap(), secret(object.id.0));
            }
        }
    }
}

pub(crate) fn secret(id: u128) -> Secret<String> {
    Secret::new(format!("sk-canary-{id:032}"))
}

pub(crate) fn lines(path: &Path) -> usize {
    std::fs::read_to_string(path).unwrap().lines().count()
}
