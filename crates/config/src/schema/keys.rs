//! `keys:`

use super::value::{Distinct, Expiry, Metadata, Name, PermissionName, Prose, Tag, Text};
use super::{Located, SecretText};

/// Shorter secrets can be guessed.
pub(crate) const SHORTEST_SECRET: usize = 16;

section! {
    /// A virtual key.
    Key is "a key", later ["mcp_servers"];
    /// How usage and traces name it.
    required name: Located<Name>;
    /// The project that calls with this key belong to.
    default project: Located<Name> = Name::of_default_project();
    /// What people should know about it.
    optional description: Prose;
    /// What the application sends; 16 characters or more, best as a reference.
    required secret: Located<SecretText<SHORTEST_SECRET>>;
    /// What this key may use: names of endpoints, `provider/model`, or `provider/*`. Unless written, everything.
    optional endpoints: Distinct<Located<Text>>;
    /// When the key ends: a date (its first moment, in UTC) or an RFC 3339 time.
    optional expires: Located<Expiry>;
    /// Words that usage and traces of this key can be found by.
    default tags: Distinct<Tag> = Distinct::none();
    /// Keys and values that go with the traces of this key.
    default metadata: Metadata = Metadata::default();
    /// What this key may do on the admin API, within its project; nothing unless written.
    default permissions: Distinct<PermissionName> = Distinct::none();
}
