//! `vault:`

use super::Located;
use super::value::VaultKey;

section! {
    /// What stored secrets are encrypted with. Unless it is written, a key is made in the data directory.
    Vault is "`vault`", later [];
    /// The key, 32 bytes in hexadecimal or base64, best as a reference.
    required key: Located<VaultKey>;
    /// Keys that were used before. Secrets under them can be read; `gatewright vault rotate` moves them to `key`.
    default previous: Vec<VaultKey> = Vec::new();
}
