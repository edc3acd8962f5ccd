//! `endpoints:`

use domain::CaptureMode;
use serde_json::Value;

use super::reading::{Reading, Shown};
use super::shape::MOST_ITEMS;
use super::targets::{Target, TargetUse};
use super::value::{Distinct, Name, Prose, Text, Time, Whole};
use super::{Field, Located, Shape};
use crate::tree::{Content, Node};

section! {
    /// A public model name, and the plan behind it.
    Endpoint is "an endpoint", later ["sticky", "breaker", "guardrails", "mcp_servers"];
    /// What applications put into `model`.
    required name: Located<Name>;
    /// Other names of the same endpoint.
    default aliases: Distinct<Located<Name>> = Distinct::none();
    /// The project that it belongs to; what is in the project `default` is everybody's.
    default project: Located<Name> = Name::of_default_project();
    /// What people should know about it.
    optional description: Prose;
    /// Where calls go, split by weight: `provider/model`, a section that names a credential, or one that names an entry
    /// of `targets`.
    required targets: Targets;
    /// Tried in this order after the drawn target failed.
    default fallbacks: Vec<TargetForm> = Vec::new();
    /// After which failures the next target is tried.
    default fallback_on: Vec<FallbackOn> = FallbackOn::ALL.to_vec();
    /// How a target is chosen.
    default strategy: Strategy = Strategy::Weighted;
    /// When the same target is tried again.
    default retry: Retry = Retry::default();
    /// Tries over all targets.
    default max_attempts: Whole<1, 32> = Whole(4);
    /// How long to wait for what.
    default timeouts: Timeouts = Timeouts::default();
    /// The most tokens that a call may ask for.
    optional max_output_tokens: Whole<1, 100_000_000>;
    /// Answer 400 where a field of the request cannot be translated, instead of a note.
    default strict: bool = false;
    /// How much of the payloads traces keep.
    default capture: Capture = Capture::Full;
}

choice! {
    /// How a target is chosen.
    Strategy { Weighted = "weighted" } later ["priority", "least-latency", "cheapest"]
}

choice! {
    /// A failure after which the next target is tried.
    FallbackOn {
        Error = "error",
        Timeout = "timeout",
        RateLimit = "rate_limit",
        ContextWindow = "context_window",
        ContentFilter = "content_filter",
    } later []
}

impl FallbackOn {
    const ALL: [Self; 5] =
        [Self::Error, Self::Timeout, Self::RateLimit, Self::ContextWindow, Self::ContentFilter];
}

choice! {
    /// How much of the payloads traces keep.
    Capture { Full = "full", Redacted = "redacted", Metadata = "metadata", None = "none" } later []
}

impl From<Capture> for CaptureMode {
    fn from(capture: Capture) -> Self {
        match capture {
            Capture::Full => Self::Full,
            Capture::Redacted => Self::Redacted,
            Capture::Metadata => Self::Metadata,
            Capture::None => Self::None,
        }
    }
}

section! {
    /// When the same target is tried again.
    Retry is "`retry`", later [];
    /// Tries per target, the first included.
    default attempts: Whole<1, 10> = Whole(2);
    /// After which failures: the status 429, any status of 500 and above, no connection, a deadline.
    default on: Vec<RetryOn> = RetryOn::ALL.to_vec();
    /// How long to wait in between.
    default backoff: Backoff = Backoff::default();
}

section! {
    /// How long to wait between two tries of a target: a random part of a time that doubles.
    Backoff is "`backoff`", later [];
    /// The time before the second try.
    default initial: Time<1> = Time::millis(200);
    /// The longest, and the longest `retry-after` that is waited for.
    default max: Time<1> = Time::secs(5);
}

section! {
    /// How long to wait for a provider.
    Timeouts is "`timeouts`", later [];
    /// Until there is a connection.
    default connect: Time<1> = Time::secs(5);
    /// Streams: until the first content.
    default first_token: Time<1> = Time::secs(60);
    /// Streams: between two pieces of content.
    default idle: Time<1> = Time::secs(60);
    /// For everything together.
    default total: Time<1> = Time::secs(600);
}

/// A target as people write it.
#[derive(Debug)]
pub(crate) enum TargetForm {
    /// `provider/model`, over the only credential of that provider.
    Short(Located<(Name, Text)>),
    Long(Located<Target>),
    /// An entry of `targets`.
    Named(Located<TargetUse>),
}

/// In characters: a name, a slash and a model.
const LONGEST: usize = 320;

impl Field for TargetForm {
    fn shape() -> Shape {
        let short = Shape::Text {
            what: "`provider/model`",
            pattern: Some(r"^[a-z0-9][a-z0-9._-]{0,62}/[^\s]"),
            exact: Some(r"^[a-z0-9][a-z0-9._-]{0,62}/[\x21-\x7e]{1,256}$"),
            most: LONGEST,
        };
        Shape::Either(vec![short, Target::shape(), TargetUse::shape()])
    }

    fn read(node: &Node, reading: &mut Reading<'_>) -> Option<Self> {
        if let Content::Section(_) = &node.content {
            return match node.get("target") {
                Some(_) => Located::read(node, reading).map(Self::Named),
                None => Located::read(node, reading).map(Self::Long),
            };
        }
        let expected = "`provider/model`, or a section with `credential` and `model`";
        let written = reading.scalar(node, expected, Shown::Yes)?;
        let parts = written.value.split_once('/').filter(|(provider, model)| {
            let visible = !model.is_empty() && !model.chars().any(|c| c.is_whitespace() || c.is_control());
            Name::is_valid(provider) && visible && written.value.chars().count() <= LONGEST
        });
        let Some((provider, model)) = parts else {
            reading.refuse(node, expected, &written);
            return None;
        };
        let value = (Name(provider.into()), Text(model.into()));
        Some(Self::Short(Located { value, at: reading.at(node) }))
    }
}

/// At least one target.
#[derive(Debug)]
pub(crate) struct Targets(pub(crate) Vec<TargetForm>);

impl Field for Targets {
    fn shape() -> Shape {
        Shape::List {
            of: Box::new(TargetForm::shape()),
            filled: true,
            distinct: false,
            most: Some(MOST_ITEMS),
        }
    }

    fn read(node: &Node, reading: &mut Reading<'_>) -> Option<Self> {
        reading.items(node, true, Some(MOST_ITEMS)).map(Self)
    }
}

/// A failure after which the same target is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RetryOn {
    RateLimited,
    ServerError,
    Connect,
    Timeout,
}

impl RetryOn {
    const ALL: [Self; 4] = [Self::RateLimited, Self::ServerError, Self::Connect, Self::Timeout];
    const WORDS: &[&str] = &["429", "5xx", "connect", "timeout"];
}

impl Field for RetryOn {
    fn shape() -> Shape {
        Shape::Choice(Self::WORDS)
    }

    fn read(node: &Node, reading: &mut Reading<'_>) -> Option<Self> {
        match reading.choice(node, Self::WORDS, &[])?.as_str() {
            "429" => Some(Self::RateLimited),
            "5xx" => Some(Self::ServerError),
            "connect" => Some(Self::Connect),
            _ => Some(Self::Timeout),
        }
    }

    fn written(&self) -> Option<Value> {
        Some(match self {
            Self::RateLimited => 429.into(),
            Self::ServerError => "5xx".into(),
            Self::Connect => "connect".into(),
            Self::Timeout => "timeout".into(),
        })
    }
}
