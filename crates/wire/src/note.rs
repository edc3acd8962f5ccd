//! What a translation could not say in the other dialect. A note names the field as the sender wrote it, so that its
//! author finds it; notes of one kind over many items of a list become one.

use std::fmt;

use domain::Dialect;

use crate::hub::Extra;

/// One loss, or one change of meaning, in a translation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The field in the sender's dialect: `logit_bias`, `messages[2].name`, or `tools[].strict` where several lost it.
    pub field: String,
    pub what: Loss,
    /// The dialect that has no place for it.
    pub target: Dialect,
}

/// What became of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// It is not expressible and was left out.
    Dropped,
    /// Its value was outside of what the target takes, and the nearest one was sent.
    Clamped,
    /// It was said in another way that means almost the same.
    Changed,
    /// The gateway reckoned it, since nobody told.
    Estimated,
}

impl Loss {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dropped => "dropped",
            Self::Clamped => "clamped",
            Self::Changed => "changed",
            Self::Estimated => "estimated",
        }
    }
}

impl Note {
    /// The form for a header: `logit_bias:dropped`.
    pub fn short(&self) -> String {
        format!("{}:{}", self.field, self.what.name())
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { field, what, target } = self;
        match what {
            Loss::Dropped => write!(f, "`{field}` is not expressible in {target} and was left out"),
            Loss::Clamped => write!(f, "`{field}` is outside of what {target} takes and was clamped"),
            Loss::Changed => {
                write!(f, "`{field}` has no exact equal in {target} and was expressed otherwise")
            }
            Loss::Estimated => write!(f, "`{field}` is not told in {target} and was estimated"),
        }
    }
}

/// Collects the notes of one translation.
#[derive(Debug)]
pub(crate) struct Notes {
    target: Dialect,
    list: Vec<Note>,
    /// The fields of `list` without their indexes.
    kinds: Vec<String>,
}

/// What the gateway answers itself, and a label of the provider's machines.
const OURS: [&str; 2] = ["stream_options", "system_fingerprint"];

/// Values that change nothing where they are left out.
const NEUTRAL: [(&str, &str); 14] = [
    ("store", "false"),
    ("metadata", "{}"),
    ("logit_bias", "{}"),
    ("modalities", r#"["text"]"#),
    ("tools", "[]"),
    ("functions", "[]"),
    ("tool_calls", "[]"),
    ("annotations", "[]"),
    ("citations", "[]"),
    ("stop", "[]"),
    ("stop_sequences", "[]"),
    ("defer_loading", "false"),
    ("type", r#""custom""#),
    ("caller", r#"{"type":"direct"}"#),
];

/// A request with more kinds of losses than this is not going to be read note by note.
const NOTE_CAP: usize = 64;

impl Notes {
    pub(crate) const fn new(target: Dialect) -> Self {
        Self { target, list: Vec::new(), kinds: Vec::new() }
    }

    pub(crate) fn dropped(&mut self, field: impl Into<String>) {
        self.add(field.into(), Loss::Dropped);
    }

    pub(crate) fn clamped(&mut self, field: impl Into<String>) {
        self.add(field.into(), Loss::Clamped);
    }

    pub(crate) fn changed(&mut self, field: impl Into<String>) {
        self.add(field.into(), Loss::Changed);
    }

    /// Fields that ride along and cannot here. One that says nothing (`null`, or what holds without it) is no loss.
    pub(crate) fn extra(&mut self, extra: &Extra, parent: &str) {
        for (name, json) in extra.iter() {
            if json.is_null() || OURS.contains(&name) || NEUTRAL.contains(&(name, json.compact().as_str())) {
                continue;
            }
            self.dropped(if parent.is_empty() { name.to_owned() } else { format!("{parent}.{name}") });
        }
    }

    pub(crate) fn list(&self) -> &[Note] {
        &self.list
    }

    pub(crate) fn into_list(self) -> Vec<Note> {
        self.list
    }

    fn add(&mut self, field: String, what: Loss) {
        let kind = without_indexes(&field);
        for (note, known) in self.list.iter_mut().zip(&self.kinds) {
            if note.what == what && *known == kind {
                if note.field != field {
                    note.field = kind;
                }
                return;
            }
        }
        let field = match self.list.len() {
            NOTE_CAP.. => return,
            last if last == NOTE_CAP - 1 => "(more)".to_owned(),
            _ => field,
        };
        self.list.push(Note { field, what, target: self.target });
        self.kinds.push(kind);
    }
}

/// `messages[2].name` → `messages[].name`.
fn without_indexes(field: &str) -> String {
    let mut every = String::with_capacity(field.len());
    let mut inside = false;
    for character in field.chars() {
        inside = match character {
            '[' => {
                every.push('[');
                true
            }
            ']' => {
                every.push(']');
                false
            }
            digit if inside && digit.is_ascii_digit() => true,
            other => {
                every.push(other);
                inside
            }
        };
    }
    every
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_over_a_list_become_one() {
        let mut notes = Notes::new(Dialect::AnthropicMessages);
        notes.dropped("messages[0].name");
        notes.clamped("temperature");
        notes.dropped("messages[3].name");
        notes.dropped("messages[4].name");
        let shorts: Vec<_> = notes.list().iter().map(Note::short).collect();
        assert_eq!(shorts, ["messages[].name:dropped", "temperature:clamped"]);
    }

    #[test]
    fn a_note_says_what_was_lost_and_where_it_did_not_fit() {
        let note =
            Note { field: "logit_bias".to_owned(), what: Loss::Dropped, target: Dialect::AnthropicMessages };
        assert_eq!(
            note.to_string(),
            "`logit_bias` is not expressible in anthropic-messages and was left out"
        );
    }

    #[test]
    fn the_number_of_notes_is_bounded() {
        let mut notes = Notes::new(Dialect::OpenaiChat);
        for index in 0..1_000 {
            notes.dropped(format!("field_{}", char::from_u32(0x4e00 + index).unwrap()));
        }
        assert_eq!(notes.list().len(), NOTE_CAP);
        assert_eq!(notes.list()[NOTE_CAP - 1].field, "(more)");
    }
}
