//! Text that has no form of its own.

use std::path::PathBuf;
use std::sync::Arc;

use crate::schema::reading::Shown;
use crate::schema::{Field, Reading, Shape};
use crate::tree::Node;

/// Something visible on one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Text(pub(crate) Arc<str>);

impl Field for Text {
    fn shape() -> Shape {
        Shape::Text { what: "text", pattern: Some(r"^[^\s\x00-\x1f]([^\x00-\x1f]*[^\s\x00-\x1f])?$") }
    }

    fn read(node: &Node, reading: &mut Reading<'_>) -> Option<Self> {
        let written = reading.text(node, "text", Shown::Yes)?;
        let text = written.value.as_str();
        if text.is_empty() || text.trim() != text || text.chars().any(char::is_control) {
            reading.error(node, "expected text on one line, without blanks around it");
            return None;
        }
        Some(Self(text.into()))
    }
}

/// A path of the machine that the gateway runs on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FilePath(pub(crate) PathBuf);

impl Field for FilePath {
    fn shape() -> Shape {
        Shape::Text { what: "path", pattern: Some("^.") }
    }

    fn read(node: &Node, reading: &mut Reading<'_>) -> Option<Self> {
        let written = reading.text(node, "a path", Shown::Yes)?;
        if written.value.is_empty() || written.value.contains('\0') {
            reading.error(node, "expected a path, found nothing");
            return None;
        }
        Some(Self(written.value.into()))
    }
}
