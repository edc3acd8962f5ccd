//! `control.db`: what is configured over the admin API, what changed and who changed it.

mod apply;
mod audit;
mod delete;
mod idempotency;
mod key_uses;
mod put;
mod read;
mod references;
mod rows;
mod secrets;
mod sessions;

use std::path::Path;
use std::time::SystemTime;

use domain::{ObjectId, ObjectKind, Scope};
use sqlx::Executor;
use sqlx::sqlite::{SqliteConnection, SqliteSynchronous};
use tokio::sync::{Mutex, MutexGuard};

use super::database::{Database, Profile};
use super::migrate::CONTROL;
use crate::{
    Actor, Apply, AuditPage, AuditQuery, Change, Committed, ControlStore, Idempotency, KeyTombstone,
    ListQuery, ObjectPage, ObjectUse, Reply, Reseal, SealedRow, Session, StoreError, StoredObject,
    StoredResponse, Within,
};

pub(super) struct SqliteControl {
    database: Database,
    /// Absent after a failure: the next write begins with a fresh one.
    writer: Mutex<Option<SqliteConnection>>,
}

/// Why a transaction was given up.
#[derive(Debug)]
enum Refused {
    /// What was asked for does not fit what is stored.
    Store(StoreError),
    Database(sqlx::Error),
}

impl From<sqlx::Error> for Refused {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// The one connection that writes, while somebody writes.
struct Writing<'a> {
    database: &'a Database,
    slot: MutexGuard<'a, Option<SqliteConnection>>,
    connection: SqliteConnection,
}

impl Writing<'_> {
    /// Puts the connection back for the next writer, unless it is not known what state it is in.
    fn done<T>(mut self, result: Result<T, Refused>) -> Result<T, StoreError> {
        match result {
            Ok(value) => {
                *self.slot = Some(self.connection);
                Ok(value)
            }
            Err(Refused::Store(error)) => {
                *self.slot = Some(self.connection);
                Err(error)
            }
            Err(Refused::Database(error)) => Err(self.database.because(error)),
        }
    }
}

impl SqliteControl {
    pub(super) async fn open(data_dir: &Path) -> Result<Self, StoreError> {
        let profile = Profile { schema: CONTROL, synchronous: SqliteSynchronous::Full, page_size: 4_096 };
        let (database, mut writer) = Database::open(&data_dir.join("control.db"), profile).await?;
        enforce(&mut writer).await.map_err(|error| database.because(error))?;
        Ok(Self { database, writer: Mutex::new(Some(writer)) })
    }

    async fn writing(&self) -> Result<Writing<'_>, StoreError> {
        let mut slot = self.writer.lock().await;
        let connection = match slot.take() {
            Some(connection) => connection,
            None => {
                let mut connection = self.database.connect().await?;
                enforce(&mut connection).await.map_err(|error| self.database.because(error))?;
                connection
            }
        };
        Ok(Writing { database: &self.database, slot, connection })
    }
}

/// Other files have no rows that point at each other; here a row must not outlive what it belongs to.
async fn enforce(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    connection.execute("PRAGMA foreign_keys = ON").await.map(drop)
}

/// Milliseconds since the Unix epoch.
fn now_ms() -> i64 {
    let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX)
}

/// Runs `$work` on the connection that writes, which it takes as `$connection`.
macro_rules! with_writer {
    ($self:ident, |$connection:ident| $work:expr) => {
        Box::pin(async move {
            let mut writing = $self.writing().await?;
            let $connection = &mut writing.connection;
            let result = $work.await;
            writing.done(result)
        })
    };
}

impl ControlStore for SqliteControl {
    fn revision(&self) -> Reply<'_, i64> {
        Box::pin(read::revision(&self.database))
    }

    fn apply<'a>(&'a self, apply: Apply<'a>) -> Reply<'a, Committed> {
        with_writer!(self, |connection| apply::run(connection, &apply))
    }

    fn get(&self, within: Within, kind: ObjectKind, id: ObjectId) -> Reply<'_, Option<StoredObject>> {
        Box::pin(read::get(&self.database, within, kind, id))
    }

    fn find<'a>(
        &'a self,
        within: Within,
        kind: ObjectKind,
        scope: Scope,
        name: &'a str,
    ) -> Reply<'a, Option<StoredObject>> {
        Box::pin(read::find(&self.database, within, kind, scope, name))
    }

    fn list<'a>(&'a self, within: Within, kind: ObjectKind, query: &'a ListQuery) -> Reply<'a, ObjectPage> {
        Box::pin(read::list(&self.database, within, kind, query))
    }

    fn users_of(&self, within: Within, id: ObjectId) -> Reply<'_, Vec<ObjectUse>> {
        Box::pin(references::users_of(&self.database, within, id))
    }

    fn all(&self, after: Option<(ObjectKind, ObjectId)>, limit: usize) -> Reply<'_, Vec<StoredObject>> {
        Box::pin(read::all(&self.database, after, limit))
    }

    fn changes_since(&self, revision: i64, limit: usize) -> Reply<'_, Vec<Change>> {
        Box::pin(read::changes_since(&self.database, revision, limit))
    }

    fn load<'a>(&'a self, ids: &'a [ObjectId]) -> Reply<'a, Vec<StoredObject>> {
        Box::pin(read::load(&self.database, ids))
    }

    fn tombstones(&self, after: Option<[u8; 32]>, limit: usize) -> Reply<'_, Vec<KeyTombstone>> {
        Box::pin(read::tombstones(&self.database, after, limit))
    }

    fn audit<'a>(&'a self, within: Within, query: &'a AuditQuery) -> Reply<'a, AuditPage> {
        Box::pin(audit::page(&self.database, within, query))
    }

    fn note<'a>(&'a self, scope: Scope, actor: &'a Actor, action: &'a str, detail: &'a str) -> Reply<'a, ()> {
        with_writer!(self, |connection| audit::note(connection, scope, actor, action, detail))
    }

    fn sealed_not_under<'a>(
        &'a self,
        key_id: &'a str,
        after: Option<&'a SealedRow>,
        limit: usize,
    ) -> Reply<'a, Vec<SealedRow>> {
        Box::pin(secrets::not_under(&self.database, key_id, after, limit))
    }

    fn reseal<'a>(&'a self, rows: &'a [Reseal]) -> Reply<'a, usize> {
        with_writer!(self, |connection| secrets::reseal(connection, rows))
    }

    fn sealed_under(&self) -> Reply<'_, Vec<(String, u64)>> {
        Box::pin(secrets::under(&self.database))
    }

    fn retire_vault_key<'a>(&'a self, key_id: &'a str) -> Reply<'a, bool> {
        with_writer!(self, |connection| secrets::retire(connection, key_id))
    }

    fn touch_keys<'a>(&'a self, uses: &'a [(ObjectId, i64)]) -> Reply<'a, ()> {
        with_writer!(self, |connection| key_uses::touch(connection, uses))
    }

    fn last_used<'a>(&'a self, keys: &'a [ObjectId]) -> Reply<'a, Vec<(ObjectId, i64)>> {
        Box::pin(key_uses::last_used(&self.database, keys))
    }

    fn put_session<'a>(&'a self, session: &'a Session) -> Reply<'a, ()> {
        with_writer!(self, |connection| sessions::put(connection, session))
    }

    fn session(&self, hash: [u8; 32], now_ms: i64) -> Reply<'_, Option<Session>> {
        Box::pin(sessions::get(&self.database, hash, now_ms))
    }

    fn delete_session(&self, hash: [u8; 32]) -> Reply<'_, bool> {
        with_writer!(self, |connection| sessions::delete(connection, hash))
    }

    fn put_code(&self, hash: [u8; 32], now_ms: i64, expires_at_ms: i64) -> Reply<'_, ()> {
        with_writer!(self, |connection| sessions::put_code(connection, hash, now_ms, expires_at_ms))
    }

    fn take_code(&self, hash: [u8; 32], now_ms: i64) -> Reply<'_, bool> {
        with_writer!(self, |connection| sessions::take_code(connection, hash, now_ms))
    }

    fn replay<'a>(&'a self, idempotency: Idempotency<'a>) -> Reply<'a, Option<StoredResponse>> {
        Box::pin(idempotency::replay(&self.database, idempotency))
    }

    fn remember<'a>(&'a self, idempotency: Idempotency<'a>, response: &'a StoredResponse) -> Reply<'a, ()> {
        with_writer!(self, |connection| idempotency::remember(connection, idempotency, response))
    }

    fn close(&self) -> Reply<'_, ()> {
        Box::pin(async { self.database.close(self.writer.lock().await.take()).await })
    }
}
