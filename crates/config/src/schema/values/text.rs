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
        Shape::text("text", VISIBLE_LINE, LONGEST)
    }

    fn read(node: &Node, reading: &mut Reading<'_>) -> Option<Self> {
        let written = reading.text(node, "text", Shown::Yes)?;
        let text = written.value.as_str();
        if text.is_empty() || text.trim() != text || text.chars().any(char::is_control) {
            reading.error(node, "expected text on one line, without blanks around it");
            return None;
        }
        if text.chars().count() > LONGEST {
            reading.error(node, format!("the text has more than {LONGEST} characters"));
            return None;
        }
        Some(Self(text.into()))
    }
}

/// In characters.
const LONGEST: usize = 256;

/// Blanks are spelled out because regular expressions disagree about what else is one.
const VISIBLE_LINE: &str = r"^[^\x00-\x20\x7f-\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]([^\x00-\x1f\x7f-\x9f]*[^\x00-\x20\x7f-\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000])?$";

/// What people say about something, in as many lines as they like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Prose(pub(crate) Arc<str>);

/// In characters.
const LONGEST_PROSE: usize = 1_000;

impl Field for Prose {
    fn shape() -> Shape {
        Shape::text("text, also of several lines", r"^[^\x00-\x08\x0b-\x1f\x7f-\x9f]+$", LONGEST_PROSE)
    }

    fn read(node: &Node, reading: &mut Reading<'_>) -> Option<Self> {
        let written = reading.text(node, "text", Shown::Yes)?;
        let text = written.value.as_str();
        let unprintable = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
        if text.is_empty() || text.chars().any(unprintable) {
            reading.error(node, "expected text without control characters, and at least one character of it");
            return None;
        }
        if text.chars().count() > LONGEST_PROSE {
            reading.error(node, format!("the text has more than {LONGEST_PROSE} characters"));
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
        Shape::text("path", "^.", 4_096)
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
