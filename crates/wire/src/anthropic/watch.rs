//! What an event of an anthropic-messages stream says, as far as a stream that passes through must know it. Its events
//! are short and flat, so each is read in one pass.

use crate::json::{Kind, NotJson, Scanner};
use crate::watch::Sight;

pub(crate) fn look(name: &[u8], data: &[u8]) -> Sight {
    let mut event = Event {
        kind: name,
        ..Event::default()
    };
    // What comes before a defect counts all the same: the bytes are passed on, whatever they are.
    let _ = event.read(data);
    match event.kind {
        b"content_block_delta" => Sight {
            content: event.delta,
            ..Sight::default()
        },
        b"content_block_start" => Sight {
            content: event.block,
            ..Sight::default()
        },
        b"message_start" => Sight {
            usage: Some(&["message", "usage"]),
            ..Sight::default()
        },
        b"message_delta" => Sight {
            usage: Some(&["usage"]),
            ..Sight::default()
        },
        b"message_stop" => Sight {
            terminal: true,
            finished: true,
            ..Sight::default()
        },
        b"error" => Sight {
            error: true,
            ..Sight::default()
        },
        _ => Sight::default(),
    }
}

#[derive(Default)]
struct Event<'a> {
    /// The `type` in the data, which every event has; the event's name where a server left it out.
    kind: &'a [u8],
    /// The delta carries something.
    delta: bool,
    /// The block that starts carries something.
    block: bool,
}

impl<'a> Event<'a> {
    fn read(&mut self, data: &'a [u8]) -> Result<(), NotJson> {
        Scanner::new(data).object(|scanner, key| {
            match &data[key.inner()] {
                b"type" if scanner.kind()? == Kind::String => self.kind = &data[scanner.string()?.inner()],
                b"delta" => self.delta = read_delta(data, scanner)?,
                b"content_block" => self.block = read_block(data, scanner)?,
                _ => {}
            }
            Ok(())
        })
    }
}

/// Whatever a delta holds besides its type is content, unless it is empty: the first piece of a tool's input often is.
fn read_delta(data: &[u8], scanner: &mut Scanner<'_>) -> Result<bool, NotJson> {
    if scanner.kind()? != Kind::Object {
        return Ok(false);
    }
    let mut content = false;
    scanner.object(|scanner, key| {
        if &data[key.inner()] != b"type" {
            content |= scanner.has_substance()?;
        }
        Ok::<_, NotJson>(())
    })?;
    Ok(content)
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
