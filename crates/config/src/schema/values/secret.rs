//! Secrets: they are read, and never shown.

use domain::Secret;
use zeroize::Zeroize;

use crate::schema::reading::Shown;
use crate::schema::{Field, Reading, Shape};
use crate::tree::Node;

/// A secret on one line, usually a reference.
#[derive(Debug, Clone)]
pub(crate) struct SecretText(pub(crate) Secret<String>);

impl Field for SecretText {
    fn shape() -> Shape {
        Shape::Text { what: "secret, best as a reference", pattern: Some(r"^[\x21-\x7e]+$") }
    }

    fn read(node: &Node, reading: &mut Reading<'_>) -> Option<Self> {
        let mut written = reading.text(node, "a secret", Shown::Never)?;
        written.shown.zeroize();
        let secret = Secret::new(written.value);
        let text = secret.expose();
        if text.is_empty() {
            reading.error_with(node, "the secret is empty", "set the variable, or remove this field");
            return None;
        }
        // What goes into a header has to be visible ASCII, and no vendor issues anything else.
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            reading.error_with(
                node,
                "the secret holds a blank, a line break or a character outside of ASCII",
                "look for a second line or quotes in the variable or file",
            );
            return None;
        }
        Some(Self(secret))
    }
}
