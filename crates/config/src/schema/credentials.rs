//! `credentials:`

use serde_json::Value;

use super::reading::Reading;
use super::value::{Attempt, BaseUrl, Name, Time, Whole};
use super::{Field, Located, SecretText, Shape};
use crate::tree::{Content, Kind, Node};

section! {
    /// A way into one provider.
    Credential is "a credential", later ["region"];
    /// How targets refer to it.
    required name: Located<Name>;
    /// A provider of the built-in catalogue or of `providers`.
    required provider: Located<Name>;
    /// The secret that the provider issued.
    optional api_key: Attempt<Located<SecretText>>;
    /// What the vendor's SDK takes as base URL, where it is not the provider's own. Private addresses are allowed.
    optional base_url: Attempt<Located<BaseUrl>>;
    /// How the key is sent; unless written, as the provider wants it.
    optional auth: Attempt<Located<Auth>>;
    /// For the provider `simulator`: how long replies take.
    optional latency: Located<Latency>;
    /// For the provider `simulator`: which calls fail.
    optional failures: Located<Failures>;
}

section! {
    /// How long the simulator takes.
    Latency is "`latency`", later [];
    /// Before the first token.
    default first_token: Time<0> = Time::millis(0);
    /// Between two tokens of a stream.
    default between: Time<0> = Time::millis(0);
}

section! {
    /// Which calls the simulator lets fail.
    Failures is "`failures`", later [];
    /// Every how many calls one fails, counted over the whole process.
    required every: Whole<1, 1_000_000>;
    /// With which HTTP status.
    default status: Whole<400, 599> = Whole(503);
}

/// How a key is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Auth {
    /// `Authorization: Bearer …`
    Bearer,
    /// `x-api-key: …`
    XApiKey,
    /// Not at all: the provider takes calls without a key.
    None,
}

impl Auth {
    const WORDS: &[&str] = &["bearer", "x-api-key", "none"];
}

impl Field for Auth {
    fn shape() -> Shape {
        Shape::Choice(Self::WORDS)
    }

    fn read(node: &Node, reading: &mut Reading<'_>) -> Option<Self> {
        if let Content::Section(_) = &node.content {
            // The form of cloud credentials; what is in it may be secret.
            let message = "`auth` with fields of its own is not available in this version";
            reading.error_with(node, message, "choose `bearer`, `x-api-key` or `none`");
            return None;
        }
        // `off` is how YAML people write `none`.
        if let Content::Scalar(scalar) = &node.content
            && scalar.kind() == Kind::Boolean(false)
        {
            return Some(Self::None);
        }
        match reading.choice(node, Self::WORDS, &[])?.as_str() {
            "bearer" => Some(Self::Bearer),
            "x-api-key" => Some(Self::XApiKey),
            _ => Some(Self::None),
        }
    }

    fn written(&self) -> Option<Value> {
        Some(
            match self {
                Self::Bearer => "bearer",
                Self::XApiKey => "x-api-key",
                Self::None => "none",
            }
            .into(),
        )
    }
}
