//! The backends that the contract is run over, each with two handles on one database.

use std::future::Future;
use std::path::{Path, PathBuf};

use store::sqlite::Stores;

/// Two handles on one database: what is written through one is read through the other.
pub(crate) struct Pair {
    pub(crate) one: Stores,
    pub(crate) two: Stores,
    pub(crate) dir: PathBuf,
}

impl Pair {
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }
}

/// Runs a test of the contract over every backend.
pub(crate) fn each<F: Future<Output = ()>>(test: impl Fn(Pair) -> F) {
    run(async {
        let dir = tempfile::tempdir().unwrap();
        let one = store::sqlite::open(dir.path()).await.unwrap();
        let two = store::sqlite::open(dir.path()).await.unwrap();
        test(Pair { one, two, dir: dir.path().to_owned() }).await;
    });
}

pub(crate) fn run<T>(test: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test)
}
