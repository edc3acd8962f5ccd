//! Watches a reply stream that is passed on in its own dialect. The bytes go on as they came; the watch notes what
//! accounting and deadlines need: usage, content, the end, an error. It reads an event only as far as that takes.
//!
//! One thing may be taken out: the usage chunk of openai-chat that the gateway asked for and the caller did not.
//! Only for that is an unfinished event held back.

use bytes::{Bytes, BytesMut};
use domain::{Dialect, Usage};

use crate::event_ends::{EventEnds, EventFields};
use crate::failure::{ProviderFailure, read_error};
use crate::json::Scanner;
use crate::sse::{EVENT_CAP, SseTooLong};
use crate::usage::UsageCounts;
use crate::{anthropic, openai_chat};

/// What a stream has said so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// The merged reports: they are cumulative, never a sum.
    pub usage: Option<Usage>,
    /// An event carried text, thinking, a tool call or the like. Pings, comments, roles and frames are not content.
    pub content: bool,
    /// How many such events there were.
    pub content_events: u64,
    /// The mark that ends a stream of the dialect came. Nothing after it is passed on.
    pub terminal: bool,
    /// The reply is complete, though the mark may be missing: servers that imitate openai-chat forget it.
    pub finished: bool,
    /// An error event came. Nothing after it is passed on.
    pub error: Option<ProviderFailure>,
}

/// What one event says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Sight {
    pub(crate) content: bool,
    /// Where the event has a usage object.
    pub(crate) usage: Option<&'static [&'static str]>,
    /// The event is there for its usage alone.
    pub(crate) usage_only: bool,
    pub(crate) terminal: bool,
    pub(crate) finished: bool,
    pub(crate) error: bool,
}

/// Watches one stream.
#[derive(Debug)]
pub struct StreamWatch {
    dialect: Dialect,
    eye: Eye,
    strip_usage: bool,
    ends: EventEnds,
    /// The beginning of an event whose end has not come yet. Already passed on, unless `strip_usage`.
    partial: Vec<u8>,
    /// No event has been read yet.
    first: bool,
    too_long: bool,
    /// The last event that was read is not passed on.
    stripped: bool,
    /// What was passed on ends inside of an event.
    mid_event: bool,
    counts: UsageCounts,
    seen: Seen,
}

#[derive(Debug)]
enum Eye {
    OpenaiChat(openai_chat::watch::Eye),
    AnthropicMessages,
}

impl StreamWatch {
    pub fn new(dialect: Dialect, strip_usage: bool) -> Self {
        let eye = match dialect {
            Dialect::OpenaiChat => Eye::OpenaiChat(openai_chat::watch::Eye::default()),
            Dialect::AnthropicMessages => Eye::AnthropicMessages,
        };
        Self {
            dialect,
            eye,
            strip_usage: strip_usage && dialect == Dialect::OpenaiChat,
            ends: EventEnds::new(),
            partial: Vec::new(),
            first: true,
            too_long: false,
            stripped: false,
            mid_event: false,
            counts: UsageCounts::new(dialect),
            seen: Seen::default(),
        }
    }

    pub const fn seen(&self) -> &Seen {
        &self.seen
    }

    /// Whether what was passed on ends inside of an event, so that only a blank line makes room for another one.
    pub const fn mid_event(&self) -> bool {
        self.mid_event
    }

    /// Takes the next bytes and returns what to pass on.
    pub fn push(&mut self, chunk: Bytes) -> Result<Bytes, SseTooLong> {
        if self.too_long {
            return Err(SseTooLong);
        }
        // An LF that belongs to the CR at the end of the chunk before shares the fate of its CR, so that the same bytes
        // are passed on wherever chunks are cut.
        let own_start = usize::from(self.partial.is_empty() && self.ends.owes_line_feed(&chunk));
        if self.over() {
            self.ends.forget();
            return Ok(chunk.slice(..own_start));
        }
        // Where the current event begins in the chunk, and where the bytes that are not yet passed on begin.
        let mut start = own_start;
        let mut kept_from = if self.stripped { own_start } else { 0 };
        let mut out = BytesMut::new();
        let mut at = 0;
        while let Some(end) = self.ends.next(&chunk, at) {
            at = end;
            self.check_cap(end - start)?;
            let was_partial = !self.partial.is_empty();
            self.stripped = if was_partial {
                let mut event = std::mem::take(&mut self.partial);
                event.extend_from_slice(&chunk[start..end]);
                let strip = self.read(&event);
                if self.strip_usage {
                    kept_from = end;
                    if !strip {
                        out.extend_from_slice(&event);
                    }
                }
                self.reuse(event);
                strip
            } else {
                let strip = self.read(&chunk[start..end]);
                if strip {
                    out.extend_from_slice(&chunk[kept_from..start]);
                    kept_from = end;
                }
                strip
            };
            start = end;
            if self.over() {
                self.mid_event = false;
                return Ok(join(out, &chunk, kept_from, end));
            }
        }
        self.check_cap(chunk.len() - start)?;
        self.partial.extend_from_slice(&chunk[start..]);
        self.mid_event = !self.strip_usage && !self.partial.is_empty();
        let passed_to = if self.strip_usage { start } else { chunk.len() };
        Ok(join(out, &chunk, kept_from, passed_to))
    }

    /// The stream is over. Returns what was held back of an event that lacks its blank line; one that broke off in
    /// the middle of its data is dropped where it still can be, so that an error event can follow.
    pub fn finish(&mut self) -> Bytes {
        let event = std::mem::take(&mut self.partial);
        if self.over() || self.too_long || event.is_empty() {
            return Bytes::new();
        }
        let whole = EventFields::read(&event, self.first)
            .data
            .is_none_or(|data| is_whole(&data));
        let strip = self.read(&event);
        if !self.strip_usage || !whole || strip {
            return Bytes::new();
        }
        self.mid_event = true;
        Bytes::from(event)
    }

    fn over(&self) -> bool {
        self.seen.terminal || self.seen.error.is_some()
    }

    /// Reads a whole event; true if it is not to be passed on.
    fn read(&mut self, event: &[u8]) -> bool {
        let fields = EventFields::read(event, self.first);
        self.first = false;
        let Some(data) = fields.data else { return false };
        let sight = match &mut self.eye {
            Eye::OpenaiChat(eye) => eye.look(fields.name, &data),
            Eye::AnthropicMessages => anthropic::watch::look(fields.name, &data),
        };
        if sight.content {
            self.seen.content = true;
            self.seen.content_events += 1;
        }
        if let Some(path) = sight.usage {
            self.counts.absorb(&data, path);
            self.seen.usage = self.counts.usage();
        }
        self.seen.terminal |= sight.terminal;
        self.seen.finished = sight.finished;
        if sight.error {
            self.seen.error = Some(read_error(self.dialect, None, &data));
        }
        self.strip_usage && sight.usage_only
    }

    fn check_cap(&mut self, more: usize) -> Result<(), SseTooLong> {
        if self.partial.len() + more > EVENT_CAP {
            self.too_long = true;
            self.partial = Vec::new();
            return Err(SseTooLong);
        }
        Ok(())
    }

    /// Keeps the buffer of a partial event for the next one, unless it has grown beyond what is usual.
    fn reuse(&mut self, mut event: Vec<u8>) {
        const USUAL: usize = 64 * 1024;
        if event.capacity() <= USUAL {
            event.clear();
            self.partial = event;
        }
    }
}

fn join(mut out: BytesMut, chunk: &Bytes, from: usize, to: usize) -> Bytes {
    if out.is_empty() {
        return chunk.slice(from..to);
    }
    out.extend_from_slice(&chunk[from..to]);
    out.freeze()
}

fn is_whole(data: &[u8]) -> bool {
    let mut scanner = Scanner::new(data);
    (scanner.skip().is_ok() && scanner.end().is_ok()) || openai_chat::watch::is_done(data)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::failure::FailureClass;

    const OPENAI: Dialect = Dialect::OpenaiChat;
    const ANTHROPIC: Dialect = Dialect::AnthropicMessages;

    fn run(dialect: Dialect, strip: bool, chunks: &[&[u8]]) -> (String, Seen) {
        let mut watch = StreamWatch::new(dialect, strip);
        let mut out = Vec::new();
        for chunk in chunks {
            out.extend_from_slice(&watch.push(Bytes::copy_from_slice(chunk)).unwrap());
        }
        out.extend_from_slice(&watch.finish());
        (String::from_utf8(out).unwrap(), watch.seen().clone())
    }

    /// Runs a stream whole, cut at every place, and byte by byte, with every line ending; all must agree.
    #[track_caller]
    fn check(dialect: Dialect, strip: bool, input: &str, output: &str, seen: &Seen) {
        for ending in ["\n", "\r\n", "\r"] {
            let (input, output) = (input.replace('\n', ending), output.replace('\n', ending));
            assert_eq!(
                run(dialect, strip, &[input.as_bytes()]),
                (output.clone(), seen.clone()),
                "{ending:?}"
            );
            for cut in 1..input.len() {
                let (head, tail) = input.as_bytes().split_at(cut);
                let run = run(dialect, strip, &[head, tail]);
                assert_eq!(
                    run,
                    (output.clone(), seen.clone()),
                    "cut at {cut} with {ending:?}"
                );
            }
            let bytes: Vec<&[u8]> = input.as_bytes().chunks(1).collect();
            assert_eq!(
                run(dialect, strip, &bytes),
                (output.clone(), seen.clone()),
                "byte by byte {ending:?}"
            );
        }
    }

    const ROLE: &str = "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"finish_reason\":null}],\"usage\":null}\n\n";
    const TEXT: &str = "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"delta \\\"usage\\\": ü\"},\"finish_reason\":null}],\"usage\":null}\n\n";
    const STOP: &str = "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}],\"usage\":null}\n\n";
    const USAGE_CHUNK: &str =
        "data: {\"id\":\"c\",\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":4}}\n\n";
    const DONE: &str = "data: [DONE]\n\n";

    fn usage(input: u64, output: u64) -> Option<Usage> {
        Some(Usage {
            input,
            output,
            ..Usage::default()
        })
    }

    #[test]
    fn an_openai_stream_passes_unchanged() {
        let input = [": hello\n\n", ROLE, TEXT, TEXT, STOP, USAGE_CHUNK, DONE].concat();
        let seen = Seen {
            usage: usage(9, 4),
            content: true,
            content_events: 2,
            terminal: true,
            finished: true,
            error: None,
        };
        check(OPENAI, false, &input, &input, &seen);
    }

    #[test]
    fn the_usage_chunk_is_cut_out_on_demand() {
        let input = [ROLE, TEXT, STOP, USAGE_CHUNK, DONE].concat();
        let output = [ROLE, TEXT, STOP, DONE].concat();
        let seen = Seen {
            usage: usage(9, 4),
            content: true,
            content_events: 1,
            terminal: true,
            finished: true,
            error: None,
        };
        check(OPENAI, true, &input, &output, &seen);
        check(
            OPENAI,
            true,
            &input.replace("data: ", "data:"),
            &output.replace("data: ", "data:"),
            &seen,
        );
    }

    #[test]
    fn only_the_usage_chunk_is_cut_out() {
        let azure = "data: {\"choices\":[],\"prompt_filter_results\":[],\"usage\":null}\n\n";
        let with_choice = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":1}}\n\n";
        let input = [azure, with_choice].concat();
        let seen = Seen {
            usage: usage(1, 0),
            finished: true,
            ..Seen::default()
        };
        check(OPENAI, true, &input, &input, &seen);
    }

    #[test]
    fn nothing_after_the_end_is_passed_on() {
        let input = [TEXT, DONE, TEXT, USAGE_CHUNK].concat();
        let seen = Seen {
            content: true,
            content_events: 1,
            terminal: true,
            finished: true,
            ..Seen::default()
        };
        check(OPENAI, false, &input, &[TEXT, DONE].concat(), &seen);
        check(OPENAI, true, &input, &[TEXT, DONE].concat(), &seen);
    }

    #[test]
    fn a_missing_end_mark_is_told_from_a_missing_end() {
        let seen = Seen {
            content: true,
            content_events: 1,
            finished: true,
            ..Seen::default()
        };
        let input = [ROLE, TEXT, STOP].concat();
        check(OPENAI, false, &input, &input, &seen);
        let seen = Seen {
            content: true,
            content_events: 1,
            ..Seen::default()
        };
        let input = [ROLE, TEXT].concat();
        check(OPENAI, false, &input, &input, &seen);
    }

    #[test]
    fn every_choice_must_finish() {
        let second = |event: &str| event.replace("\"index\":0", "\"index\":1");
        let input = [ROLE, &second(ROLE), TEXT, STOP, &second(TEXT)].concat();
        let (_, seen) = run(OPENAI, false, &[input.as_bytes()]);
        assert!(!seen.finished);
        let (_, seen) = run(OPENAI, false, &[input.as_bytes(), second(STOP).as_bytes()]);
        assert!(seen.finished);
    }

    #[test]
    fn a_last_event_without_its_newlines_counts() {
        for (strip, output) in [(false, true), (true, false)] {
            let input = [TEXT, USAGE_CHUNK.trim_end()].concat();
            let output = if output { input.clone() } else { TEXT.to_owned() };
            let seen = Seen {
                usage: usage(9, 4),
                content: true,
                content_events: 1,
                ..Seen::default()
            };
            check(OPENAI, strip, &input, &output, &seen);
        }
        let input = [TEXT, DONE.trim_end()].concat();
        let seen = Seen {
            content: true,
            content_events: 1,
            terminal: true,
            finished: true,
            ..Seen::default()
        };
        check(OPENAI, true, &input, &input, &seen);
    }

    #[test]
    fn an_event_that_broke_off_is_dropped_where_it_can_be() {
        let half = &TEXT[..TEXT.len() / 2];
        let seen = Seen {
            content: true,
            content_events: 1,
            ..Seen::default()
        };
        check(OPENAI, true, &[TEXT, half].concat(), TEXT, &seen);
        let mut watch = StreamWatch::new(OPENAI, false);
        watch.push(Bytes::from([TEXT, half].concat())).unwrap();
        assert!(watch.mid_event());
    }

    #[test]
    fn tools_reasoning_and_refusals_are_content() {
        for (delta, content) in [
            ("{\"content\":null}", false),
            ("{}", false),
            ("{\"role\":\"assistant\"}", false),
            ("{\"tool_calls\":[]}", false),
            (
                "{ \"tool_calls\" : [ {\"index\":0,\"function\":{\"arguments\":\"\"}} ] }",
                true,
            ),
            ("{\"reasoning_content\":\"hm\"}", true),
            ("{\"content\":null,\"reasoning\":\"hm\"}", true),
            ("{\"refusal\":\"no\"}", true),
            ("{\"content\":[{\"type\":\"thinking\"}]}", true),
        ] {
            for finish in ["null", "\"stop\""] {
                let event = format!(
                    "data: {{\"choices\" : [{{\"delta\" : {delta},\"index\":0, \"finish_reason\" : {finish}}}]}}\n\n"
                );
                let (_, seen) = run(OPENAI, false, &[event.as_bytes()]);
                assert_eq!(
                    (seen.content, seen.finished),
                    (content, finish != "null"),
                    "{event}"
                );
            }
        }
    }

    #[test]
    fn openai_errors_end_the_stream() {
        for error in [
            "data: {\"error\":{\"message\":\"busy\",\"type\":\"overloaded_error\"}}\n\n",
            "event: error\ndata: {\"message\":\"busy\",\"code\":\"overloaded\"}\n\n",
            "data: {\"object\":\"error\",\"message\":\"busy\",\"code\":503}\n\n",
            "data: {\"error\":{\"message\":\"busy\",\"code\":\"overloaded\"},\"choices\":[{\"index\":0,\"delta\":{\"content\":\"\"},\"finish_reason\":\"error\"}]}\n\n",
        ] {
            let input = [error, TEXT, DONE].concat();
            let (output, seen) = run(OPENAI, false, &[input.as_bytes()]);
            assert_eq!(output, error);
            let failure = seen.error.unwrap();
            assert_eq!(
                (failure.message.as_str(), failure.class),
                ("busy", FailureClass::Overloaded),
                "{error}"
            );
            assert!(!seen.content && !seen.terminal);
        }
        let fine = "data: {\"error\":null,\"choices\":[{\"index\":0,\"delta\":{}}]}\n\n";
        assert_eq!(run(OPENAI, false, &[fine.as_bytes()]).1.error, None);
    }

    const ANTHROPIC_STREAM: [&str; 10] = [
        "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":7,\"cache_read_input_tokens\":2,\"output_tokens\":1}}}\n\n",
        "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"thinking\",\"thinking\":\"\"}}\n\n",
        "event: ping\ndata: {\"type\": \"ping\"}\n\n",
        "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"thinking_delta\",\"thinking\":\"hm\"}}\n\n",
        "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n",
        "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":1,\"content_block\":{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"f\",\"input\":{}}}\n\n",
        "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"\"}}\n\n",
        "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"{\\\"usage\\\":1}\"}}\n\n",
        "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"tool_use\"},\"usage\":{\"output_tokens\":30,\"output_tokens_details\":{\"thinking_tokens\":20}}}\n\n",
        "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
    ];

    #[test]
    fn an_anthropic_stream_passes_unchanged() {
        let input = ANTHROPIC_STREAM.concat();
        let seen = Seen {
            usage: Some(Usage {
                input: 7,
                cache_read: 2,
                output: 10,
                reasoning: 20,
                ..Usage::default()
            }),
            content: true,
            content_events: 3,
            terminal: true,
            finished: true,
            error: None,
        };
        check(ANTHROPIC, true, &input, &input, &seen);
        let trailing = [&input, ANTHROPIC_STREAM[0]].concat();
        check(ANTHROPIC, false, &trailing, &input, &seen);
    }

    #[test]
    fn an_anthropic_stream_without_its_end_is_not_finished() {
        let input = ANTHROPIC_STREAM[..9].concat();
        let (_, seen) = run(ANTHROPIC, false, &[input.as_bytes()]);
        assert!(!seen.finished && !seen.terminal);
    }

    #[test]
    fn an_anthropic_error_ends_the_stream() {
        let error = "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"rate_limit_error\",\"message\":\"slow\"}}\n\n";
        let input = [ANTHROPIC_STREAM[0], error, ANTHROPIC_STREAM[9]].concat();
        let (output, seen) = run(ANTHROPIC, false, &[input.as_bytes()]);
        assert_eq!(output, [ANTHROPIC_STREAM[0], error].concat());
        assert_eq!(seen.error.unwrap().class, FailureClass::RateLimited);
    }

    #[test]
    fn a_chunk_of_whole_events_is_not_copied() {
        for strip in [false, true] {
            let chunk = Bytes::from([ROLE, TEXT, TEXT].concat());
            let mut watch = StreamWatch::new(OPENAI, strip);
            let passed = watch.push(chunk.clone()).unwrap();
            assert_eq!(passed.as_ptr(), chunk.as_ptr());
            assert_eq!(passed, chunk);
        }
    }

    #[test]
    fn an_event_without_an_end_is_refused() {
        for strip in [false, true] {
            let mut watch = StreamWatch::new(OPENAI, strip);
            let block = Bytes::from(vec![b'x'; EVENT_CAP / 4]);
            watch.push(Bytes::from_static(b"data: ")).unwrap();
            for _ in 0..3 {
                watch.push(block.clone()).unwrap();
            }
            assert_eq!(watch.push(block), Err(SseTooLong));
            assert_eq!(watch.push(Bytes::from_static(b"\n\n")), Err(SseTooLong));
            assert_eq!(watch.finish(), Bytes::new());
        }
    }

    proptest! {
        #[test]
        fn chunking_never_matters(
            parts in prop::collection::vec(
                prop::sample::select(vec![
                    ROLE, TEXT, STOP, USAGE_CHUNK, DONE, ": c\n\n", "\n", "\r", "\r\n", "data: {\"a\n\n", "event: x\r\n",
                    "data: {\"usage\":{},\r\ndata: \"choices\":[]}\r\n\r\n", "data: {\"error\":\"x\"}\r\r", "\u{feff}",
                ]),
                0..12,
            ),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
            strip in any::<bool>(),
        ) {
            let input = parts.concat().into_bytes();
            let mut places: Vec<_> = cuts.iter().map(|cut| cut.index(input.len() + 1)).collect();
            places.sort_unstable();
            places.push(input.len());
            let mut chunks = Vec::new();
            let mut from = 0;
            for place in places {
                chunks.push(&input[from..place]);
                from = place;
            }
            let (whole, seen) = run(OPENAI, strip, &[&input]);
            prop_assert_eq!(run(OPENAI, strip, &chunks), (whole.clone(), seen.clone()));
            if !strip {
                prop_assert!(input.starts_with(whole.as_bytes()));
                prop_assert!(seen.terminal || seen.error.is_some() || whole.len() == input.len());
            }
        }

        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..80), strip in any::<bool>()) {
            for dialect in Dialect::ALL {
                let mut watch = StreamWatch::new(dialect, strip);
                watch.push(Bytes::from(bytes.clone())).unwrap();
                watch.finish();
            }
        }
    }
}
