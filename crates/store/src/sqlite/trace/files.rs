//! The files of a day, opened when they are needed.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sqlx::sqlite::{SqliteConnection, SqliteSynchronous};
use tokio::sync::Mutex;

use super::bodies::Bodies;
use super::day::Day;
use crate::StoreError;
use crate::sqlite::aside::put_aside;
use crate::sqlite::database::{Database, Profile};
use crate::sqlite::migrate::TRACE_DAY;

/// Days kept open: today, the one before, and what somebody is looking at.
const OPEN_DAYS: usize = 4;

#[derive(Debug)]
pub(super) struct DayFile {
    pub(super) database: Database,
    pub(super) bodies: Bodies,
    /// For the one writer; absent after a failure.
    pub(super) writer: Mutex<Option<SqliteConnection>>,
}

#[derive(Debug)]
pub(super) struct DayFiles {
    dir: PathBuf,
    open: Mutex<OpenDays>,
}

#[derive(Debug, Default)]
struct OpenDays {
    days: HashMap<Day, (u64, Arc<DayFile>)>,
    clock: u64,
}

impl DayFiles {
    pub(super) fn new(dir: PathBuf) -> Self {
        Self { dir, open: Mutex::default() }
    }

    fn path(&self, day: Day, suffix: &str) -> PathBuf {
        self.dir.join(format!("{day}.{suffix}"))
    }

    /// The file of a day to read from; `None` where there is none.
    pub(super) async fn existing(&self, day: Day) -> Result<Option<Arc<DayFile>>, StoreError> {
        self.open(day, false).await
    }

    /// The file of a day to write to.
    pub(super) async fn create(&self, day: Day) -> Result<Arc<DayFile>, StoreError> {
        let missing = || StoreError::io(&self.path(day, "db"), io::Error::from(io::ErrorKind::NotFound));
        self.open(day, true).await?.ok_or_else(missing)
    }

    async fn open(&self, day: Day, create: bool) -> Result<Option<Arc<DayFile>>, StoreError> {
        let mut open = self.open.lock().await;
        open.clock += 1;
        let now = open.clock;
        if let Some((used, file)) = open.days.get_mut(&day) {
            *used = now;
            return Ok(Some(Arc::clone(file)));
        }
        let path = self.path(day, "db");
        if !create && !path.exists() {
            return Ok(None);
        }
        let profile =
            Profile { schema: TRACE_DAY, synchronous: SqliteSynchronous::Normal, page_size: 16_384 };
        let (database, writer) = Database::open(&path, profile).await?;
        let bodies = Bodies::new(self.path(day, "bodies"));
        let file = Arc::new(DayFile { database, bodies, writer: Mutex::new(create.then_some(writer)) });
        let idle = open.days.iter().min_by_key(|(_, (used, _))| *used).map(|(day, _)| *day);
        if let Some(idle) = idle.filter(|_| open.days.len() >= OPEN_DAYS) {
            // Its files close when the last reader lets go of it.
            open.days.remove(&idle);
        }
        open.days.insert(day, (now, Arc::clone(&file)));
        Ok(Some(file))
    }

    /// The days there are databases for.
    pub(super) fn days(&self) -> Result<Vec<Day>, StoreError> {
        let mut days = Vec::new();
        for entry in fs::read_dir(&self.dir).map_err(|source| StoreError::io(&self.dir, source))? {
            let name = entry.map_err(|source| StoreError::io(&self.dir, source))?.file_name();
            days.extend(name.to_str().and_then(|name| name.strip_suffix(".db")?.parse::<Day>().ok()));
        }
        days.sort_unstable();
        Ok(days)
    }

    /// Does `error` say that the database of `day` is damaged?
    pub(super) fn is_about(&self, error: &StoreError, day: Day) -> bool {
        matches!(error, StoreError::Corrupt { file } if Path::new(file) == self.path(day, "db"))
    }

    /// Puts the database of a day aside, whose bodies stay: calls of that day that come later begin a new one.
    pub(super) async fn put_aside(&self, day: Day) -> Result<PathBuf, StoreError> {
        let mut open = self.open.lock().await;
        if let Some((_, file)) = open.days.remove(&day) {
            let writer = file.writer.lock().await.take();
            if let Err(error) = file.database.close(writer).await {
                tracing::warn!(%day, %error, "a damaged day of traces could not be closed in order");
            }
        }
        put_aside(&self.path(day, "db"))
    }

    /// Removes the files of every day before `before`.
    pub(super) async fn delete_before(&self, before: Day) -> Result<(), StoreError> {
        let mut open = self.open.lock().await;
        open.days.retain(|day, _| *day >= before);
        // Names sort as dates do; `index.db` begins with no digit.
        let first_kept = before.to_string();
        for entry in fs::read_dir(&self.dir).map_err(|source| StoreError::io(&self.dir, source))? {
            let entry = entry.map_err(|source| StoreError::io(&self.dir, source))?;
            let name = entry.file_name();
            let Some(date) = name.to_str().and_then(|name| name.get(..first_kept.len())) else {
                continue;
            };
            if date.starts_with(|c: char| c.is_ascii_digit()) && date < first_kept.as_str() {
                remove(&entry.path())?;
            }
        }
        Ok(())
    }

    pub(super) async fn close(&self) -> Result<(), StoreError> {
        let days = std::mem::take(&mut self.open.lock().await.days);
        for (_, file) in days.into_values() {
            let writer = file.writer.lock().await.take();
            file.database.close(writer).await?;
        }
        Ok(())
    }
}

fn remove(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(StoreError::io(path, error)),
        _ => Ok(()),
    }
}
