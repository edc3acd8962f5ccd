//! Streams of both dialects, with every cut and every line ending.

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
        assert_eq!(run(dialect, strip, &[input.as_bytes()]), (output.clone(), seen.clone()), "{ending:?}");
        for cut in 1..input.len() {
            let (head, tail) = input.as_bytes().split_at(cut);
            let run = run(dialect, strip, &[head, tail]);
            assert_eq!(run, (output.clone(), seen.clone()), "cut at {cut} with {ending:?}");
        }
        let bytes: Vec<&[u8]> = input.as_bytes().chunks(1).collect();
        assert_eq!(run(dialect, strip, &bytes), (output.clone(), seen.clone()), "byte by byte {ending:?}");
    }
}

const ROLE: &str = "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"finish_reason\":null}],\"usage\":null}\n\n";
const TEXT: &str = "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"delta \\\"usage\\\": ü\"},\"finish_reason\":null}],\"usage\":null}\n\n";
const STOP: &str = "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}],\"usage\":null}\n\n";
const USAGE_CHUNK: &str =
    "data: {\"id\":\"c\",\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":4}}\n\n";
const DONE: &str = "data: [DONE]\n\n";

fn usage(input: u64, output: u64) -> Option<Usage> {
    Some(Usage { input, output, ..Usage::default() })
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
    check(OPENAI, true, &input.replace("data: ", "data:"), &output.replace("data: ", "data:"), &seen);
}

#[test]
fn only_the_usage_chunk_is_cut_out() {
    let azure = "data: {\"choices\":[],\"prompt_filter_results\":[],\"usage\":null}\n\n";
    let with_choice = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":1}}\n\n";
    let input = [azure, with_choice].concat();
    let seen = Seen { usage: usage(1, 0), finished: true, ..Seen::default() };
    check(OPENAI, true, &input, &input, &seen);
}

#[test]
fn nothing_after_the_end_is_passed_on() {
    let input = [TEXT, DONE, TEXT, USAGE_CHUNK].concat();
    let seen = Seen { content: true, content_events: 1, terminal: true, finished: true, ..Seen::default() };
    check(OPENAI, false, &input, &[TEXT, DONE].concat(), &seen);
    check(OPENAI, true, &input, &[TEXT, DONE].concat(), &seen);
}

#[test]
fn a_missing_end_mark_is_told_from_a_missing_end() {
    let seen = Seen { content: true, content_events: 1, finished: true, ..Seen::default() };
    let input = [ROLE, TEXT, STOP].concat();
    check(OPENAI, false, &input, &input, &seen);
    let seen = Seen { content: true, content_events: 1, ..Seen::default() };
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
        let seen = Seen { usage: usage(9, 4), content: true, content_events: 1, ..Seen::default() };
        check(OPENAI, strip, &input, &output, &seen);
    }
    let input = [TEXT, DONE.trim_end()].concat();
    let seen = Seen { content: true, content_events: 1, terminal: true, finished: true, ..Seen::default() };
    check(OPENAI, true, &input, &input, &seen);
}

#[test]
fn an_event_that_broke_off_is_dropped_where_it_can_be() {
    let half = &TEXT[..TEXT.len() / 2];
    let seen = Seen { content: true, content_events: 1, ..Seen::default() };
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
        ("{ \"tool_calls\" : [ {\"index\":0,\"function\":{\"arguments\":\"\"}} ] }", true),
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
            assert_eq!((seen.content, seen.finished), (content, finish != "null"), "{event}");
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
        assert_eq!((failure.message.as_str(), failure.class), ("busy", FailureClass::Overloaded), "{error}");
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
        usage: Some(Usage { input: 7, cache_read: 2, output: 10, reasoning: 20, ..Usage::default() }),
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
