//! Keys of the vault: 32 bytes, written in hexadecimal or base64.

use domain::Secret;

use super::SecretText;
use crate::schema::{Field, Reading, Shape};
use crate::tree::Node;

/// What everything in the vault is encrypted with.
#[derive(Debug, Clone)]
pub(crate) struct VaultKey(pub(crate) Secret<[u8; 32]>);

impl Field for VaultKey {
    fn shape() -> Shape {
        Shape::Secret { least: 43, most: 64 }
    }

    fn read(node: &Node, reading: &mut Reading<'_>) -> Option<Self> {
        let SecretText(text) = SecretText::<1>::read(node, reading)?;
        match vault::parse_vault_key(text.expose()) {
            Ok(key) => Some(Self(key)),
            Err(error) => {
                reading.error(node, error.to_string());
                None
            }
        }
    }
}
