//! The life of a model request, one file per stage:
//!
//! identify → decode → reserve → screen → recall → plan → attempt → relay → settle
//!
//! `handle` is that list. A stage is a function with its inputs in its arguments. The crate knows no HTTP library on
//! the inbound side: it takes an `Ingress` and gives a `Reply`.

mod attempt;
mod classify;
mod count;
mod decode;
mod egress;
mod encode;
mod estimate;
mod handle;
mod headers;
mod identify;
mod ingress;
mod plan;
mod recall;
mod relay;
mod reserve;
mod screen;
mod settle;
mod trace_context;

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

use domain::EndpointId;
use governance::ledger::Ledger;
use runtime::{Clock, IdSource, Shutdown};
use telemetry::ExecutorRecorder;
use upstream::Client;
use vault::KeyHasher;

pub use egress::{Reply, ReplyBody};
pub use headers::{CALL_ID, SIMULATED, error_headers};
pub use identify::{Identity, KeyMemo, identify, presented_key};
pub use ingress::{Door, Ingress};
pub use relay::{Aborted, Editors, Relay, TextEditor};
pub use reserve::admit;

/// What the stages need of the executor they run on. One per executor, and everything in it local to that.
pub struct Pipeline {
    pub clock: Clock,
    pub ids: RefCell<IdSource>,
    pub client: Client,
    pub recorder: RefCell<ExecutorRecorder>,
    pub hasher: Arc<KeyHasher>,
    pub ledger: Rc<dyn Ledger>,
    /// Who may change replies on their way; nobody where there is no guardrail.
    pub editors: Option<Rc<dyn Editors>>,
    pub shutdown: Shutdown,
    pub options: Options,
    /// How many targets each endpoint has drawn here.
    pub draws: RefCell<HashMap<EndpointId, u64>>,
    pub names: Names,
}

impl fmt::Debug for Pipeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pipeline").field("options", &self.options).finish_non_exhaustive()
    }
}

/// Limits that are not configuration.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// How much of a request's and of a reply's body a trace keeps, each.
    pub capture_bytes: usize,
    /// Where this executor begins in the schedule of shares.
    pub first_draw: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self { capture_bytes: 256 * 1024, first_draw: 0 }
    }
}

/// Strings that every call shares.
#[derive(Debug)]
pub struct Names {
    pub(crate) unidentified: Arc<str>,
    pub(crate) empty: Arc<str>,
}

impl Default for Names {
    fn default() -> Self {
        Self { unidentified: "unidentified".into(), empty: "".into() }
    }
}
