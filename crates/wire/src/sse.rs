//! Event-stream framing on bytes, by the rules of <https://html.spec.whatwg.org/multipage/server-sent-events.html>:
//! CR, LF or CRLF, a leading BOM, comments, fields without a space, data over several lines, and chunks cut anywhere.
//! It knows nothing about what an event means, and refuses an event that does not end within [`EVENT_CAP`].

use memchr::memchr2;

/// The longest event that is accepted, in bytes. Without a cap a peer that never ends its line grows memory for ever.
pub const EVENT_CAP: usize = 16 * 1024 * 1024;

/// An event did not end within [`EVENT_CAP`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an event of the stream is longer than 16 MiB")]
pub struct SseTooLong;

/// One event that carries data.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SseEvent {
    /// The `event:` field, where it was there and not empty.
    pub event: Option<String>,
    /// The `data:` lines joined with line feeds. Bytes, because what they hold is the dialect's business.
    pub data: Vec<u8>,
}

/// Cuts a byte stream into events.
#[derive(Debug, Clone, Default)]
pub struct SseDecoder {
    /// The beginning of a line whose end has not come yet.
    line: Vec<u8>,
    name: Option<String>,
    data: Vec<u8>,
    has_data: bool,
    /// The last chunk ended with CR; an LF at the start of the next one belongs to it.
    after_cr: bool,
    /// The first line is over, so that a BOM is text from now on.
    started: bool,
    broken: bool,
}

impl SseDecoder {
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes and appends every event that they complete.
    pub fn push(&mut self, chunk: &[u8], out: &mut Vec<SseEvent>) -> Result<(), SseTooLong> {
        let mut rest = chunk;
        if self.after_cr && !rest.is_empty() {
            self.after_cr = false;
            rest = rest.strip_prefix(b"\n").unwrap_or(rest);
        }
        while let Some(end) = memchr2(b'\r', b'\n', rest) {
            self.end_line(&rest[..end], out)?;
            let after = &rest[end + 1..];
            rest = match (rest[end], after.first()) {
                (b'\r', Some(b'\n')) => &after[1..],
                (b'\r', None) => {
                    self.after_cr = true;
                    after
                }
                _ => after,
            };
        }
        self.check_room(rest.len())?;
        self.line.extend_from_slice(rest);
        Ok(())
    }

    /// The stream is over. An event without its blank line is delivered, if it has data: providers forget the last
    /// newline, and whether the reply is complete is for the dialect to say.
    pub fn finish(&mut self, out: &mut Vec<SseEvent>) {
        if !self.line.is_empty() && self.end_line(&[], out).is_err() {
            return;
        }
        self.dispatch(out);
    }

    fn end_line(&mut self, end: &[u8], out: &mut Vec<SseEvent>) -> Result<(), SseTooLong> {
        self.check_room(end.len())?;
        if self.line.is_empty() {
            self.read_line(end, out);
        } else {
            let mut line = std::mem::take(&mut self.line);
            line.extend_from_slice(end);
            self.read_line(&line, out);
            line.clear();
            self.line = line;
        }
        Ok(())
    }

    fn read_line(&mut self, line: &[u8], out: &mut Vec<SseEvent>) {
        let line = if self.started { line } else { line.strip_prefix(BOM).unwrap_or(line) };
        self.started = true;
        if line.is_empty() {
            self.dispatch(out);
            return;
        }
        match split_field(line) {
            (b"data", value) => {
                if self.has_data {
                    self.data.push(b'\n');
                }
                self.has_data = true;
                self.data.extend_from_slice(value);
            }
            (b"event", value) => {
                self.name = (!value.is_empty()).then(|| String::from_utf8_lossy(value).into_owned());
            }
            // `id` and `retry` are for reconnecting, which no model API does; the empty name is a comment.
            _ => {}
        }
    }

    fn dispatch(&mut self, out: &mut Vec<SseEvent>) {
        let event = self.name.take();
        if std::mem::take(&mut self.has_data) {
            out.push(SseEvent { event, data: std::mem::take(&mut self.data) });
        }
    }

    fn check_room(&mut self, more: usize) -> Result<(), SseTooLong> {
        self.broken |= self.line.len() + self.data.len() + more > EVENT_CAP;
        if self.broken {
            // What is kept so far will never be used.
            self.line = Vec::new();
            self.data = Vec::new();
            self.has_data = false;
            return Err(SseTooLong);
        }
        Ok(())
    }
}

/// Splits a line into the name of its field and its value, of which one leading space is not part. A comment has an
/// empty name.
pub(crate) fn split_field(line: &[u8]) -> (&[u8], &[u8]) {
    let Some(colon) = memchr::memchr(b':', line) else {
        return (line, &[]);
    };
    let value = &line[colon + 1..];
    (&line[..colon], value.strip_prefix(b" ").unwrap_or(value))
}

pub(crate) const BOM: &[u8] = b"\xEF\xBB\xBF";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decode(chunks: &[&[u8]]) -> Vec<(Option<String>, String)> {
        let mut decoder = SseDecoder::new();
        let mut events = Vec::new();
        for chunk in chunks {
            decoder.push(chunk, &mut events).unwrap();
        }
        decoder.finish(&mut events);
        events.into_iter().map(|e| (e.event, String::from_utf8(e.data).unwrap())).collect()
    }

    #[track_caller]
    fn check(input: &str, expected: &[(&str, &str)]) {
        let expected: Vec<_> = expected
            .iter()
            .map(|(name, data)| ((!name.is_empty()).then(|| (*name).to_owned()), (*data).to_owned()))
            .collect();
        assert_eq!(decode(&[input.as_bytes()]), expected, "{input:?}");
        for cut in 0..=input.len() {
            let (head, tail) = input.as_bytes().split_at(cut);
            assert_eq!(decode(&[head, tail]), expected, "{input:?} cut at {cut}");
        }
        let bytes: Vec<&[u8]> = input.as_bytes().chunks(1).collect();
        assert_eq!(decode(&bytes), expected, "{input:?} byte by byte");
    }

    #[test]
    fn every_line_ending_ends_a_line() {
        check("data: a\n\ndata: b\n\n", &[("", "a"), ("", "b")]);
        check("data: a\r\n\r\ndata: b\r\n\r\n", &[("", "a"), ("", "b")]);
        check("data: a\r\rdata: b\r\r", &[("", "a"), ("", "b")]);
        check("data: a\r\n\ndata: b\n\r\n", &[("", "a"), ("", "b")]);
    }

    #[test]
    fn fields_are_read_with_and_without_their_space() {
        check("event: x\ndata:  a\n\n", &[("x", " a")]);
        check("event:x\ndata:a\n\n", &[("x", "a")]);
        check("data\n\n", &[("", "")]);
        check("data:\ndata:\n\n", &[("", "\n")]);
        check("id: 1\nretry: 5\nunknown: y\ndata: a\n\n", &[("", "a")]);
        check("event:\ndata: a\n\n", &[("", "a")]);
    }

    #[test]
    fn comments_and_events_without_data_are_dropped() {
        check(": ping\n\n:\n\nevent: ping\n\ndata: a\n\n", &[("", "a")]);
    }

    #[test]
    fn data_lines_are_joined() {
        check("data: a\ndata: ü\nevent: x\n\n", &[("x", "a\nü")]);
    }

    #[test]
    fn only_a_leading_bom_is_dropped() {
        check("\u{feff}data: a\n\n\u{feff}data: b\n\n", &[("", "a")]);
        check("\u{feff}\ndata: a\n\n", &[("", "a")]);
    }

    #[test]
    fn an_unterminated_last_event_is_delivered() {
        check("data: a", &[("", "a")]);
        check("data: a\n", &[("", "a")]);
        check("event: x\ndata: a\r", &[("x", "a")]);
        check("event: x\n", &[]);
    }

    #[test]
    fn an_endless_line_is_refused_for_good() {
        let mut decoder = SseDecoder::new();
        let mut events = Vec::new();
        let block = vec![b'x'; EVENT_CAP / 4];
        decoder.push(b"data: ", &mut events).unwrap();
        for _ in 0..3 {
            decoder.push(&block, &mut events).unwrap();
        }
        assert_eq!(decoder.push(&block, &mut events), Err(SseTooLong));
        assert_eq!(decoder.push(b"\n\ndata: a\n\n", &mut events), Err(SseTooLong));
        decoder.finish(&mut events);
        assert_eq!(events, []);
    }

    #[test]
    fn many_short_lines_of_one_event_are_refused_too() {
        let mut decoder = SseDecoder::new();
        let lines = [b"data:".as_slice(), &vec![b'y'; 1 << 20], b"\n"].concat();
        let pushed = (0..32).map(|_| decoder.push(&lines, &mut Vec::new())).find(Result::is_err);
        assert_eq!(pushed, Some(Err(SseTooLong)));
    }

    proptest! {
        #[test]
        fn chunking_never_matters(
            parts in prop::collection::vec(
                prop::sample::select(vec![
                    "data: a", "data:ü", "event: x", ":c", "data", "\n", "\r", "\r\n", "\n\n", "\u{feff}", "junk",
                ]),
                0..24,
            ),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
        ) {
            let input = parts.concat().into_bytes();
            let mut places: Vec<_> = cuts.iter().map(|cut| cut.index(input.len() + 1)).collect();
            places.sort_unstable();
            let mut chunks = Vec::new();
            let mut from = 0;
            for place in places {
                chunks.push(&input[from..place]);
                from = place;
            }
            chunks.push(&input[from..]);
            prop_assert_eq!(decode(&chunks), decode(&[&input]));
        }
    }
}
