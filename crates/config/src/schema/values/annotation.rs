//! What people hang on a key: tags and metadata, which land on what it does, and what it may do on the admin API.

use std::sync::{Arc, LazyLock};

use domain::Permission;
use serde_json::Value;

use crate::schema::reading::Shown;
use crate::schema::{Field, Reading, Shape};
use crate::tree::{Content, Node};

use super::Text;

/// A word to find things by, such as `team:search` or `nightly`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tag(pub(crate) Arc<str>);

const LONGEST: usize = 64;
const WHAT: &str = "letters, digits and `.`, `_`, `:`, `/`, `-`, beginning with a letter or digit";

fn is_word(text: &str) -> bool {
    text.len() <= LONGEST
        && text.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b':' | b'/' | b'-'))
}

impl Field for Tag {
    fn shape() -> Shape {
        Shape::text("tag", "^[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}$", LONGEST)
    }

    fn read(node: &Node, reading: &mut Reading<'_>) -> Option<Self> {
        let written = reading.text(node, "a tag", Shown::Yes)?;
        if !is_word(&written.value) {
            reading.refuse(node, &format!("a tag of at most {LONGEST} {WHAT}"), &written);
            return None;
        }
        Some(Self(written.value.into()))
    }
}

/// Keys and values of people's own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Metadata(pub(crate) Vec<(Arc<str>, Arc<str>)>);

/// All of it goes on every trace of the key.
const MOST_ENTRIES: usize = 20;

impl Field for Metadata {
    fn shape() -> Shape {
        Shape::Map {
            key_pattern: "^[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}$",
            of: Box::new(Text::shape()),
            most: MOST_ENTRIES,
        }
    }

    fn read(node: &Node, reading: &mut Reading<'_>) -> Option<Self> {
        let Content::Section(entries) = &node.content else {
            reading.error(node, "expected a section of keys and values such as `cost_center: \"4711\"`");
            return None;
        };
        if entries.len() > MOST_ENTRIES {
            reading.error(node, format!("expected at most {MOST_ENTRIES} entries, found {}", entries.len()));
            return None;
        }
        let mut read = Vec::with_capacity(entries.len());
        for entry in entries {
            let before = reading.enter_key(&entry.key);
            if is_word(&entry.key) {
                let value = Text::read(&entry.value, reading);
                read.extend(value.map(|value| (entry.key.as_str().into(), value.0)));
            } else {
                reading.error(&entry.key_node(), format!("expected a key of at most {LONGEST} {WHAT}"));
            }
            reading.leave(before);
        }
        Some(Self(read))
    }
}

/// What a service key may do on the admin API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PermissionName(pub(crate) Permission);

static WORDS: LazyLock<Vec<&'static str>> = LazyLock::new(|| Permission::ALL.map(Permission::name).into());

impl Field for PermissionName {
    fn shape() -> Shape {
        Shape::Choice(&WORDS)
    }

    fn read(node: &Node, reading: &mut Reading<'_>) -> Option<Self> {
        reading.choice(node, &WORDS, &[])?.parse().ok().map(Self)
    }

    fn written(&self) -> Option<Value> {
        Some(self.0.name().into())
    }
}
