//! The recorder: what happened is written behind the reply, in two lanes.
//!
//! Usage records (money) are in a journal file before the last byte of the reply is released. Call records (content)
//! go to a bounded buffer and may be dropped, which is counted. One thread of its own moves both into the store.
//! What a trace shows (spans, payloads) is computed from the records when somebody looks.

mod capture;
mod content;
mod display;
mod executor;
mod health;
mod lane;
mod metrics;
mod money;
mod names;
mod options;
mod pause;
mod recorder;
mod rounds;
mod shared;
mod spans;
mod troubles;
mod writer;

pub use capture::capture;
pub use display::display_reply;
pub use executor::ExecutorRecorder;
pub use health::{Health, Part, Trouble};
pub use metrics::{Metrics, Watched, metrics_markdown};
pub use names::{GEN_AI, Names};
pub use options::Options;
pub use recorder::{Recorder, StartError};
pub use spans::{Span, SpanKind, spans, spans_named};
