//! Secrets: they are read, and never shown.

use domain::Secret;
use zeroize::Zeroize;

use crate::schema::reading::Shown;
use crate::schema::{Field, Reading, Shape};
use crate::tree::Node;

/// A secret on one line, usually a reference; `LEAST` characters or more.
#[derive(Debug, Clone)]
pub(crate) struct SecretText<const LEAST: usize = 1>(pub(crate) Secret<String>);

/// What still fits into a header beside everything else.
const LONGEST: usize = 8_192;

impl<const LEAST: usize> Field for SecretText<LEAST> {
    fn shape() -> Shape {
        Shape::Secret { least: LEAST, most: LONGEST }
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
        if text.len() < LEAST {
            let message = format!("the secret has fewer than {LEAST} characters and could be guessed");
            reading.error_with(node, message, "make one with `openssl rand -hex 32`");
            return None;
        }
        if text.len() > LONGEST {
            reading.error(node, format!("the secret has more than {LONGEST} characters"));
            return None;
        }
        Some(Self(secret))
    }
}
