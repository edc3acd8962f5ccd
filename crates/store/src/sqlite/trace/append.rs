//! Writes batches: bodies as they are, heads in chunks.

use std::collections::HashMap;
use std::ops::Range;

use domain::TraceId;
use sqlx::Connection;
use sqlx::sqlite::SqliteConnection;

use super::bodies::Appending;
use super::chunk::{Chunk, MAX_CALLS};
use super::day::{Day, now_us};
use super::files::{DayFile, DayFiles};
use super::index::{DayBounds, Index, IndexEntries};
use crate::{Appended, CallFrame, Frames, StoreError};

/// Traces whose day is kept at hand: the runs that are going on.
const KNOWN_TRACES: usize = 16_384;

/// How far ahead a day's bounds are set, in microseconds, so that the index is not written with every batch.
const RESERVED_US: i64 = 10_000_000;

/// The one writer of traces.
#[derive(Debug, Default)]
pub(super) struct Writer {
    /// The chunk written last; unknown before the first.
    last_chunk: Option<i64>,
    /// The day written last, and up to which chunk the index says it may reach.
    reserved: Option<(Day, i64)>,
    days: HashMap<TraceId, Day>,
}

/// What a batch adds to one day.
#[derive(Debug, Default)]
struct DayPart<'a> {
    /// Stretches of the executors' buffers, in order.
    runs: Vec<(usize, Range<usize>)>,
    /// Calls with their place behind the beginning of the part.
    calls: Vec<(CallFrame<'a>, u64)>,
    length: u64,
}

impl Writer {
    pub(super) async fn append(
        &mut self,
        files: &DayFiles,
        index: &Index,
        batch: &[Frames],
    ) -> Result<Appended, StoreError> {
        let mut entries = IndexEntries::default();
        let mut parts = self.place(index, batch, &mut entries).await?;
        let mut appended = Appended::default();
        let mut failure = None;
        let mut days: Vec<Day> = parts.keys().copied().collect();
        days.sort_unstable();
        for day in days {
            let Some(part) = parts.remove(&day) else { continue };
            let calls = part.calls.len();
            match self.write_part(files, index, batch, day, part, &mut entries).await {
                Ok(()) => appended.written += calls,
                Err(error) if files.is_about(&error, day) => {
                    // The next batch begins a new one.
                    files.put_aside(day).await?;
                    appended.dropped += calls;
                    failure = Some(error);
                }
                Err(error) => {
                    appended.dropped += calls;
                    failure = Some(error);
                }
            }
        }
        match failure {
            // All of it can be tried again.
            Some(error) if appended.written == 0 => Err(error),
            Some(error) => {
                tracing::error!(%error, dropped = appended.dropped, "some calls of a batch could not be written");
                Ok(appended)
            }
            None => Ok(appended),
        }
    }

    /// Days were deleted: what was known about them is no longer so.
    pub(super) fn forget_days(&mut self) {
        self.reserved = None;
        self.days.clear();
    }

    /// Sorts the calls of a batch by the day they belong to.
    async fn place<'a>(
        &mut self,
        index: &Index,
        batch: &'a [Frames],
        entries: &mut IndexEntries,
    ) -> Result<HashMap<Day, DayPart<'a>>, StoreError> {
        self.learn_days(index, batch, entries).await?;
        let mut parts: HashMap<Day, DayPart<'a>> = HashMap::new();
        for (source, frames) in batch.iter().enumerate() {
            let mut at = 0;
            for frame in frames.iter() {
                let own = Day::of_call(frame.call);
                let day =
                    if frame.is_linked() { self.days.get(&frame.trace).copied().unwrap_or(own) } else { own };
                if day != own {
                    entries.moved.push((frame.call, day));
                }
                let length = frame.len_bytes();
                parts.entry(day).or_default().push(source, at, length, frame);
                at += length;
            }
        }
        Ok(parts)
    }

    /// Finds out the days of the traces that other calls may belong to as well.
    async fn learn_days(
        &mut self,
        index: &Index,
        batch: &[Frames],
        entries: &mut IndexEntries,
    ) -> Result<(), StoreError> {
        let linked = || batch.iter().flat_map(Frames::iter).filter(CallFrame::is_linked);
        if self.days.len() >= KNOWN_TRACES {
            self.days.clear();
        }
        let mut unknown: Vec<TraceId> =
            linked().map(|frame| frame.trace).filter(|trace| !self.days.contains_key(trace)).collect();
        if unknown.is_empty() {
            return Ok(());
        }
        unknown.sort_unstable();
        unknown.dedup();
        self.days.extend(index.days_of(&unknown).await?);
        let now = Day::of_ms(now_us() / 1_000);
        for frame in linked() {
            self.days.entry(frame.trace).or_insert_with(|| {
                Day::said_by(frame.trace, now).unwrap_or_else(|| {
                    let day = Day::of_call(frame.call);
                    entries.traces.push((frame.trace, day));
                    day
                })
            });
        }
        Ok(())
    }

    async fn write_part(
        &mut self,
        files: &DayFiles,
        index: &Index,
        batch: &[Frames],
        day: Day,
        mut part: DayPart<'_>,
        entries: &mut IndexEntries,
    ) -> Result<(), StoreError> {
        let file = files.create(day).await?;
        let mut bodies = file.bodies.append()?;
        let begin = bodies.end;
        if let Err(error) = part.write_bodies(batch, &mut bodies) {
            bodies.take_back();
            return Err(error);
        }
        // Within a buffer calls lie in the order they ended; only buffers have to be woven together.
        part.calls.sort_by_key(|(frame, _)| frame.ended_at_us);
        let chunks = part.chunks(begin);
        let written = self.write_chunks(&file, index, day, &chunks, entries).await;
        if written.is_err() {
            bodies.take_back();
            // Whatever the index did not take is looked up again.
            self.days.clear();
        }
        written
    }

    async fn write_chunks(
        &mut self,
        file: &DayFile,
        index: &Index,
        day: Day,
        chunks: &[Chunk],
        entries: &mut IndexEntries,
    ) -> Result<(), StoreError> {
        let last = match self.last_chunk {
            Some(last) => last,
            None => index.days().await?.iter().map(|bounds| bounds.last_chunk).max().unwrap_or(0),
        };
        let first_chunk = now_us().max(last + 1);
        let last_chunk = first_chunk + i64::try_from(chunks.len()).unwrap_or(0);
        self.last_chunk = Some(last_chunk);
        self.tell_index(index, day, first_chunk, last_chunk, entries).await?;

        let mut writer = file.writer.lock().await;
        let mut connection = match writer.take() {
            Some(connection) => connection,
            None => file.database.connect().await?,
        };
        insert(&mut connection, first_chunk, chunks).await.map_err(|error| file.database.because(error))?;
        *writer = Some(connection);
        Ok(())
    }
}

impl Writer {
    /// The index goes first: that a day may hold a chunk must be known before it does.
    async fn tell_index(
        &mut self,
        index: &Index,
        day: Day,
        first_chunk: i64,
        last_chunk: i64,
        entries: &mut IndexEntries,
    ) -> Result<(), StoreError> {
        let mut entries = std::mem::take(entries);
        let reserved = self.reserved.filter(|(same, until)| *same == day && last_chunk <= *until);
        let until = reserved.map_or(last_chunk + RESERVED_US, |(_, until)| until);
        if reserved.is_none() {
            entries.days.push(DayBounds { day, first_chunk, last_chunk: until });
        }
        index.add(entries).await?;
        self.reserved = Some((day, until));
        Ok(())
    }
}

impl<'a> DayPart<'a> {
    fn push(&mut self, source: usize, at: usize, length: usize, frame: CallFrame<'a>) {
        match self.runs.last_mut() {
            Some((last, run)) if *last == source && run.end == at => run.end += length,
            _ => self.runs.push((source, at..at + length)),
        }
        self.calls.push((frame, self.length));
        self.length += u64::try_from(length).unwrap_or(0);
    }

    fn write_bodies(&self, batch: &[Frames], bodies: &mut Appending<'_>) -> Result<(), StoreError> {
        for (source, run) in &self.runs {
            if let Some(bytes) = batch.get(*source).and_then(|frames| frames.bytes().get(run.clone())) {
                bodies.add(bytes)?;
            }
        }
        Ok(())
    }

    fn chunks(&self, begin: u64) -> Vec<Chunk> {
        let mut chunks: Vec<Chunk> = Vec::new();
        for (frame, place) in &self.calls {
            let open = |chunk: &Chunk| chunk.scope == frame.scope && chunk.calls < MAX_CALLS;
            let at = chunks.iter().rposition(open).unwrap_or_else(|| {
                chunks.push(Chunk::new(frame));
                chunks.len() - 1
            });
            chunks[at].push(frame, begin + place);
        }
        chunks
    }
}

async fn insert(
    connection: &mut SqliteConnection,
    first_chunk: i64,
    chunks: &[Chunk],
) -> Result<(), sqlx::Error> {
    if let [chunk] = chunks {
        // One statement is a transaction of its own.
        return insert_chunk(connection, first_chunk, chunk).await;
    }
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    for (chunk, number) in chunks.iter().zip(first_chunk..) {
        insert_chunk(&mut transaction, number, chunk).await?;
    }
    transaction.commit().await
}

async fn insert_chunk(
    connection: &mut SqliteConnection,
    number: i64,
    chunk: &Chunk,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO chunks (chunk, organization, team, project, calls, first_call, last_call,
                             first_started, last_started, links, heads)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(number)
    .bind(chunk.scope.organization.to_bytes().to_vec())
    .bind(chunk.scope.team.to_bytes().to_vec())
    .bind(chunk.scope.project.to_bytes().to_vec())
    .bind(i64::try_from(chunk.calls).unwrap_or(i64::MAX))
    .bind(chunk.first_call.to_bytes().to_vec())
    .bind(chunk.last_call.to_bytes().to_vec())
    .bind(chunk.first_started)
    .bind(chunk.last_started)
    .bind(chunk.links.clone())
    .bind(chunk.heads.clone())
    .execute(connection)
    .await
    .map(drop)
}
