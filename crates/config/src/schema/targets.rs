//! `targets:`, and the targets that stand in an endpoint.

use super::Located;
use super::value::{Name, Prose, Text, Whole};

section! {
    /// One model behind one credential, under a name that several endpoints can use.
    NamedTarget is "a target", later ["credentials", "region", "overrides"];
    /// How endpoints refer to it.
    required name: Located<Name>;
    /// The project that it belongs to; what is in the project `default` is everybody's.
    default project: Located<Name> = Name::of_default_project();
    /// What people should know about it.
    optional description: Prose;
    /// The name of a credential.
    required credential: Located<Name>;
    /// The provider's own name of the model.
    required model: Text;
    /// The dialect to speak, where the provider has several.
    optional dialect: Located<DialectName>;
}

section! {
    /// One model behind one credential.
    Target is "a target", later ["credentials", "region", "overrides"];
    /// The name of a credential.
    required credential: Located<Name>;
    /// The provider's own name of the model.
    required model: Text;
    /// The share of calls, relative to the other targets; 0 takes none. Only in `targets`; 1 unless written.
    optional weight: Located<Whole<0, 1_000_000>>;
    /// The dialect to speak, where the provider has several.
    optional dialect: Located<DialectName>;
}

section! {
    /// A target that is declared under `targets`.
    TargetUse is "a target", later [];
    /// Its name.
    required target: Located<Name>;
    /// The share of calls, relative to the other targets; 0 takes none. Only in `targets`; 1 unless written.
    optional weight: Located<Whole<0, 1_000_000>>;
}

choice! {
    /// A wire format.
    DialectName { OpenaiChat = "openai-chat", AnthropicMessages = "anthropic-messages" }
    later ["openai-responses", "gemini", "bedrock-converse"]
}

impl From<DialectName> for domain::Dialect {
    fn from(name: DialectName) -> Self {
        match name {
            DialectName::OpenaiChat => Self::OpenaiChat,
            DialectName::AnthropicMessages => Self::AnthropicMessages,
        }
    }
}
