//! Names of declared objects.

use std::sync::Arc;

use domain::DEFAULT_NAME;
use serde_json::Value;

use crate::schema::reading::Shown;
use crate::schema::{Field, Located, Reading, Shape};
use crate::tree::Node;

/// `[a-z0-9][a-z0-9._-]{0,62}`
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Name(pub(crate) Arc<str>);

const LONGEST: usize = 63;
const WHAT: &str = "a name of lower-case letters, digits, `.`, `_` and `-`";

impl Name {
    /// What stands in a `project` field that was not written.
    pub(crate) fn of_default_project() -> Located<Self> {
        Located::nowhere(Self(DEFAULT_NAME.into()))
    }

    pub(crate) fn is_valid(text: &str) -> bool {
        let letter_or_digit = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        text.len() <= LONGEST
            && text.bytes().next().is_some_and(letter_or_digit)
            && text.bytes().all(|byte| letter_or_digit(byte) || matches!(byte, b'.' | b'_' | b'-'))
    }
}

impl Field for Name {
    fn shape() -> Shape {
        Shape::text("name", "^[a-z0-9][a-z0-9._-]{0,62}$", LONGEST)
    }

    fn read(node: &Node, reading: &mut Reading<'_>) -> Option<Self> {
        let written = reading.text(node, WHAT, Shown::Yes)?;
        if Self::is_valid(&written.value) {
            return Some(Self(written.value.into()));
        }
        if written.value.len() > LONGEST {
            reading.error(
                node,
                format!("a name has at most {LONGEST} characters, `{}` has more", written.shown),
            );
        } else {
            let lower = written.shown.to_lowercase();
            if Self::is_valid(&lower) {
                let message = format!("expected {WHAT}, found `{}`", written.shown);
                reading.error_with(node, message, format!("did you mean `{lower}`?"));
            } else {
                reading.refuse(node, WHAT, &written);
            }
        }
        None
    }

    fn written(&self) -> Option<Value> {
        Some((*self.0).into())
    }
}
