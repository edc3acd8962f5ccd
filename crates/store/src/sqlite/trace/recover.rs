//! Finds the days again when the index is a new one: it was put aside, or is missing from a backup.
//!
//! What the index alone knew is lost: calls that lie in another day than their own, and the days of traces whose ids do
//! not say them. Such a trace is looked for in the days of about now.

use sqlx::Row;

use super::files::DayFiles;
use super::index::{DayBounds, Index, IndexEntries};
use crate::StoreError;

/// Tells an empty index of the days there are files for.
pub(super) async fn days(files: &DayFiles, index: &Index) -> Result<(), StoreError> {
    if !index.days().await?.is_empty() {
        return Ok(());
    }
    let mut entries = IndexEntries::default();
    for day in files.days()? {
        // A damaged day keeps nobody from the others.
        match bounds(files, day).await {
            Ok(Some(bounds)) => entries.days.push(bounds),
            Ok(None) => {}
            Err(error) => tracing::error!(%day, %error, "a day of traces cannot be read"),
        }
    }
    if !entries.days.is_empty() {
        tracing::warn!(days = entries.days.len(), "the index of traces is new; the days were found again");
    }
    index.add(entries).await
}

async fn bounds(files: &DayFiles, day: super::day::Day) -> Result<Option<DayBounds>, StoreError> {
    let Some(file) = files.existing(day).await? else { return Ok(None) };
    let because = |error| file.database.because(error);
    let row = sqlx::query("SELECT MIN(chunk), MAX(chunk) FROM chunks")
        .fetch_one(file.database.readers())
        .await
        .map_err(because)?;
    let first: Option<i64> = row.try_get(0).map_err(because)?;
    let last: Option<i64> = row.try_get(1).map_err(because)?;
    Ok(first.zip(last).map(|(first_chunk, last_chunk)| DayBounds { day, first_chunk, last_chunk }))
}
