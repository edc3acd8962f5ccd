//! What is written down about a call: the usage record (money, never lost) and the call record (content, best effort).

use std::net::IpAddr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{
    Api, AttemptId, CallId, Caller, CredentialId, Dialect, EndpointId, ErrorKind, KeyId, Labels, PicoUsd,
    RelayMode, Scope, SpanId, TargetId, TraceId, Usage,
};

/// The immutable row of tokens and money for one attempt that reached a provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageRecord {
    pub attempt: AttemptId,
    pub call: CallId,
    pub trace: TraceId,
    /// When the attempt was settled, in milliseconds since the Unix epoch.
    pub settled_at_ms: i64,
    pub scope: Scope,
    pub key: Option<KeyId>,
    /// The key's name, or `anonymous`.
    pub caller: Arc<str>,
    /// What is written on the key.
    pub labels: Option<Arc<Labels>>,
    pub endpoint: EndpointId,
    pub endpoint_name: Arc<str>,
    pub target: TargetId,
    pub credential: CredentialId,
    pub provider: Arc<str>,
    pub model: Arc<str>,
    pub api: Api,
    pub usage: Usage,
    pub usage_source: UsageSource,
    /// `None` is unknown, which is not the same as free.
    pub cost: Option<PicoUsd>,
    pub cost_source: CostSource,
    /// Which price entry was applied.
    pub price: Option<Arc<str>>,
    pub outcome: Outcome,
    pub duration_ms: u64,
}

/// Where the token counts come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UsageSource {
    /// The provider said so.
    Reported,
    /// Counted from what was seen, because the stream ended before the provider said so.
    Estimated,
    /// Nothing was consumed (the provider refused), or nothing is known.
    None,
}

/// Where the cost comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CostSource {
    /// Reported usage times a price of the built-in catalogue.
    Catalogue,
    /// Reported usage times a price from the configuration.
    Configured,
    /// Estimated usage times a price.
    Estimated,
    /// There is no price for this model.
    Unknown,
}

/// How an attempt or a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Succeeded,
    Failed(ErrorKind),
    /// The client went away.
    Cancelled,
}

impl Outcome {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed(_) => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    pub const fn error(self) -> Option<ErrorKind> {
        match self {
            Self::Failed(kind) => Some(kind),
            Self::Succeeded | Self::Cancelled => None,
        }
    }
}

/// Why an attempt ended, for the reader of a trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// The reply is complete.
    Complete,
    /// The provider answered with an error status or error event.
    ProviderStatus,
    /// No connection could be made, or it broke before the reply began.
    Connect,
    /// A deadline passed.
    Deadline,
    /// The reply broke off or could not be read.
    BrokenReply,
    /// The client went away.
    ClientGone,
    /// The request could not be expressed for this target.
    NotExpressible,
    /// The server is stopping and the grace period is over.
    Shutdown,
    /// A defect in the gateway.
    Defect,
}

/// How much of the payloads a trace keeps.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CaptureMode {
    #[default]
    Full,
    Redacted,
    Metadata,
    None,
}

/// A captured payload.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capture {
    /// The bytes as they went over the wire in the caller's dialect; empty where nothing was kept.
    #[serde(with = "bytes_as_blob")]
    pub body: Vec<u8>,
    /// How many bytes there were; more than `body` holds where it was cut.
    pub size: u64,
}

/// Everything a trace shows about one call: its root span, and one span per attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallRecord {
    pub call: CallId,
    pub trace: TraceId,
    /// The span of the caller's own trace that this call continues.
    pub parent_span: Option<SpanId>,
    pub root_span: SpanId,
    /// Microseconds since the Unix epoch.
    pub started_at_us: i64,
    pub duration_us: u64,
    /// From the start of the call to the first content byte of the reply.
    pub first_token_us: Option<u64>,
    pub caller: Caller,
    /// Whom the call came from, as far as proxies are believed.
    pub client: Option<IpAddr>,
    /// What the application put in `model`.
    pub requested_model: Arc<str>,
    /// Absent where the model is unknown.
    pub endpoint: Option<EndpointId>,
    pub endpoint_name: Option<Arc<str>>,
    pub dialect: Dialect,
    pub api: Api,
    pub streamed: bool,
    /// The HTTP status the caller saw; 499 where it left before there was one.
    pub status: u16,
    pub outcome: Outcome,
    pub error_message: Option<String>,
    pub notes: Vec<String>,
    pub session: Option<Arc<str>>,
    pub user: Option<Arc<str>>,
    pub usage: Usage,
    pub cost: Option<PicoUsd>,
    pub attempts: Vec<AttemptRecord>,
    pub capture: CaptureMode,
    pub request: Capture,
    pub reply: Capture,
}

/// One try at one target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptRecord {
    pub attempt: AttemptId,
    pub span: SpanId,
    pub target: TargetId,
    pub provider: Arc<str>,
    pub model: Arc<str>,
    pub credential_name: Arc<str>,
    pub dialect: Dialect,
    pub relay: RelayMode,
    /// Microseconds since the start of the call.
    pub offset_us: u64,
    pub duration_us: u64,
    /// From the start of the attempt to the first byte of the provider's reply.
    pub first_byte_us: Option<u64>,
    /// The provider's HTTP status, where there was one.
    pub status: Option<u16>,
    pub end: EndReason,
    pub outcome: Outcome,
    pub error_message: Option<String>,
    /// The provider's own id for the request, for its support desk.
    pub provider_request_id: Option<String>,
    pub usage: Usage,
    pub usage_source: UsageSource,
    pub cost: Option<PicoUsd>,
    pub cost_source: CostSource,
}

/// Serde writes `Vec<u8>` as a sequence of numbers unless told otherwise.
mod bytes_as_blob {
    use serde::de::{SeqAccess, Visitor};
    use serde::{Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(bytes)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        deserializer.deserialize_byte_buf(BlobVisitor)
    }

    struct BlobVisitor;

    impl<'de> Visitor<'de> for BlobVisitor {
        type Value = Vec<u8>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("bytes")
        }

        fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Self::Value, E> {
            Ok(bytes.to_vec())
        }

        fn visit_byte_buf<E>(self, bytes: Vec<u8>) -> Result<Self::Value, E> {
            Ok(bytes)
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
            let mut bytes = Vec::new();
            while let Some(byte) = items.next_element()? {
                bytes.push(byte);
            }
            Ok(bytes)
        }
    }
}
