//! Reads single calls, and the calls of a trace.

use std::sync::Arc;

use domain::{CallId, CallRecord, TraceId};
use sqlx::sqlite::SqliteArguments;
use sqlx::{Arguments, AssertSqlSafe, Row};

use super::SqliteTraces;
use super::chunk::{link, stored};
use super::day::{Day, call_ms, now_us};
use super::files::DayFile;
use super::scan::within_sql;
use crate::{CallFrame, StoreError, Within};

/// Calls of one trace that are shown.
const TRACE_CALLS: usize = 1_000;

/// How far the clock may have gone back between a call's beginning and its being written.
const CLOCK_SLACK_MS: i64 = 3_600_000;

/// Chunks looked into at once.
const ROWS: i64 = 8;

pub(super) async fn call(
    traces: &SqliteTraces,
    within: Within,
    call: CallId,
) -> Result<Option<CallRecord>, StoreError> {
    let day = traces.index.day_of_moved(call).await?.unwrap_or(Day::of_call(call));
    match traces.files.existing(day).await? {
        Some(file) => find(&file, within, call).await,
        None => Ok(None),
    }
}

pub(super) async fn trace(
    traces: &SqliteTraces,
    within: Within,
    trace: TraceId,
) -> Result<Vec<CallRecord>, StoreError> {
    let today = Day::of_ms(now_us() / 1_000);
    let days = match traces.index.day_of_trace(trace).await? {
        Some(day) => vec![day],
        // The day that the id says, if it says one; the others are for what an earlier process did not index in time.
        None => vec![Day::of_call(CallId(trace.0)), today, Day(today.0 - 1)],
    };
    for day in days {
        if let Some(file) = traces.files.existing(day).await? {
            let mut found = linked(&file, within, trace).await?;
            // A trace that we began has the id of its first call.
            found.extend(find(&file, within, CallId(trace.0)).await?);
            if !found.is_empty() {
                found.sort_by_key(|record| (record.started_at_us, record.call));
                return Ok(found);
            }
        }
    }
    Ok(Vec::new())
}

/// The calls of a day that belong to `trace` and did not begin it.
async fn linked(file: &Arc<DayFile>, within: Within, trace: TraceId) -> Result<Vec<CallRecord>, StoreError> {
    let because = |error| file.database.because(error);
    let mut found = Vec::new();
    let mut from = 0;
    loop {
        let mut arguments = SqliteArguments::default();
        let condition = within_sql(within, &mut arguments).map_err(because)?;
        let encode = |error| because(sqlx::Error::Encode(error));
        arguments.add(from).map_err(encode)?;
        arguments.add(link(trace).to_vec()).map_err(encode)?;
        arguments.add(ROWS).map_err(encode)?;
        let sql = format!(
            "SELECT chunk, heads FROM chunks
             WHERE {condition} AND chunk >= ? AND instr(links, ?) > 0 ORDER BY chunk LIMIT ?"
        );
        let rows = sqlx::query_with(AssertSqlSafe(sql), arguments)
            .fetch_all(file.database.readers())
            .await
            .map_err(because)?;
        let Some(last) = rows.last() else { return Ok(found) };
        from = last.try_get::<i64, _>(0).map_err(because)? + 1;
        for row in &rows {
            let heads: Vec<u8> = row.try_get(1).map_err(because)?;
            for stored in
                stored(&heads).filter(|stored| stored.frame.trace == trace && stored.frame.is_linked())
            {
                found.push(read_bodies(file, &stored.frame, stored.offset).await?);
                if found.len() == TRACE_CALLS {
                    return Ok(found);
                }
            }
        }
    }
}

/// A call in the file of a day.
async fn find(file: &Arc<DayFile>, within: Within, call: CallId) -> Result<Option<CallRecord>, StoreError> {
    let because = |error| file.database.because(error);
    // A call is written after it began, so chunks from before need no look; unless its id lies in the future.
    let began_us = call_ms(call).saturating_sub(CLOCK_SLACK_MS).saturating_mul(1_000);
    let mut from = if began_us < now_us() { began_us } else { 0 };
    loop {
        let mut arguments = SqliteArguments::default();
        let condition = within_sql(within, &mut arguments).map_err(because)?;
        let encode = |error| because(sqlx::Error::Encode(error));
        arguments.add(from).map_err(encode)?;
        arguments.add(call.to_bytes().to_vec()).map_err(encode)?;
        arguments.add(call.to_bytes().to_vec()).map_err(encode)?;
        arguments.add(ROWS).map_err(encode)?;
        let sql = format!(
            "SELECT chunk, heads FROM chunks
             WHERE {condition} AND chunk >= ? AND first_call <= ? AND last_call >= ? ORDER BY chunk LIMIT ?"
        );
        let rows = sqlx::query_with(AssertSqlSafe(sql), arguments)
            .fetch_all(file.database.readers())
            .await
            .map_err(because)?;
        let Some(last) = rows.last() else { return Ok(None) };
        from = last.try_get::<i64, _>(0).map_err(because)? + 1;
        for row in &rows {
            let heads: Vec<u8> = row.try_get(1).map_err(because)?;
            if let Some(found) = stored(&heads).find(|stored| stored.frame.call == call) {
                return read_bodies(file, &found.frame, found.offset).await.map(Some);
            }
        }
    }
}

/// Bodies are not synced to the disk with their heads: after a loss of power there may be one without the other.
async fn read_bodies(
    file: &Arc<DayFile>,
    head: &CallFrame<'_>,
    offset: u64,
) -> Result<CallRecord, StoreError> {
    let bodies = Arc::clone(file);
    let length = head.len_bytes();
    let read = tokio::task::spawn_blocking(move || bodies.bodies.read(offset, length)).await;
    let frame =
        read.unwrap_or_else(|_| Err(StoreError::damaged("the bodies of a call", "the read was cut off")));
    let record = frame.and_then(|frame| {
        let damaged = |why: String| StoreError::damaged(format!("call {}", head.call), why);
        match CallFrame::split(&frame) {
            Ok((frame, _)) if frame.call == head.call => {
                frame.record().map_err(|error| damaged(error.to_string()))
            }
            Ok(_) => Err(damaged("another call lies in its place".to_owned())),
            Err(error) => Err(damaged(error.to_string())),
        }
    });
    record.or_else(|error| {
        tracing::warn!(call = %head.call, %error, "a call is shown without its attempts and payloads");
        let mut record = head
            .record_without_detail()
            .map_err(|error| StoreError::damaged(format!("call {}", head.call), error.to_string()))?;
        record.notes.push("the attempts and payloads of this call were lost".to_owned());
        Ok(record)
    })
}
