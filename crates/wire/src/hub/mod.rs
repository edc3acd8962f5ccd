//! What every dialect is translated to and from: a prompt, a reply, and the events of a reply that streams.
//!
//! The hub holds what at least two dialects can say, in its own words. What only the sender's dialect knows rides
//! along as it was written (`extra`, `Native`), returns when the target speaks the same dialect, and is a note when not.

pub(crate) mod arrange;
mod event;
mod fold;
pub(crate) mod id;
mod json;
mod name;
mod part;
mod prompt;
mod reply;
pub(crate) mod schema;
mod tool;

pub use event::{BlockKind, Delta, ReplyEvent};
pub use fold::fold;
pub use json::{Extra, Json, Number};
pub(crate) use name::{Field, field_name, part_field};
pub use part::{CacheMark, Citation, Media, Part, PartKind, ToolCall, ToolCallKind, ToolResult, UrlCitation};
pub use prompt::{
    Content, Effort, OutputFormat, Prompt, PromptSpelling, Reasoning, Role, Sampling, Thinking, ThinkingMode,
    Turn, TurnSpelling,
};
pub use reply::{Choice, Reply, StopReason};
pub use tool::{FunctionTool, Tool, ToolChoice};
