//! Edit mode: names the places of one stream event, or of a whole reply, that hold what the model wrote, so that a
//! guardrail can read and replace only those while every other byte stays.

use std::borrow::Cow;
use std::ops::Range;

use domain::Dialect;

use crate::json::{self, NotJson, Scanner, Text};
use crate::{anthropic, openai_chat};

/// Which running text a piece belongs to. Pieces of one channel, in order, make up one text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Channel {
    Text {
        choice: u32,
        block: u32,
    },
    Thinking {
        choice: u32,
        block: u32,
    },
    ToolArguments {
        choice: u32,
        index: u32,
    },
    Refusal {
        choice: u32,
    },
    /// A place that repeats text of the reply in another form (log probabilities, annotations, citations). Who changes
    /// the text must blank it.
    Echo {
        choice: u32,
        block: u32,
    },
}

/// How the text of a range is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Escape {
    /// The inside of a JSON string.
    JsonString,
    /// The inside of a JSON string whose text is a piece of a JSON document. A replacement for text inside of that
    /// document's own strings is escaped twice; one for the whole range is [`Escape::JsonString`] again.
    JsonInJsonString,
    /// A whole JSON value; its replacement is one too (`null`).
    Value,
}

/// One place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located {
    pub channel: Channel,
    /// Of the event's data, without quotes.
    pub range: Range<usize>,
    pub escape: Escape,
}

/// The places of one event's data, or of a whole reply, in order. Of data that is not JSON, those before the defect.
pub fn locate(dialect: Dialect, event_data: &[u8]) -> Vec<Located> {
    let mut places = Places { data: event_data, found: Vec::new() };
    // A defect ends the search, and what was found is still true.
    let _ = match dialect {
        Dialect::OpenaiChat => openai_chat::locate::locate(&mut places),
        Dialect::AnthropicMessages => anthropic::locate::locate(&mut places),
    };
    places.found
}

/// What stands at a place, unescaped once. `None` where it stands for no text (half of a surrogate pair, or a place of
/// other data).
pub fn text_at<'a>(event_data: &'a [u8], place: &Located) -> Option<Cow<'a, str>> {
    let inside = event_data.get(place.range.clone())?;
    match place.escape {
        Escape::JsonString | Escape::JsonInJsonString => {
            let (start, end) = (place.range.start.checked_sub(1)?, place.range.end.checked_add(1)?);
            Text { start, end, escaped: inside.contains(&b'\\') }.decode(event_data)
        }
        Escape::Value => std::str::from_utf8(inside).ok().map(Cow::Borrowed),
    }
}

/// The event's data with ranges replaced. An edit that overlaps an earlier one or lies outside is skipped.
pub fn splice(event_data: &[u8], edits: &[(Range<usize>, &str, Escape)]) -> Vec<u8> {
    let mut replaced: Vec<_> = edits
        .iter()
        .map(|(range, text, escape)| {
            let mut bytes = Vec::with_capacity(text.len());
            match escape {
                Escape::JsonString => json::escape_into(&mut bytes, text),
                Escape::JsonInJsonString => {
                    json::escape_into(&mut bytes, text);
                    let once = String::from_utf8_lossy(&bytes).into_owned();
                    bytes.clear();
                    json::escape_into(&mut bytes, &once);
                }
                Escape::Value => bytes.extend_from_slice(text.as_bytes()),
            }
            (range.clone(), bytes)
        })
        .collect();
    json::splice(event_data, &mut replaced)
}

/// Collects places while a dialect walks the data.
pub(crate) struct Places<'a> {
    pub(crate) data: &'a [u8],
    found: Vec<Located>,
}

impl Places<'_> {
    /// Takes the string that comes next, if it is one and holds anything.
    pub(crate) fn string(
        &mut self,
        scanner: &mut Scanner<'_>,
        channel: Channel,
        escape: Escape,
    ) -> Result<(), NotJson> {
        if scanner.kind()? == json::Kind::String {
            let text = scanner.string()?;
            if !text.is_empty() {
                self.found.push(Located { channel, range: text.inner(), escape });
            }
        }
        Ok(())
    }

    /// Takes every string inside of the value that comes next. The depth of the document bounds the recursion.
    pub(crate) fn strings(&mut self, scanner: &mut Scanner<'_>, channel: Channel) -> Result<(), NotJson> {
        match scanner.kind()? {
            json::Kind::Object => scanner.object(|scanner, _| self.strings(scanner, channel)),
            json::Kind::Array => scanner.array(|scanner, _| self.strings(scanner, channel)),
            json::Kind::String => self.string(scanner, channel, Escape::JsonString),
            _ => scanner.skip().map(drop),
        }
    }

    /// Takes the value that comes next as a whole, unless there is nothing in it.
    pub(crate) fn value(&mut self, scanner: &mut Scanner<'_>, channel: Channel) -> Result<(), NotJson> {
        let start = scanner.kind().map(|_| scanner.at())?;
        if scanner.has_substance()? {
            self.found.push(Located { channel, range: start..scanner.at(), escape: Escape::Value });
        }
        Ok(())
    }

    /// The whole number `name` of the object that comes next.
    pub(crate) fn number(&self, scanner: &mut Scanner<'_>, name: &str) -> Option<u32> {
        scanner.kind().ok()?;
        let range = json::member(self.data, scanner.at(), name)?;
        std::str::from_utf8(self.data.get(range)?).ok()?.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    #[test]
    fn text_is_read_unescaped() {
        let data = br#"{"choices":[{"index":0,"delta":{"content":"a\n\u00fc\"b"}}]}"#;
        let places = locate(Dialect::OpenaiChat, data);
        assert_eq!(places.len(), 1);
        assert_eq!(text_at(data, &places[0]).unwrap(), "a\nü\"b");
        assert_eq!(text_at(b"{}", &places[0]), None);
    }

    #[test]
    fn arguments_can_be_replaced_whole_or_inside_of_their_strings() {
        let data = br#"{"choices":[{"index":0,"delta":{"tool_calls":[{"index":1,"function":{"arguments":"{\"to\":\"bob\"}"}}]}}]}"#;
        let place = &locate(Dialect::OpenaiChat, data)[0];
        assert_eq!(text_at(data, place).unwrap(), r#"{"to":"bob"}"#);
        let arguments = |data: &[u8]| {
            let value: Value = serde_json::from_slice(data).unwrap();
            let text =
                value["choices"][0]["delta"]["tool_calls"][0]["function"]["arguments"].as_str().unwrap();
            serde_json::from_str::<Value>(text).unwrap()
        };
        let whole = splice(data, &[(place.range.clone(), r#"{"a":"\n"}"#, Escape::JsonString)]);
        assert_eq!(arguments(&whole)["a"], "\n");
        let bob = memchr::memmem::find(data, b"bob").unwrap();
        let inside = splice(data, &[(bob..bob + 3, "\"\n\\", Escape::JsonInJsonString)]);
        assert_eq!(arguments(&inside)["to"], "\"\n\\");
    }

    #[test]
    fn edits_that_do_not_fit_are_skipped() {
        let edit = |range| (range, "x", Escape::JsonString);
        assert_eq!(splice(b"abcdef", &[edit(3..5), edit(0..1), edit(4..6), edit(6..9)]), b"xbcxf");
        #[expect(clippy::reversed_empty_ranges, reason = "a range that no caller should make")]
        let reversed = edit(4..2);
        assert_eq!(splice(b"abcdef", &[reversed, edit(6..6)]), b"abcdefx");
    }

    proptest! {
        #[test]
        fn a_replaced_text_reads_back_and_nothing_else_changes(before in any::<String>(), after in any::<String>()) {
            let mut data = br#"{"type":"content_block_delta","index":0,"delta":{"text":"#.to_vec();
            json::string_into(&mut data, &before);
            data.extend_from_slice(b", \"x\" : 1.0}}");
            let places = locate(Dialect::AnthropicMessages, &data);
            prop_assert_eq!(places.len(), usize::from(!before.is_empty()));
            for place in places {
                let edited = splice(&data, &[(place.range.clone(), &after, place.escape)]);
                let mut expected: Value = serde_json::from_slice(&data).unwrap();
                expected["delta"]["text"] = Value::from(after.clone());
                prop_assert_eq!(serde_json::from_slice::<Value>(&edited).unwrap(), expected);
                prop_assert_eq!(&edited[..place.range.start], &data[..place.range.start]);
                prop_assert!(edited.ends_with(&data[place.range.end..]));
            }
        }

        #[test]
        fn no_bytes_panic(data in "[{}\\[\\]\":,a-z\\\\ ]{0,40}") {
            for dialect in Dialect::ALL {
                locate(dialect, data.as_bytes());
            }
        }
    }
}
