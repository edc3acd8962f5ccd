//! Server-sent events as a client reads them. This parser is not the one of `wire`: a test must not be judged by the
//! code it tests.

use std::collections::VecDeque;

use serde_json::Value;

use super::Reply;

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Event {
    /// The `event:` line; empty without one.
    pub name: String,
    /// The `data:` lines.
    pub data: String,
}

impl Event {
    /// The data as JSON; null where it is none, as `[DONE]`.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.data).unwrap_or(Value::Null)
    }

    pub fn is_done(&self) -> bool {
        self.data == "[DONE]"
    }
}

/// The events of a reply, as they come.
#[derive(Debug)]
pub struct Events {
    reply: Reply,
    parser: SseParser,
    ready: VecDeque<Event>,
}

impl Events {
    pub(super) fn new(reply: Reply) -> Self {
        Self { reply, parser: SseParser::default(), ready: VecDeque::new() }
    }

    pub fn header(&self, name: &str) -> &str {
        self.reply.header(name)
    }

    /// The next event; `None` at the end of the body, an error where the connection broke.
    pub async fn next(&mut self) -> Option<Result<Event, hyper::Error>> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(Ok(event));
            }
            match self.reply.chunk().await? {
                Ok(bytes) => self.ready.extend(self.parser.push(&bytes)),
                Err(error) => return Some(Err(error)),
            }
        }
    }

    /// All remaining events; panics where the connection broke.
    pub async fn collect(mut self) -> Vec<Event> {
        let mut events = Vec::new();
        while let Some(event) = self.next().await {
            events.push(event.expect("the stream was cut"));
        }
        events
    }

    /// All remaining events, and whether the stream ended properly.
    pub async fn collect_until_cut(mut self) -> (Vec<Event>, bool) {
        let mut events = Vec::new();
        while let Some(event) = self.next().await {
            match event {
                Ok(event) => events.push(event),
                Err(_) => return (events, false),
            }
        }
        (events, true)
    }

    /// Leaves in the middle.
    pub fn abandon(self) {
        self.reply.abandon();
    }
}

/// Bytes in, events out. Lines end in LF or CR LF; comments are skipped; an unfinished event is never handed out.
#[derive(Debug, Default)]
pub struct SseParser {
    line: Vec<u8>,
    event: Event,
    has_data: bool,
}

impl SseParser {
    pub fn push(&mut self, bytes: &[u8]) -> Vec<Event> {
        let mut events = Vec::new();
        for byte in bytes {
            if *byte != b'\n' {
                self.line.push(*byte);
                continue;
            }
            let line = std::mem::take(&mut self.line);
            let line = String::from_utf8_lossy(&line);
            events.extend(self.end_of_line(line.trim_start_matches('\u{feff}').trim_end_matches('\r')));
        }
        events
    }

    fn end_of_line(&mut self, line: &str) -> Option<Event> {
        if line.is_empty() {
            let event = std::mem::take(&mut self.event);
            return std::mem::take(&mut self.has_data).then_some(event);
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.event.name),
            "data" => {
                if self.has_data {
                    self.event.data.push('\n');
                }
                self.event.data.push_str(value);
                self.has_data = true;
            }
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_the_same_at_every_chunking() {
        let text = "\u{feff}: hi\r\n\r\nevent: a\r\ndata:1\r\ndata: 2\r\n\r\nevent: lonely\n\ndata: [DONE]\n\ndata: cut";
        let expected = [
            Event { name: "a".into(), data: "1\n2".into() },
            Event { name: String::new(), data: "[DONE]".into() },
        ];
        for size in 1..text.len() {
            let mut parser = SseParser::default();
            let events: Vec<Event> =
                text.as_bytes().chunks(size).flat_map(|chunk| parser.push(chunk)).collect();
            assert_eq!(events, expected, "chunks of {size}");
        }
    }
}
