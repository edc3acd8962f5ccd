//! `keys:`

use super::value::{Expiry, Name, Text};
use super::{Located, SecretText};

section! {
    /// A virtual key.
    Key is "a key", later ["mcp_servers"];
    /// How usage and traces name it.
    required name: Located<Name>;
    /// The project that calls with this key belong to.
    default project: Name = Name("default".into());
    /// What the application sends; 16 characters or more, best as a reference.
    required secret: Located<SecretText>;
    /// What this key may use: names of endpoints, `provider/model`, or `provider/*`. Unless written, everything.
    optional endpoints: Vec<Located<Text>>;
    /// When the key ends: a date (its first moment, in UTC) or an RFC 3339 time.
    optional expires: Located<Expiry>;
}
