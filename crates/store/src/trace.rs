//! Traces: what a call was, for whoever looks at it later. Best effort, bounded, and deleted by age.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use domain::{
    Api, CallId, CallRecord, Caller, Dialect, EndpointId, Outcome, PicoUsd, SpanId, TraceId, Usage,
};

use crate::codec::{Code, CodecError, Head, from_buckets};
use crate::{CallFrame, Frames, Reply, StoreError, Within};

/// The largest page of a list.
pub(crate) const PAGE_LIMIT: usize = 500;

/// Call records: written in batches, listed by filters, read one by one or by trace.
pub trait TraceStore: Send + Sync {
    /// Writes a batch. On an error nothing of it was written and it may be tried again.
    fn append<'a>(&'a self, batch: &'a [Frames]) -> Reply<'a, Appended>;

    /// Calls, the last written first, behind `after`.
    fn list<'a>(
        &'a self,
        within: Within,
        filter: &'a CallFilter,
        after: Option<Cursor>,
        limit: usize,
    ) -> Reply<'a, CallPage>;

    /// Calls written since `after`, oldest first. Without a cursor: none, and the cursor that stands for now.
    /// `next` is always there.
    fn tail<'a>(
        &'a self,
        within: Within,
        filter: &'a CallFilter,
        after: Option<Cursor>,
        limit: usize,
    ) -> Reply<'a, CallPage>;

    /// One call with its payloads. `None` where there is none that the reader may see.
    fn call(&self, within: Within, call: CallId) -> Reply<'_, Option<CallRecord>>;

    /// The calls of one trace, in the order they began; empty where there is none that the reader may see.
    fn trace(&self, within: Within, trace: TraceId) -> Reply<'_, Vec<CallRecord>>;

    /// Deletes every trace that began before the UTC day of `before_ms`. Returns how many days that were.
    fn delete_before(&self, before_ms: i64) -> Reply<'_, usize>;

    /// Lets go of the files. Nothing may be asked of the store behind it.
    fn close(&self) -> Reply<'_, ()>;
}

/// What became of a batch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Appended {
    pub written: usize,
    /// Given up, because another part of the batch was written before this one failed.
    pub dropped: usize,
}

/// What a list keeps. Absent means any.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CallFilter {
    /// By public name.
    pub endpoint: Option<String>,
    /// The name of a key, or `anonymous`.
    pub caller: Option<String>,
    /// What the application asked for, or what any attempt went to.
    pub model: Option<String>,
    /// Of any attempt.
    pub provider: Option<String>,
    pub status: Option<StatusClass>,
    /// `succeeded`, `failed` or `cancelled`.
    pub outcome: Option<String>,
    /// Began at or after, in milliseconds since the Unix epoch.
    pub since_ms: Option<i64>,
    /// Began before.
    pub until_ms: Option<i64>,
    pub session: Option<String>,
    pub user: Option<String>,
    /// A tag of the key.
    pub tag: Option<String>,
    pub streamed: Option<bool>,
}

impl CallFilter {
    /// From the fields that every frame begins with.
    pub(crate) fn admits_time(&self, started_at_us: i64) -> bool {
        self.since_ms.is_none_or(|since| started_at_us >= since.saturating_mul(1_000))
            && self.until_ms.is_none_or(|until| started_at_us < until.saturating_mul(1_000))
    }

    pub(crate) fn admits(&self, head: &Head<'_>) -> bool {
        let is = |wanted: &Option<String>, found: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| found == Some(wanted))
        };
        let outcome = || Outcome::from_code(head.outcome).map(Outcome::name);
        is(&self.endpoint, head.endpoint_name)
            && is(&self.caller, Some(head.caller))
            && is(&self.session, head.session)
            && is(&self.user, head.user)
            && self
                .tag
                .as_deref()
                .is_none_or(|wanted| head.labels.as_ref().is_some_and(|labels| labels.tags.contains(&wanted)))
            && self.streamed.is_none_or(|streamed| streamed == head.streamed)
            && self.status.is_none_or(|class| class.contains(head.status))
            && (self.outcome.is_none() || is(&self.outcome, outcome()))
            && self
                .provider
                .as_deref()
                .is_none_or(|wanted| head.targets.iter().any(|(found, _)| *found == wanted))
            && self.model.as_deref().is_none_or(|wanted| {
                head.requested_model == wanted || head.targets.iter().any(|(_, found)| *found == wanted)
            })
    }
}

/// The first digit of a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatusClass(u16);

impl StatusClass {
    fn contains(self, status: u16) -> bool {
        status / 100 == self.0
    }
}

impl FromStr for StatusClass {
    type Err = ();

    /// `2xx` to `5xx`.
    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "2xx" => Ok(Self(2)),
            "3xx" => Ok(Self(3)),
            "4xx" => Ok(Self(4)),
            "5xx" => Ok(Self(5)),
            _ => Err(()),
        }
    }
}

/// A row of a list: everything about a call but its attempts and payloads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallSummary {
    pub call: CallId,
    pub trace: TraceId,
    pub parent_span: Option<SpanId>,
    pub started_at_us: i64,
    pub duration_us: u64,
    pub first_token_us: Option<u64>,
    pub caller: Caller,
    pub client: Option<IpAddr>,
    pub requested_model: String,
    pub endpoint: Option<EndpointId>,
    pub endpoint_name: Option<String>,
    /// Of the last attempt.
    pub provider: Option<String>,
    /// Of the last attempt.
    pub model: Option<String>,
    pub attempts: usize,
    pub dialect: Dialect,
    pub api: Api,
    pub streamed: bool,
    pub status: u16,
    pub outcome: Outcome,
    pub session: Option<String>,
    pub user: Option<String>,
    pub usage: Usage,
    pub cost: Option<PicoUsd>,
}

impl CallSummary {
    pub(crate) fn new(frame: &CallFrame<'_>, head: &Head<'_>) -> Result<Self, CodecError> {
        let unknown = || CodecError::new("call record");
        let last = head.targets.last();
        Ok(Self {
            call: frame.call,
            trace: frame.trace,
            parent_span: head.parent_span.map(SpanId),
            started_at_us: frame.started_at_us,
            duration_us: head.duration_us,
            first_token_us: head.first_token_us,
            caller: head.caller(frame.scope),
            client: head.client,
            requested_model: head.requested_model.to_owned(),
            endpoint: head.endpoint.map(EndpointId::from_bytes),
            endpoint_name: head.endpoint_name.map(str::to_owned),
            provider: last.map(|(provider, _)| (*provider).to_owned()),
            model: last.map(|(_, model)| (*model).to_owned()),
            attempts: head.targets.len(),
            dialect: Dialect::from_code(head.dialect).ok_or_else(unknown)?,
            api: Api::from_code(head.api).ok_or_else(unknown)?,
            streamed: head.streamed,
            status: head.status,
            outcome: Outcome::from_code(head.outcome).ok_or_else(unknown)?,
            session: head.session.map(str::to_owned),
            user: head.user.map(str::to_owned),
            usage: from_buckets(head.usage),
            cost: head.cost.map(PicoUsd),
        })
    }
}

/// Some calls, and where the next page begins.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CallPage {
    pub calls: Vec<CallSummary>,
    /// Absent at the end of a list.
    pub next: Option<Cursor>,
}

/// A place in the order in which calls were written. Opaque: prints as a text that reads back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    /// The chunk: microseconds since the Unix epoch, made unique.
    pub(crate) chunk: i64,
    /// The call in it.
    pub(crate) index: u32,
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}-{:x}", self.chunk, self.index)
    }
}

impl FromStr for Cursor {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self, StoreError> {
        let bad = || StoreError::BadCursor { given: text.chars().take(40).collect() };
        let (chunk, index) = text.split_once('-').ok_or_else(bad)?;
        Ok(Self {
            chunk: i64::from_str_radix(chunk, 16).ok().filter(|chunk| *chunk >= 0).ok_or_else(bad)?,
            index: u32::from_str_radix(index, 16).map_err(|_| bad())?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_and_rubbish_is_refused() {
        let cursor = Cursor { chunk: 1_790_000_000_000_000, index: 17 };
        assert_eq!(cursor.to_string().parse::<Cursor>().unwrap(), cursor);
        for text in ["", "-", "1", "x-1", "1-", "-1-1", "1-fffffffff"] {
            assert!(matches!(text.parse::<Cursor>(), Err(StoreError::BadCursor { .. })), "{text}");
        }
    }

    #[test]
    fn a_status_belongs_to_one_class() {
        let class: StatusClass = "4xx".parse().unwrap();
        assert!(class.contains(404) && class.contains(499) && !class.contains(500));
        assert!("404".parse::<StatusClass>().is_err());
    }
}
