//! `index.db`: which days there are, and where to find what does not lie in the day its id says.

use std::collections::HashMap;
use std::path::Path;

use domain::{CallId, TraceId};
use sqlx::sqlite::{SqliteConnection, SqliteSynchronous};
use sqlx::{AssertSqlSafe, Connection, Row};
use tokio::sync::Mutex;

use super::day::Day;
use super::unindexed::Unindexed;
use crate::StoreError;
use crate::sqlite::database::{Database, Profile};
use crate::sqlite::insert::Insert;
use crate::sqlite::migrate::TRACE_INDEX;

const LOOKED_UP_AT_ONCE: usize = 64;

#[derive(Debug)]
pub(super) struct Index {
    database: Database,
    writer: Mutex<Option<SqliteConnection>>,
    unindexed: Unindexed,
}

/// A day there is a file for, and the chunks that it may hold.
#[derive(Debug, Clone, Copy)]
pub(super) struct DayBounds {
    pub(super) day: Day,
    pub(super) first_chunk: i64,
    pub(super) last_chunk: i64,
}

/// What a batch adds to the index.
#[derive(Debug, Default)]
pub(super) struct IndexEntries {
    pub(super) days: Vec<DayBounds>,
    pub(super) traces: Vec<(TraceId, Day)>,
    pub(super) moved: Vec<(CallId, Day)>,
}

impl IndexEntries {
    fn is_empty(&self) -> bool {
        self.days.is_empty() && self.traces.is_empty() && self.moved.is_empty()
    }
}

impl Index {
    pub(super) async fn open(dir: &Path) -> Result<Self, StoreError> {
        let profile =
            Profile { schema: TRACE_INDEX, synchronous: SqliteSynchronous::Normal, page_size: 4_096 };
        let (database, writer) = Database::open(&dir.join("index.db"), profile).await?;
        Ok(Self { database, writer: Mutex::new(Some(writer)), unindexed: Unindexed::default() })
    }

    pub(super) async fn days(&self) -> Result<Vec<DayBounds>, StoreError> {
        let because = |error| self.database.because(error);
        let rows = sqlx::query("SELECT day, first_chunk, last_chunk FROM days")
            .fetch_all(self.database.readers())
            .await
            .map_err(because)?;
        let bounds = |row: &sqlx::sqlite::SqliteRow| {
            let day = Day(row.try_get(0)?);
            Ok(DayBounds { day, first_chunk: row.try_get(1)?, last_chunk: row.try_get(2)? })
        };
        rows.iter().map(bounds).collect::<Result<_, _>>().map_err(because)
    }

    pub(super) async fn day_of_trace(&self, trace: TraceId) -> Result<Option<Day>, StoreError> {
        match self.unindexed.day_of(trace) {
            Some(day) => Ok(Some(day)),
            None => self.look_up("SELECT day FROM traces WHERE trace = ?", trace.to_bytes()).await,
        }
    }

    /// The days of those of `traces` that are known.
    pub(super) async fn days_of(&self, traces: &[TraceId]) -> Result<HashMap<TraceId, Day>, StoreError> {
        let because = |error| self.database.because(error);
        let waiting = traces.iter().filter_map(|trace| Some((*trace, self.unindexed.day_of(*trace)?)));
        let mut days: HashMap<_, _> = waiting.collect();
        for some in traces.chunks(LOOKED_UP_AT_ONCE) {
            let marks = vec!["?"; LOOKED_UP_AT_ONCE].join(",");
            let sql = format!("SELECT trace, day FROM traces WHERE trace IN ({marks})");
            let mut query = sqlx::query(AssertSqlSafe(sql));
            for trace in some {
                // Marks that are left over count as NULL, which is in no list.
                query = query.bind(trace.to_bytes().to_vec());
            }
            let rows = query.fetch_all(self.database.readers()).await.map_err(because)?;
            for row in rows {
                let trace: Vec<u8> = row.try_get(0).map_err(because)?;
                if let Ok(trace) = trace.try_into() {
                    days.insert(TraceId::from_bytes(trace), Day(row.try_get(1).map_err(because)?));
                }
            }
        }
        Ok(days)
    }

    pub(super) async fn day_of_moved(&self, call: CallId) -> Result<Option<Day>, StoreError> {
        self.look_up("SELECT day FROM moved_calls WHERE call = ?", call.to_bytes()).await
    }

    async fn look_up(&self, sql: &'static str, id: [u8; 16]) -> Result<Option<Day>, StoreError> {
        let day = sqlx::query_scalar(sql).bind(id.to_vec()).fetch_optional(self.database.readers()).await;
        day.map(|day| day.map(Day)).map_err(|error| self.database.because(error))
    }

    /// Writes `entries` down; many traces may wait for more of them.
    pub(super) async fn add(&self, mut entries: IndexEntries) -> Result<(), StoreError> {
        entries.traces = self.unindexed.exchange(entries.traces);
        let added = self.write_down(&entries).await;
        if added.is_err() {
            self.unindexed.put_back(entries.traces);
        }
        added
    }

    async fn write_down(&self, entries: &IndexEntries) -> Result<(), StoreError> {
        if entries.is_empty() {
            return Ok(());
        }
        let mut writer = self.writer.lock().await;
        let mut connection = match writer.take() {
            Some(connection) => connection,
            None => self.database.connect().await?,
        };
        write(&mut connection, entries).await.map_err(|error| self.database.because(error))?;
        *writer = Some(connection);
        Ok(())
    }

    /// Forgets the days before `before` and returns how many there were.
    pub(super) async fn forget_before(&self, before: Day) -> Result<usize, StoreError> {
        self.unindexed.forget_before(before);
        let mut writer = self.writer.lock().await;
        let mut connection = match writer.take() {
            Some(connection) => connection,
            None => self.database.connect().await?,
        };
        let forgotten =
            forget(&mut connection, before).await.map_err(|error| self.database.because(error))?;
        *writer = Some(connection);
        Ok(usize::try_from(forgotten).unwrap_or(usize::MAX))
    }

    pub(super) async fn close(&self) -> Result<(), StoreError> {
        let traces = self.unindexed.take();
        self.write_down(&IndexEntries { traces, ..IndexEntries::default() }).await?;
        self.database.close(self.writer.lock().await.take()).await
    }
}

async fn write(connection: &mut SqliteConnection, entries: &IndexEntries) -> Result<(), sqlx::Error> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    for bounds in &entries.days {
        sqlx::query(
            "INSERT INTO days (day, first_chunk, last_chunk) VALUES (?, ?, ?)
             ON CONFLICT DO UPDATE SET first_chunk = MIN(first_chunk, excluded.first_chunk),
                                       last_chunk = MAX(last_chunk, excluded.last_chunk)",
        )
        .bind(bounds.day.0)
        .bind(bounds.first_chunk)
        .bind(bounds.last_chunk)
        .execute(&mut *transaction)
        .await?;
    }
    if !entries.traces.is_empty() {
        let insert = Insert::new("INSERT OR IGNORE INTO traces (trace, day)", "(?,?)", "");
        insert
            .run(&mut transaction, &entries.traces, |(trace, day), into| {
                into.value(trace.to_bytes().as_slice()).value(day.0);
            })
            .await?;
    }
    if !entries.moved.is_empty() {
        let insert = Insert::new("INSERT OR IGNORE INTO moved_calls (call, day)", "(?,?)", "");
        insert
            .run(&mut transaction, &entries.moved, |(call, day), into| {
                into.value(call.to_bytes().as_slice()).value(day.0);
            })
            .await?;
    }
    transaction.commit().await
}

async fn forget(connection: &mut SqliteConnection, before: Day) -> Result<u64, sqlx::Error> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    let days =
        sqlx::query("DELETE FROM days WHERE day < ?").bind(before.0).execute(&mut *transaction).await?;
    for sql in ["DELETE FROM traces WHERE day < ?", "DELETE FROM moved_calls WHERE day < ?"] {
        sqlx::query(sql).bind(before.0).execute(&mut *transaction).await?;
    }
    transaction.commit().await?;
    Ok(days.rows_affected())
}
