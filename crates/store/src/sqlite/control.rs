//! `control.db`: the tenants, what changed and who changed it.

use std::path::Path;

use domain::Scope;
use sqlx::sqlite::{SqliteConnection, SqliteSynchronous};
use sqlx::{Connection, Row};
use tokio::sync::Mutex;

use super::database::{Database, Profile};
use super::migrate::CONTROL;
use crate::{Change, ChangeKind, ControlStore, ControlWrite, Reply, StoreError};

const PAGE_LIMIT: usize = 1_000;

pub(super) struct SqliteControl {
    database: Database,
    writer: Mutex<Option<SqliteConnection>>,
}

impl SqliteControl {
    pub(super) async fn open(data_dir: &Path) -> Result<Self, StoreError> {
        let profile = Profile { schema: CONTROL, synchronous: SqliteSynchronous::Full, page_size: 4_096 };
        let (database, writer) = Database::open(&data_dir.join("control.db"), profile).await?;
        Ok(Self { database, writer: Mutex::new(Some(writer)) })
    }

    async fn write(
        &self,
        scope: Scope,
        actor: &str,
        expected: i64,
        changes: &[ControlWrite],
    ) -> Result<i64, StoreError> {
        let because = |error| self.database.because(error);
        let mut guard = self.writer.lock().await;
        let connection = match guard.take() {
            Some(connection) => connection,
            None => self.database.connect().await?,
        };
        let mut transaction =
            guard.insert(connection).begin_with("BEGIN IMMEDIATE").await.map_err(because)?;
        let found = revision(&mut transaction).await.map_err(because)?;
        if found != expected {
            return Err(StoreError::Conflict { expected, found });
        }
        for change in changes {
            insert(&mut transaction, scope, actor, change).await.map_err(because)?;
        }
        let revision = revision(&mut transaction).await.map_err(because)?;
        transaction.commit().await.map_err(because)?;
        Ok(revision)
    }

    async fn read_changes(&self, scope: Scope, after: i64, limit: usize) -> Result<Vec<Change>, StoreError> {
        let rows = sqlx::query(
            "SELECT seq, kind, id, deleted FROM changes
             WHERE seq > ? AND organization = ? AND team = ? AND project = ? ORDER BY seq LIMIT ?",
        )
        .bind(after)
        .bind(scope.organization.to_bytes().to_vec())
        .bind(scope.team.to_bytes().to_vec())
        .bind(scope.project.to_bytes().to_vec())
        .bind(i64::try_from(limit.min(PAGE_LIMIT)).unwrap_or(i64::MAX))
        .fetch_all(self.database.readers())
        .await
        .map_err(|error| self.database.because(error))?;
        let change = |row: &sqlx::sqlite::SqliteRow| {
            let kind = if row.try_get(3)? { ChangeKind::Delete } else { ChangeKind::Put };
            Ok(Change { revision: row.try_get(0)?, object: row.try_get(1)?, id: row.try_get(2)?, kind })
        };
        rows.iter().map(change).collect::<Result<_, _>>().map_err(|error| self.database.because(error))
    }
}

impl ControlStore for SqliteControl {
    fn revision(&self) -> Reply<'_, i64> {
        Box::pin(async {
            let mut reader =
                self.database.readers().acquire().await.map_err(|error| self.database.because(error))?;
            revision(&mut reader).await.map_err(|error| self.database.because(error))
        })
    }

    fn apply<'a>(
        &'a self,
        scope: Scope,
        actor: &'a str,
        expected_revision: i64,
        changes: &'a [ControlWrite],
    ) -> Reply<'a, i64> {
        Box::pin(self.write(scope, actor, expected_revision, changes))
    }

    fn changes_since(&self, scope: Scope, revision: i64, limit: usize) -> Reply<'_, Vec<Change>> {
        Box::pin(self.read_changes(scope, revision, limit))
    }

    fn close(&self) -> Reply<'_, ()> {
        Box::pin(async { self.database.close(self.writer.lock().await.take()).await })
    }
}

async fn revision(connection: &mut SqliteConnection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("SELECT COALESCE(MAX(seq), 0) FROM changes").fetch_one(connection).await
}

async fn insert(
    connection: &mut SqliteConnection,
    scope: Scope,
    actor: &str,
    change: &ControlWrite,
) -> Result<(), sqlx::Error> {
    let tenant = [scope.organization.to_bytes(), scope.team.to_bytes(), scope.project.to_bytes()];
    let (deleted, action) = match change.kind {
        ChangeKind::Put => (false, "put"),
        ChangeKind::Delete => (true, "delete"),
    };
    let sql =
        "INSERT INTO changes (kind, id, deleted, organization, team, project) VALUES (?, ?, ?, ?, ?, ?)";
    let mut query = sqlx::query(sql).bind(change.object.clone()).bind(change.id.clone()).bind(deleted);
    for id in tenant {
        query = query.bind(id.to_vec());
    }
    let seq = query.execute(&mut *connection).await?.last_insert_rowid();
    let mut query = sqlx::query(
        "INSERT INTO audit (seq, at_ms, actor, action, kind, id, organization, team, project)
         VALUES (?, CAST(unixepoch('subsec') * 1000 AS INTEGER), ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(seq)
    .bind(actor.to_owned())
    .bind(action)
    .bind(change.object.clone())
    .bind(change.id.clone());
    for id in tenant {
        query = query.bind(id.to_vec());
    }
    query.execute(connection).await.map(drop)
}
