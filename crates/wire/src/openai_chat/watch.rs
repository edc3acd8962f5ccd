//! What an event of an openai-chat stream says, as far as a stream that passes through must know it.
//!
//! Nearly all events are one delta of one choice with content and nothing else, and all of those in a stream begin and
//! end alike. So the bytes around the last such delta are remembered; an event that has them needs its delta read and no
//! more. Others are told by searching, and what is not a plain delta is read in full.

use std::sync::LazyLock;

use memchr::memmem::Finder;

use crate::json::{Kind, NotJson, Scanner, Text};
use crate::watch::Sight;

/// What must be remembered between the events of a stream.
#[derive(Debug, Default)]
pub(crate) struct Eye {
    /// One bit per choice that has begun, and per choice that has ended.
    begun: u128,
    ended: u128,
    /// The bytes before and after the last plain delta.
    before: Vec<u8>,
    after: Vec<u8>,
}

impl Eye {
    pub(crate) fn look(&mut self, name: &[u8], data: &[u8]) -> Sight {
        if is_done(data) {
            return Sight { terminal: true, finished: true, ..Sight::default() };
        }
        if self.is_like_the_last(data) || self.is_plain_delta(data) {
            return Sight { content: true, finished: self.finished(), ..Sight::default() };
        }
        let mut chunk = Chunk { error: name == b"error", ..Chunk::default() };
        // What comes before a defect counts all the same: the bytes are passed on, whatever they are.
        let _ = chunk.read(data);
        self.begun |= chunk.begun | chunk.ended;
        self.ended |= chunk.ended;
        Sight {
            content: chunk.content,
            usage: chunk.usage.then_some(&["usage"]),
            usage_only: chunk.usage && chunk.no_choices && !chunk.error,
            terminal: false,
            finished: self.finished(),
            error: chunk.error,
        }
    }

    /// Every choice that has begun has a finish reason.
    const fn finished(&self) -> bool {
        self.begun != 0 && self.begun == self.ended
    }

    /// Around its delta, which has content, the event is the last plain one, or at least as plain.
    fn is_like_the_last(&self, data: &[u8]) -> bool {
        if self.before.is_empty() || !data.starts_with(&self.before) {
            return false;
        }
        let mut scanner = Scanner::starting_at(data, self.before.len());
        read_delta(data, &mut scanner).unwrap_or(false)
            && (data[scanner.at()..] == self.after || rest_is_plain(data, &mut scanner).is_ok())
    }

    /// A delta with content in an event that says nothing else of interest.
    fn is_plain_delta(&mut self, data: &[u8]) -> bool {
        let found = DELTA.find_iter(data).find_map(|at| {
            let mut scanner = value_of(data, at)?;
            let start = scanner.at();
            read_delta(data, &mut scanner).unwrap_or(false).then(|| (start, scanner.at()))
        });
        let Some((start, end)) = found else { return false };
        let plain = [&FINISH_REASON, &USAGE, &ERROR].iter().all(|name| !says(name, data));
        if plain {
            self.remember(&data[..start], &data[end..]);
        }
        plain
    }

    fn remember(&mut self, before: &[u8], after: &[u8]) {
        const WORTHWHILE: usize = 2048;
        self.before.clear();
        self.after.clear();
        if before.len() + after.len() <= WORTHWHILE {
            self.before.extend_from_slice(before);
            self.after.extend_from_slice(after);
        }
    }
}

/// The mark that ends a stream.
pub(crate) fn is_done(data: &[u8]) -> bool {
    data.first() != Some(&b'{') && data.trim_ascii() == b"[DONE]"
}

/// Past the delta of an event: whether its choice is the only one and goes on, and the event says no more.
fn rest_is_plain(data: &[u8], scanner: &mut Scanner<'_>) -> Result<(), NotJson> {
    let mut must_be_null = |scanner: &mut Scanner<'_>, key: Text| match &data[key.inner()] {
        b"finish_reason" | b"usage" | b"error" if scanner.kind()? != Kind::Null => {
            Err(scanner.fault("not null"))
        }
        _ => Ok(()),
    };
    scanner.rest_of_object(&mut must_be_null)?;
    scanner.rest_of_array_is_empty()?;
    scanner.rest_of_object(&mut must_be_null)?;
    scanner.end()
}

static DELTA: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("\"delta\""));
static FINISH_REASON: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("\"finish_reason\""));
static USAGE: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("\"usage\""));
static ERROR: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("\"error\""));

/// Whether a member of that name has a value other than null, anywhere in the event.
fn says(name: &Finder<'_>, data: &[u8]) -> bool {
    name.find_iter(data).any(|at| {
        value_of(data, at).and_then(|mut scanner| scanner.kind().ok()).is_some_and(|kind| kind != Kind::Null)
    })
}

/// A reader at the value of the member whose name stands at `at`; `None` if that is a value itself.
fn value_of(data: &[u8], at: usize) -> Option<Scanner<'_>> {
    let mut scanner = Scanner::starting_at(data, at);
    scanner.key().ok()?;
    Some(scanner)
}

/// Reads a delta or message; true if it carries content. A role alone and empty texts are none.
fn read_delta(data: &[u8], scanner: &mut Scanner<'_>) -> Result<bool, NotJson> {
    if scanner.kind()? != Kind::Object {
        return Ok(false);
    }
    let mut content = false;
    scanner.object(|scanner, key| {
        match &data[key.inner()] {
            b"content" | b"reasoning_content" | b"reasoning" | b"refusal" | b"tool_calls"
            | b"function_call" | b"audio" | b"reasoning_details" => content |= scanner.has_substance()?,
            _ => {}
        }
        Ok::<_, NotJson>(())
    })?;
    Ok(content)
}

#[derive(Default)]
struct Chunk {
    content: bool,
    usage: bool,
    no_choices: bool,
    error: bool,
    begun: u128,
    ended: u128,
}

impl Chunk {
    fn read(&mut self, data: &[u8]) -> Result<(), NotJson> {
        let mut scanner = Scanner::new(data);
        scanner.object(|scanner, key| {
            match &data[key.inner()] {
                b"choices" if scanner.kind()? == Kind::Array => {
                    self.no_choices = true;
                    scanner.array(|scanner, _| {
                        self.no_choices = false;
                        self.choice(data, scanner)
                    })?;
                }
                b"usage" => self.usage |= scanner.kind()? == Kind::Object,
                b"error" => self.error |= scanner.kind()? != Kind::Null,
                // Older vLLM and some proxies: an error whose members are those of the event.
                b"object" | b"type" if scanner.kind()? == Kind::String => {
                    self.error |= scanner.string()?.is(data, "error");
                }
                _ => {}
            }
            Ok(())
        })
    }

    fn choice(&mut self, data: &[u8], scanner: &mut Scanner<'_>) -> Result<(), NotJson> {
        if scanner.kind()? != Kind::Object {
            return Ok(());
        }
        let (mut index, mut ended) = (0_u32, false);
        scanner.object(|scanner, key| {
            match &data[key.inner()] {
                b"index" => {
                    let digits = std::str::from_utf8(&data[scanner.skip()?]).unwrap_or_default();
                    index = digits.parse().unwrap_or(0);
                }
                b"delta" | b"message" => self.content |= read_delta(data, scanner)?,
                b"finish_reason" => ended |= scanner.kind()? != Kind::Null,
                _ => {}
            }
            Ok::<_, NotJson>(())
        })?;
        // No API answers with more choices than there are bits.
        let bit = 1_u128.checked_shl(index).unwrap_or(0);
        self.begun |= bit;
        self.ended |= if ended { bit } else { 0 };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_event_like_the_last_is_still_read_for_what_differs() {
        let mut eye = Eye::default();
        let event = |delta: &str, rest: &str| format!("{{\"choices\":[{{\"delta\":{delta}{rest}");
        let plain = event("{\"content\":\"a\"}", ",\"finish_reason\":null}],\"usage\":null}");
        let content = Sight { content: true, ..Sight::default() };
        assert_eq!(eye.look(b"", plain.as_bytes()), content);
        for (delta, rest, expected) in [
            ("{\"content\":\"b\"}", ",\"finish_reason\":null}],\"usage\":null}", content),
            ("{\"content\":\"\"}", ",\"finish_reason\":null}],\"usage\":null}", Sight::default()),
            (
                "{\"content\":\"c\"}",
                ",\"finish_reason\":null}],\"usage\":null,\"obfuscation\":\"usage\"}",
                content,
            ),
            ("{\"content\":\"d\"}", "}],\"usage\":{}}", Sight { usage: Some(&["usage"]), ..content }),
            ("{\"content\":\"e\"}", "}],\"error\":{}}", Sight { error: true, ..content }),
            ("{\"content\":\"f\"}", "},{\"index\":1,\"finish_reason\":\"stop\"}]}", content),
            ("{\"content\":\"g\"}", ",\"finish_reason\":\"stop\"}]}", Sight { finished: true, ..content }),
        ] {
            assert_eq!(eye.look(b"", event(delta, rest).as_bytes()), expected, "{delta}{rest}");
        }
    }

    proptest! {
        #[test]
        fn what_came_before_changes_nothing_that_an_event_says(
            events in prop::collection::vec(
                (
                    prop::sample::select(vec!["{\"choices\":[{\"delta\":", "{\"id\":1,\"choices\":[{\"index\":0,\"delta\":"]),
                    prop::sample::select(vec!["{\"content\":\"a\"}", "{\"content\":\"\"}", "{}", "{\"tool_calls\":[1]}", "null", "{"]),
                    prop::sample::select(vec![
                        "}]}", ",\"finish_reason\":null}]}", ",\"finish_reason\":\"stop\"}]}", "}],\"usage\":{\"a\":1}}",
                        "}],\"usage\":null}", "}],\"error\":{}}", "}],\"x\":\"y\"}", "", "},{\"delta\":{}}]}",
                    ]),
                ),
                0..8,
            ),
        ) {
            let mut eye = Eye::default();
            for (before, delta, after) in events {
                let data = [before, delta, after].concat();
                let fresh = Eye::default().look(b"", data.as_bytes());
                let seen = eye.look(b"", data.as_bytes());
                prop_assert_eq!(Sight { finished: false, ..seen }, Sight { finished: false, ..fresh }, "{}", data);
            }
        }
    }
}
