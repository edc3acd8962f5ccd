//! Every foreign format as pure functions over bytes: what a caller sends, what a provider answers, how both stream.
//!
//! No async, no clock, no randomness, and no type of this crate's dialects travels inward: the rest of Gatewright sees
//! the hub (`Prompt`, `Reply`, `ReplyEvent`), a `Peek` at a body that passes through, or bytes.

mod anthropic;
mod error;
mod error_body;
mod event_ends;
mod failure;
mod fields;
mod hub;
mod json;
mod locate;
mod models;
mod note;
mod openai_chat;
mod patch;
mod peek;
mod reply_error;
mod sse;
mod translate;
mod usage;
mod watch;
mod writer;

pub use anthropic::AnthropicVersion;
pub use error::{reply_content_type, write_error, write_stream_error};
pub use failure::{FailureClass, MAX_MESSAGE, ProviderFailure, read_error};
pub use hub::{
    BlockKind, CacheMark, Choice, Citation, Content, Delta, Effort, Extra, FunctionTool, Json, Media, Number,
    OutputFormat, Part, PartKind, Prompt, PromptSpelling, Reasoning, Reply, ReplyEvent, Role, Sampling,
    StopReason, Thinking, ThinkingMode, Tool, ToolCall, ToolCallKind, ToolChoice, ToolResult, Turn,
    TurnSpelling, UrlCitation, fold,
};
pub use locate::{Channel, Escape, Located, locate, splice, text_at};
pub use models::{ModelEntry, write_model, write_models};
pub use note::{Loss, Note};
pub use patch::{Patch, patch};
pub use peek::{BadBody, Peek, peek};
pub use reply_error::error_in_reply;
pub use sse::{EVENT_CAP, SseDecoder, SseEvent, SseTooLong};
pub use translate::{
    EncodeOptions, ReplyContext, StreamDecoder, StreamEncoder, Translated, decode_reply, decode_request,
    encode_reply, encode_request,
};
pub use usage::{reply_usage, trailing_usage};
pub use watch::{Seen, StreamWatch};
