//! Walks through the chunks of all days in the order they were written, either way.
//!
//! Days overlap a little (a call ends after midnight, a trace goes on the next day), so their chunks are woven
//! together by number; a file is opened only when its turn comes.

use std::collections::VecDeque;

use domain::{OrganizationId, ProjectId, TeamId};
use sqlx::sqlite::SqliteArguments;
use sqlx::{Arguments, AssertSqlSafe, Row};

use super::SqliteTraces;
use super::chunk::{Stored, stored};
use super::day::Day;
use super::files::DayFile;
use super::index::DayBounds;
use crate::trace::PAGE_LIMIT;
use crate::{CallFilter, CallPage, CallSummary, Cursor, StoreError, Within};

/// Chunks read from a file at once.
const ROWS: i64 = 8;

pub(super) async fn newest(
    traces: &SqliteTraces,
    within: Within,
    filter: &CallFilter,
    after: Option<Cursor>,
    limit: usize,
) -> Result<CallPage, StoreError> {
    let start = after.unwrap_or(Cursor { chunk: i64::MAX, index: u32::MAX });
    let mut scan = Scan::new(traces, within, filter, start, limit, Order::NewestFirst).await?;
    let full = scan.run().await?;
    Ok(CallPage { next: scan.position.filter(|_| full), calls: scan.calls })
}

pub(super) async fn since(
    traces: &SqliteTraces,
    within: Within,
    filter: &CallFilter,
    after: Option<Cursor>,
    limit: usize,
) -> Result<CallPage, StoreError> {
    let Some(start) = after else {
        let now = Cursor { chunk: last_chunk(traces).await?, index: u32::MAX };
        return Ok(CallPage { calls: Vec::new(), next: Some(now) });
    };
    let mut scan = Scan::new(traces, within, filter, start, limit, Order::OldestFirst).await?;
    scan.run().await?;
    Ok(CallPage { next: scan.position.or(Some(start)), calls: scan.calls })
}

/// The chunk written last, over all days and projects; 0 if there is none. The bounds of a day are set ahead, so its
/// file is asked.
async fn last_chunk(traces: &SqliteTraces) -> Result<i64, StoreError> {
    let mut days = traces.index.days().await?;
    days.sort_unstable_by_key(|bounds| std::cmp::Reverse(bounds.last_chunk));
    let mut last = 0;
    for bounds in days {
        if bounds.last_chunk <= last {
            break;
        }
        let Some(file) = traces.files.existing(bounds.day).await? else { continue };
        let found: Option<i64> = sqlx::query_scalar("SELECT MAX(chunk) FROM chunks")
            .fetch_one(file.database.readers())
            .await
            .map_err(|error| file.database.because(error))?;
        last = last.max(found.unwrap_or(0));
    }
    Ok(last)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    NewestFirst,
    OldestFirst,
}

struct Scan<'a> {
    traces: &'a SqliteTraces,
    within: Within,
    filter: &'a CallFilter,
    order: Order,
    start: Cursor,
    limit: usize,
    sources: Vec<Source>,
    calls: Vec<CallSummary>,
    /// The last call looked at.
    position: Option<Cursor>,
}

/// A day, and the chunks of it that were read ahead.
struct Source {
    day: Day,
    /// No chunk of the day that has not been visited comes before this one in the order.
    bound: i64,
    rows: VecDeque<(i64, Vec<u8>)>,
}

impl<'a> Scan<'a> {
    async fn new(
        traces: &'a SqliteTraces,
        within: Within,
        filter: &'a CallFilter,
        start: Cursor,
        limit: usize,
        order: Order,
    ) -> Result<Self, StoreError> {
        let source = |DayBounds { day, first_chunk, last_chunk }| {
            let bound = match order {
                Order::NewestFirst => (first_chunk <= start.chunk).then_some(last_chunk.min(start.chunk)),
                Order::OldestFirst => (last_chunk >= start.chunk).then_some(first_chunk.max(start.chunk)),
            };
            bound.map(|bound| Source { day, bound, rows: VecDeque::new() })
        };
        let sources = traces.index.days().await?.into_iter().filter_map(source).collect();
        let limit = limit.clamp(1, PAGE_LIMIT);
        let calls = Vec::new();
        Ok(Self { traces, within, filter, order, start, limit, sources, calls, position: None })
    }

    /// Visits chunks until the page is full. False if the end was reached before.
    async fn run(&mut self) -> Result<bool, StoreError> {
        while let Some(at) = self.next_source() {
            if let Some((chunk, heads)) = self.sources[at].rows.pop_front() {
                self.sources[at].bound = match self.order {
                    Order::NewestFirst => chunk - 1,
                    Order::OldestFirst => chunk + 1,
                };
                if self.visit(chunk, &heads) {
                    return Ok(true);
                }
                continue;
            }
            let (day, bound) = (self.sources[at].day, self.sources[at].bound);
            self.sources[at].rows = match self.traces.files.existing(day).await? {
                Some(file) => self.read(&file, bound).await?,
                None => VecDeque::new(),
            };
            if self.sources[at].rows.is_empty() {
                self.sources.swap_remove(at);
            }
        }
        Ok(false)
    }

    /// The source whose next chunk comes first.
    fn next_source(&self) -> Option<usize> {
        let next = |source: &Source| source.rows.front().map_or(source.bound, |(chunk, _)| *chunk);
        let sources = self.sources.iter().enumerate().map(|(at, source)| (next(source), at));
        match self.order {
            Order::NewestFirst => sources.max(),
            Order::OldestFirst => sources.min(),
        }
        .map(|(_, at)| at)
    }

    async fn read(&self, file: &DayFile, bound: i64) -> Result<VecDeque<(i64, Vec<u8>)>, StoreError> {
        let because = |error| file.database.because(error);
        let (compare, direction) = match self.order {
            Order::NewestFirst => ("<=", "DESC"),
            Order::OldestFirst => (">=", "ASC"),
        };
        let mut arguments = SqliteArguments::default();
        let condition = within_sql(self.within, &mut arguments).map_err(because)?;
        let to_us = |ms: i64| ms.saturating_mul(1_000);
        let since = self.filter.since_ms.map_or(i64::MIN, to_us);
        let until = self.filter.until_ms.map_or(i64::MAX, to_us);
        for value in [since, until, bound, ROWS] {
            arguments.add(value).map_err(|error| because(sqlx::Error::Encode(error)))?;
        }
        let sql = format!(
            "SELECT chunk, heads FROM chunks
             WHERE {condition} AND last_started >= ? AND first_started < ? AND chunk {compare} ?
             ORDER BY chunk {direction} LIMIT ?"
        );
        let rows = sqlx::query_with(AssertSqlSafe(sql), arguments)
            .fetch_all(file.database.readers())
            .await
            .map_err(because)?;
        rows.iter()
            .map(|row| Ok((row.try_get(0)?, row.try_get(1)?)))
            .collect::<Result<_, _>>()
            .map_err(because)
    }

    /// Adds what the filter admits of a chunk. True once the page is full.
    fn visit(&mut self, chunk: i64, heads: &[u8]) -> bool {
        let mut found: Vec<(u32, Stored<'_>)> = (0..).zip(stored(heads)).collect();
        if self.order == Order::NewestFirst {
            found.reverse();
        }
        for (index, call) in found {
            let cursor = Cursor { chunk, index };
            let visited = match self.order {
                Order::NewestFirst => cursor >= self.start,
                Order::OldestFirst => cursor <= self.start,
            };
            if visited {
                continue;
            }
            self.position = Some(cursor);
            if let Some(summary) = self.admit(&call) {
                self.calls.push(summary);
                if self.calls.len() == self.limit {
                    return true;
                }
            }
        }
        false
    }

    fn admit(&self, call: &Stored<'_>) -> Option<CallSummary> {
        if !self.filter.admits_time(call.frame.started_at_us) {
            return None;
        }
        let summary = call.frame.head().and_then(|head| match self.filter.admits(&head) {
            true => CallSummary::new(&call.frame, &head).map(Some),
            false => Ok(None),
        });
        summary.unwrap_or_else(|error| {
            tracing::warn!(call = %call.frame.call, %error, "a call is left out of the list");
            None
        })
    }
}

/// The condition that keeps the chunks of `within`.
pub(super) fn within_sql(within: Within, arguments: &mut SqliteArguments) -> Result<String, sqlx::Error> {
    let levels = [
        ("organization", Some(OrganizationId::to_bytes(within.organization))),
        ("team", within.team.map(TeamId::to_bytes)),
        ("project", within.project.map(ProjectId::to_bytes)),
    ];
    let mut conditions = Vec::new();
    for (level, id) in levels {
        if let Some(id) = id {
            arguments.add(id.to_vec()).map_err(sqlx::Error::Encode)?;
            conditions.push(format!("{level} = ?"));
        }
    }
    Ok(conditions.join(" AND "))
}
