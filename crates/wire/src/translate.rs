//! The way from one dialect to another and back: decode into the hub, encode out of it. Everything here is a pure
//! function; which target is tried, and what its limits are, is told by the caller.

use bytes::BytesMut;
use domain::{CallError, Dialect, ErrorKind};

use crate::anthropic::{self, AnthropicVersion};
use crate::failure::{FailureClass, ProviderFailure};
use crate::fields::Value;
use crate::hub::{Field, Prompt, Reply, ReplyEvent, field_name};
use crate::note::{Note, Notes};
use crate::openai_chat;
use crate::sse::SseDecoder;

/// What a target asks of a request beyond its dialect.
#[derive(Debug, Clone, Copy)]
pub struct EncodeOptions<'a> {
    /// The model's name at the provider.
    pub model: &'a str,
    /// For the dialects that want a maximum (anthropic-messages), where the caller gave none.
    pub default_max_output_tokens: u64,
    /// The endpoint's cap.
    pub max_output_tokens: Option<u64>,
    /// The version of the API that the target is known to want; chosen by what the prompt needs where it is `None`.
    pub anthropic_version: Option<AnthropicVersion>,
}

impl<'a> EncodeOptions<'a> {
    pub const fn new(model: &'a str) -> Self {
        Self { model, default_max_output_tokens: 4_096, max_output_tokens: None, anthropic_version: None }
    }

    /// The maximum to send, if one is to be sent: what the caller wants, but not more than the endpoint's cap.
    pub(crate) fn clamp(&self, prompt: &Prompt, notes: &mut Notes) -> Option<u64> {
        match (prompt.max_output_tokens, self.max_output_tokens) {
            (Some(wanted), Some(cap)) if wanted > cap => {
                notes.clamped(field_name(prompt, Field::MaxOutputTokens));
                Some(cap)
            }
            (Some(wanted), _) => Some(wanted),
            (None, cap) => cap,
        }
    }
}

/// A body in another dialect, and what it lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Translated {
    pub body: Vec<u8>,
    pub notes: Vec<Note>,
    /// Headers that belong to the body (`anthropic-version`).
    pub headers: Vec<(&'static str, String)>,
}

/// What a reply shows its caller that the provider's reply does not say.
#[derive(Debug, Clone, Copy)]
pub struct ReplyContext<'a> {
    /// Unique text of `[a-zA-Z0-9_-]` that the reply's ids are made from.
    pub id: &'a str,
    /// The name of the model that the caller asked for.
    pub model: &'a str,
    pub created_s: i64,
    /// The caller wants usage in the stream (`stream_options.include_usage`).
    pub include_usage: bool,
    /// The caller knows functions only by their old names ([`Prompt::uses_legacy_functions`]).
    pub legacy_functions: bool,
}

impl<'a> ReplyContext<'a> {
    pub const fn new(id: &'a str, model: &'a str, created_s: i64) -> Self {
        Self { id, model, created_s, include_usage: false, legacy_functions: false }
    }
}

/// Reads a request. The error names the field that is wrong.
pub fn decode_request(dialect: Dialect, body: &[u8]) -> Result<Prompt, CallError> {
    let body = Value::parse(body).map_err(|error| {
        let message = format!("the body is not JSON: {} at byte {}", error.reason, error.at);
        CallError::new(ErrorKind::InvalidRequest, message)
    })?;
    match dialect {
        Dialect::OpenaiChat => openai_chat::decode_request(body),
        Dialect::AnthropicMessages => anthropic::decode_request(body),
    }
}

/// Writes a request for a target.
pub fn encode_request(
    dialect: Dialect,
    prompt: &Prompt,
    options: &EncodeOptions<'_>,
) -> Result<Translated, CallError> {
    if prompt.origin == Dialect::AnthropicMessages && dialect != prompt.origin {
        anthropic::thread::refuse(prompt, dialect)?;
    }
    match dialect {
        Dialect::OpenaiChat => openai_chat::encode_request(prompt, options),
        Dialect::AnthropicMessages => anthropic::encode_request(prompt, options),
    }
}

/// Reads a whole reply. What is not one is the provider's error.
pub fn decode_reply(dialect: Dialect, body: &[u8]) -> Result<Reply, CallError> {
    let unreadable = |why: &str| {
        CallError::new(ErrorKind::ProviderError, format!("the provider's reply cannot be read: {why}"))
    };
    let value =
        Value::parse(body).map_err(|error| unreadable(&format!("{} at byte {}", error.reason, error.at)))?;
    let reply = match dialect {
        Dialect::OpenaiChat => openai_chat::decode_reply(value),
        Dialect::AnthropicMessages => anthropic::decode_reply(value),
    };
    reply.map_err(|error| unreadable(&error.message))
}

/// Writes a whole reply for the caller.
pub fn encode_reply(dialect: Dialect, reply: &Reply, context: &ReplyContext<'_>) -> Translated {
    match dialect {
        Dialect::OpenaiChat => openai_chat::encode_reply(reply, context),
        Dialect::AnthropicMessages => anthropic::encode_reply(reply, context),
    }
}

/// Reads a reply that streams. Whatever the provider sends, the events end with exactly one `End` or `Error` once
/// [`finish`](Self::finish) has been called, and it is `End` only where the provider said that the reply is complete.
#[derive(Debug, Clone)]
pub struct StreamDecoder {
    framing: SseDecoder,
    dialect: DialectDecoder,
    ended: bool,
}

#[derive(Debug, Clone)]
enum DialectDecoder {
    OpenaiChat(openai_chat::StreamDecoder),
    AnthropicMessages(anthropic::StreamDecoder),
}

impl StreamDecoder {
    pub fn new(dialect: Dialect) -> Self {
        let dialect = match dialect {
            Dialect::OpenaiChat => DialectDecoder::OpenaiChat(openai_chat::StreamDecoder::default()),
            Dialect::AnthropicMessages => {
                DialectDecoder::AnthropicMessages(anthropic::StreamDecoder::default())
            }
        };
        Self { framing: SseDecoder::new(), dialect, ended: false }
    }

    /// Takes the next bytes and appends the events that they complete.
    pub fn push(&mut self, chunk: &[u8], out: &mut Vec<ReplyEvent>) {
        if self.ended {
            return;
        }
        let mut events = Vec::new();
        let pushed = self.framing.push(chunk, &mut events);
        self.read(events, out);
        if let Err(error) = pushed {
            self.fail(&error.to_string(), out);
        }
    }

    /// The provider has closed the stream.
    pub fn finish(&mut self, out: &mut Vec<ReplyEvent>) {
        if self.ended {
            return;
        }
        let mut events = Vec::new();
        self.framing.finish(&mut events);
        self.read(events, out);
        self.fail("the provider's stream ended before the reply was complete", out);
    }

    fn read(&mut self, events: Vec<crate::SseEvent>, out: &mut Vec<ReplyEvent>) {
        for event in events {
            if self.ended {
                return;
            }
            let before = out.len();
            match &mut self.dialect {
                DialectDecoder::OpenaiChat(decoder) => decoder.event(&event.data, out),
                DialectDecoder::AnthropicMessages(decoder) => {
                    decoder.event(event.event.as_deref(), &event.data, out);
                }
            }
            if let Some(last) = out[before..].iter().position(ReplyEvent::is_last) {
                out.truncate(before + last + 1);
                self.ended = true;
            }
        }
    }

    fn fail(&mut self, message: &str, out: &mut Vec<ReplyEvent>) {
        if !self.ended {
            self.ended = true;
            out.push(ReplyEvent::Error(broken_stream(message)));
        }
    }
}

/// The error for a prompt of which nothing can be said to a target.
pub(crate) fn nothing_said(prompt: &Prompt, target: Dialect) -> CallError {
    let field = field_name(prompt, Field::Turns);
    let message =
        format!("`{field}` holds nothing that {target} can say; send at least one message with text");
    CallError::new(ErrorKind::InvalidRequest, message).param(field)
}

/// The failure of a stream that is not what it should be.
pub(crate) fn broken_stream(message: impl Into<String>) -> ProviderFailure {
    ProviderFailure { message: message.into(), kind: None, code: None, class: FailureClass::ServerError }
}

/// The error that a failure is to its caller.
impl From<&ProviderFailure> for CallError {
    fn from(failure: &ProviderFailure) -> Self {
        let kind = match failure.class {
            FailureClass::Rejected | FailureClass::ContextWindow | FailureClass::ContentFilter => {
                ErrorKind::ProviderRejected
            }
            FailureClass::Auth => ErrorKind::ProviderAuth,
            FailureClass::RateLimited => ErrorKind::ProviderRateLimited,
            FailureClass::Overloaded => ErrorKind::ProviderOverloaded,
            FailureClass::Timeout => ErrorKind::ProviderTimeout,
            FailureClass::ServerError => ErrorKind::ProviderError,
        };
        // Whoever calls cannot mend the gateway's credential, and must not believe that its own is bad.
        let message = match failure.class {
            FailureClass::Auth => "the provider refused the gateway's credential; its owner has to look",
            _ => &failure.message,
        };
        let mut error = CallError::new(kind, message);
        error.provider_code = failure.code.clone().or_else(|| failure.kind.clone());
        error
    }
}

/// Writes a reply that streams, event by event. After `Error` or `End` nothing more is written.
#[derive(Debug)]
pub struct StreamEncoder {
    dialect: DialectEncoder,
    ended: bool,
}

#[derive(Debug)]
enum DialectEncoder {
    OpenaiChat(openai_chat::StreamEncoder),
    AnthropicMessages(anthropic::StreamEncoder),
}

impl StreamEncoder {
    pub fn new(dialect: Dialect, context: &ReplyContext<'_>) -> Self {
        let dialect = match dialect {
            Dialect::OpenaiChat => DialectEncoder::OpenaiChat(openai_chat::StreamEncoder::new(context)),
            Dialect::AnthropicMessages => {
                DialectEncoder::AnthropicMessages(anthropic::StreamEncoder::new(context))
            }
        };
        Self { dialect, ended: false }
    }

    pub fn push(&mut self, event: &ReplyEvent, out: &mut BytesMut) {
        if self.ended {
            return;
        }
        self.ended = event.is_last();
        match &mut self.dialect {
            DialectEncoder::OpenaiChat(encoder) => encoder.push(event, out),
            DialectEncoder::AnthropicMessages(encoder) => encoder.push(event, out),
        }
    }

    /// What the reply has lost so far.
    pub fn notes(&self) -> &[Note] {
        match &self.dialect {
            DialectEncoder::OpenaiChat(encoder) => encoder.notes(),
            DialectEncoder::AnthropicMessages(encoder) => encoder.notes(),
        }
    }
}
