//! The pieces that turns and replies consist of.

use super::json::{Extra, Json};

/// One piece of content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    pub kind: PartKind,
    /// The prompt up to the end of this part is worth caching.
    pub cache: Option<CacheMark>,
    pub extra: Extra,
}

impl Part {
    pub fn new(kind: PartKind) -> Self {
        Self { kind, cache: None, extra: Extra::default() }
    }

    pub fn text(text: impl Into<String>) -> Self {
        Self::new(PartKind::Text { text: text.into(), citations: Vec::new() })
    }

    /// Text that says nothing. Anthropic refuses a block of it.
    pub fn is_blank_text(&self) -> bool {
        matches!(&self.kind, PartKind::Text { text, .. } if text.trim().is_empty())
    }

    pub const fn is_thinking(&self) -> bool {
        matches!(self.kind, PartKind::Thinking { .. } | PartKind::RedactedThinking { .. })
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PartKind {
    Text {
        text: String,
        citations: Vec<Citation>,
    },
    Image {
        source: Media,
        detail: Option<String>,
    },
    Document {
        source: Media,
        /// A file name or a title.
        name: Option<String>,
    },
    Audio {
        data: String,
        format: String,
    },
    ToolCall(ToolCall),
    ToolResult(ToolResult),
    Thinking {
        text: String,
        /// The provider's proof that this is its own thinking; without it the text cannot be sent back.
        signature: Option<String>,
    },
    /// Thinking that only its provider can read.
    RedactedThinking {
        data: String,
    },
    Refusal {
        text: String,
    },
    /// A part that only its own dialect knows.
    Native {
        name: String,
        json: Json,
    },
}

impl From<PartKind> for Part {
    fn from(kind: PartKind) -> Self {
        Self::new(kind)
    }
}

/// Where an image or a document is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Media {
    /// Base64 of its bytes. Some senders leave the type out.
    Inline {
        media_type: Option<String>,
        data: String,
    },
    Url(String),
    /// The id of a file stored at the provider.
    File(String),
    /// A document that is plain text.
    Text(String),
    /// A document made of parts.
    Parts {
        parts: Vec<Part>,
        bare: bool,
    },
    /// A kind of source that only its own dialect knows.
    Native(Json),
}

/// A mark that the prompt up to here is worth caching, as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheMark {
    pub written: Json,
    pub ttl: Option<String>,
}

/// What a text rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Citation {
    /// Set where it points at a web page, which is all that dialects have in common.
    pub url: Option<UrlCitation>,
    pub written: Json,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UrlCitation {
    pub url: String,
    pub title: Option<String>,
    pub cited_text: Option<String>,
    /// The characters of the message that it is about, where the dialect says so.
    pub start: Option<u64>,
    pub end: Option<u64>,
}

/// The model asks for a tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolCall {
    /// Empty where the provider gave none.
    pub id: String,
    pub name: String,
    /// JSON text for a function, free text for a custom tool; as the model wrote it, so not always valid.
    pub arguments: String,
    pub kind: ToolCallKind,
    /// What rides along beside name and arguments, where the dialect nests them.
    pub extra: Extra,
}

impl ToolCall {
    pub fn function(id: impl Into<String>, name: impl Into<String>, arguments: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            name: name.into(),
            arguments: arguments.into(),
            kind: ToolCallKind::Function,
            extra: Extra::default(),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ToolCallKind {
    Function,
    /// A tool whose input is free text.
    Custom,
}

/// What a tool answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolResult {
    pub call_id: String,
    /// The tool's name, in the dialects that repeat it.
    pub name: Option<String>,
    pub parts: Vec<Part>,
    /// Written as a plain string in the sender's dialect.
    pub bare: bool,
    pub is_error: Option<bool>,
}
