//! `traces/`: one pair of files per UTC day (`<day>.db` with what a list needs, `<day>.bodies` with the rest) and
//! `index.db` beside them.
//!
//! A trace lies in the day it was first seen, whole, so that retention deletes files. Bodies are appended to a plain
//! file, as they came from the executors: through SQLite each byte would be written twice, and they are most of what
//! a gateway writes. Heads are rows of some hundred calls each: a row per call costs more than the call's relay.

mod append;
mod bodies;
mod chunk;
mod day;
mod files;
mod index;
mod read;
mod recover;
mod scan;
mod unindexed;

use std::path::Path;
use std::sync::Arc;

use domain::{CallId, CallRecord, TraceId};
use tokio::sync::Mutex;

use crate::files::create_private_dir;
use crate::{Appended, CallFilter, CallPage, Cursor, Frames, Reply, StoreError, TraceStore, Within};

pub(super) struct SqliteTraces {
    files: Arc<files::DayFiles>,
    index: index::Index,
    writer: Mutex<append::Writer>,
}

impl SqliteTraces {
    pub(super) async fn open(data_dir: &Path) -> Result<Self, StoreError> {
        let dir = data_dir.join("traces");
        create_private_dir(&dir)?;
        let index = index::Index::open(&dir).await?;
        let files = Arc::new(files::DayFiles::new(dir));
        recover::days(&files, &index).await?;
        Ok(Self { files, index, writer: Mutex::new(append::Writer::default()) })
    }
}

impl TraceStore for SqliteTraces {
    fn append<'a>(&'a self, batch: &'a [Frames]) -> Reply<'a, Appended> {
        Box::pin(async { self.writer.lock().await.append(&self.files, &self.index, batch).await })
    }

    fn list<'a>(
        &'a self,
        within: Within,
        filter: &'a CallFilter,
        after: Option<Cursor>,
        limit: usize,
    ) -> Reply<'a, CallPage> {
        Box::pin(scan::newest(self, within, filter, after, limit))
    }

    fn tail<'a>(
        &'a self,
        within: Within,
        filter: &'a CallFilter,
        after: Option<Cursor>,
        limit: usize,
    ) -> Reply<'a, CallPage> {
        Box::pin(scan::since(self, within, filter, after, limit))
    }

    fn call(&self, within: Within, call: CallId) -> Reply<'_, Option<CallRecord>> {
        Box::pin(read::call(self, within, call))
    }

    fn trace(&self, within: Within, trace: TraceId) -> Reply<'_, Vec<CallRecord>> {
        Box::pin(read::trace(self, within, trace))
    }

    fn delete_before(&self, before_ms: i64) -> Reply<'_, usize> {
        Box::pin(async move {
            // Under the writer's lock: nothing is added to a file while it goes.
            let mut writer = self.writer.lock().await;
            writer.forget_days();
            let before = day::Day::of_ms(before_ms);
            self.files.delete_before(before).await?;
            self.index.forget_before(before).await
        })
    }

    fn close(&self) -> Reply<'_, ()> {
        Box::pin(async {
            self.files.close().await?;
            self.index.close().await
        })
    }
}
