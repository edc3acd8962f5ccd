//! Numbers for Prometheus: counted per executor, put together at a scrape.
//!
//! What a name may be is bounded, so that no caller can fill the memory by naming models; see `places`.

mod collect;
mod counters;
mod families;
mod histogram;
mod places;
mod process;
mod reference;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::SystemTime;

use prometheus_client::encoding::text;
use prometheus_client::registry::Registry;
use store::journal::Journal;

pub(crate) use counters::Counters;
pub use families::Watched;
pub use reference::metrics_markdown;

use self::collect::Scrape;
use self::counters::Totals;
use self::places::Admitted;
use crate::health::Health;
use crate::shared::Shared;

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Places that are counted by name, of calls and of attempts each; the rest is `other`.
const PLACES: usize = 1_000;

type Source = Box<dyn Fn() -> u64 + Send + Sync>;

/// What is shown at `/metrics`.
#[derive(Debug)]
pub struct Metrics {
    inner: Arc<Inner>,
    registry: Registry,
}

struct Inner {
    shared: Arc<Shared>,
    journal: Arc<Journal>,
    started: SystemTime,
    sources: RwLock<HashMap<Watched, Source>>,
}

impl Metrics {
    /// The media type of what [`Metrics::render`] returns.
    pub const CONTENT_TYPE: &'static str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

    pub(crate) fn new(shared: Arc<Shared>, journal: Arc<Journal>) -> Self {
        let started = SystemTime::now();
        let inner = Arc::new(Inner { shared, journal, started, sources: RwLock::default() });
        let mut registry = Registry::default();
        registry.register_collector(Box::new(Scrape(Arc::clone(&inner))));
        Self { inner, registry }
    }

    /// Everything, as it is now, in the OpenMetrics text format.
    pub fn render(&self) -> String {
        let mut text = String::with_capacity(16 << 10);
        if let Err(error) = text::encode(&mut text, &self.registry) {
            tracing::error!(%error, "the metrics cannot be written down");
        }
        text
    }

    /// Shows what `source` says from now on. It is asked at every scrape and must not wait.
    pub fn watch(&self, what: Watched, source: impl Fn() -> u64 + Send + Sync + 'static) {
        let mut sources = self.inner.sources.write().unwrap_or_else(PoisonError::into_inner);
        sources.insert(what, Box::new(source));
    }
}

impl Inner {
    fn watched(&self, what: Watched) -> Option<u64> {
        let sources = self.sources.read().unwrap_or_else(PoisonError::into_inner);
        sources.get(&what).map(|source| source())
    }

    fn health(&self) -> Health {
        self.shared.health(&self.journal)
    }

    fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        for lane in self.shared.lanes() {
            lane.counters().add_to(&mut totals);
        }
        totals
    }
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inner").field("started", &self.started).finish_non_exhaustive()
    }
}

/// Counts for executors, which agree on what is counted by name.
#[derive(Debug)]
pub(crate) struct Counting(Arc<Admitted>);

impl Default for Counting {
    fn default() -> Self {
        Self(Arc::new(Admitted::new(PLACES)))
    }
}

impl Counting {
    pub(crate) fn executor(&self) -> Counters {
        Counters::new(Arc::clone(&self.0))
    }
}
