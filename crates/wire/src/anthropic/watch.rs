//! What an event of an anthropic-messages stream says, as far as a stream that passes through must know it. Its events
//! are short and flat, so each is read in one pass.

use crate::json::{Kind, NotJson, Scanner};
use crate::watch::Sight;

/// What must be remembered between the events of a stream.
#[derive(Debug, Default)]
pub(crate) struct Eye {
    /// How the last delta with content began, up to the quote before its text. The deltas of a block all begin alike,
    /// and one that does is content if its text is not empty.
    delta_start: Vec<u8>,
}

impl Eye {
    pub(crate) fn look(&mut self, name: &[u8], data: &[u8]) -> Sight {
        if let Some([next, ..]) = data.strip_prefix(self.delta_start.as_slice())
            && !self.delta_start.is_empty()
            && *next != b'"'
        {
            return Sight { content: true, ..Sight::default() };
        }
        let mut event = Event { kind: name, ..Event::default() };
        // What comes before a defect counts all the same: the bytes are passed on, whatever they are.
        let _ = event.read(data);
        match event.kind {
            b"content_block_delta" => {
                self.remember(event.delta_start);
                Sight { content: event.delta, ..Sight::default() }
            }
            b"content_block_start" => Sight { content: event.block, ..Sight::default() },
            b"message_start" => Sight { usage: Some(&["message", "usage"]), ..Sight::default() },
            b"message_delta" => Sight { usage: Some(&["usage"]), ..Sight::default() },
            b"message_stop" => Sight { terminal: true, finished: true, ..Sight::default() },
            b"error" => Sight { error: true, ..Sight::default() },
            _ => Sight::default(),
        }
    }

    fn remember(&mut self, delta_start: &[u8]) {
        const WORTHWHILE: usize = 512;
        self.delta_start.clear();
        if delta_start.len() <= WORTHWHILE {
            self.delta_start.extend_from_slice(delta_start);
        }
    }
}

#[derive(Default)]
struct Event<'a> {
    /// The `type` in the data, which every event has; the event's name where a server left it out.
    kind: &'a [u8],
    /// The data says what it is before it says anything else.
    kind_first: bool,
    /// The delta carries something.
    delta: bool,
    /// The data up to the quote before the delta's text; empty if that tells too little.
    delta_start: &'a [u8],
    /// The block that starts carries something.
    block: bool,
}

impl<'a> Event<'a> {
    fn read(&mut self, data: &'a [u8]) -> Result<(), NotJson> {
        Scanner::new(data).object(|scanner, key| {
            match &data[key.inner()] {
                b"type" if scanner.kind()? == Kind::String => {
                    self.kind = &data[scanner.string()?.inner()];
                    self.kind_first = true;
                }
                b"delta" => {
                    let (content, text_at) = read_delta(data, scanner)?;
                    self.delta = content;
                    if let (true, Some(at)) = (self.kind_first, text_at) {
                        self.delta_start = &data[..=at];
                    }
                }
                b"content_block" => self.block = read_block(data, scanner)?,
                _ => {}
            }
            Ok(())
        })
    }
}

/// Whatever a delta holds besides its type is content, unless it is empty: the first piece of a tool's input often is.
/// Says also where the text begins that made it so.
fn read_delta(data: &[u8], scanner: &mut Scanner<'_>) -> Result<(bool, Option<usize>), NotJson> {
    let (mut content, mut text_at) = (false, None);
    if scanner.kind()? != Kind::Object {
        return Ok((content, text_at));
    }
    scanner.object(|scanner, key| {
        if &data[key.inner()] != b"type" {
            let at = (scanner.kind()? == Kind::String).then(|| scanner.at());
            if scanner.has_substance()? {
                content = true;
                text_at = text_at.or(at);
            }
        }
        Ok::<_, NotJson>(())
    })?;
    Ok((content, text_at))
}

/// A block of text or thinking starts empty, and is content when it does not. The start of any other block is content
/// itself: it names a tool, or holds a result.
fn read_block(data: &[u8], scanner: &mut Scanner<'_>) -> Result<bool, NotJson> {
    if scanner.kind()? != Kind::Object {
        return Ok(false);
    }
    let (mut starts_empty, mut filled) = (false, false);
    scanner.object(|scanner, key| {
        match &data[key.inner()] {
            b"type" if scanner.kind()? == Kind::String => {
                starts_empty = matches!(&data[scanner.string()?.inner()], b"text" | b"thinking");
            }
            b"text" | b"thinking" => filled |= scanner.has_substance()?,
            _ => {}
        }
        Ok::<_, NotJson>(())
    })?;
    Ok(filled || !starts_empty)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_like_the_last_is_still_read_for_what_differs() {
        let mut eye = Eye::default();
        let content = Sight { content: true, ..Sight::default() };
        for (data, expected) in [
            (r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"a"}}"#, content),
            (r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"b"}}"#, content),
            (
                r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":""}}"#,
                Sight::default(),
            ),
            (r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"c"}}"#, content),
            (
                r#"{"type":"content_block_delta","index":0,"delta":{"type":"citations_delta","citation":{"a":1}}}"#,
                content,
            ),
            (
                r#"{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":""}}"#,
                Sight::default(),
            ),
            (r#"{"type":"ping"}"#, Sight::default()),
            ("{", Sight::default()),
        ] {
            assert_eq!(eye.look(b"", data.as_bytes()), expected, "{data}");
        }
    }

    #[test]
    fn a_type_that_comes_last_or_only_as_a_name_is_found() {
        let mut eye = Eye::default();
        let delta = br#"{"delta":{"stop_reason":"end_turn"},"usage":{},"type":"message_delta"}"#;
        assert_eq!(eye.look(b"content_block_delta", delta).usage, Some(["usage"].as_slice()));
        let unnamed = br#"{"delta":{"text":"a"}}"#;
        assert!(eye.look(b"content_block_delta", unnamed).content);
        assert!(!eye.look(b"message_delta", unnamed).content);
    }
}
