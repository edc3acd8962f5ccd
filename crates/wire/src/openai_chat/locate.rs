//! Where an openai-chat event or reply holds what the model wrote. Reasoning has no agreed field: servers send one or
//! several of `reasoning_content`, `reasoning` and `reasoning_details`, so each is a channel of its own.

use crate::json::{Kind, NotJson, Scanner};
use crate::locate::{Channel, Escape, Places};

pub(crate) fn locate(places: &mut Places<'_>) -> Result<(), NotJson> {
    let data = places.data;
    Scanner::new(data).object(|scanner, key| {
        if key.is(data, "choices") && scanner.kind()? == Kind::Array {
            scanner.array(|scanner, position| choice(places, scanner, position))?;
        }
        Ok(())
    })
}

fn choice(places: &mut Places<'_>, scanner: &mut Scanner<'_>, position: usize) -> Result<(), NotJson> {
    if scanner.kind()? != Kind::Object {
        return Ok(());
    }
    let choice = places.number(scanner, "index").unwrap_or(small(position));
    let data = places.data;
    scanner.object(|scanner, key| match &data[key.inner()] {
        b"delta" | b"message" if scanner.kind()? == Kind::Object => message(places, scanner, choice),
        b"logprobs" => places.value(scanner, Channel::Echo { choice, block: LOGPROBS }),
        _ => Ok(()),
    })
}

fn message(places: &mut Places<'_>, scanner: &mut Scanner<'_>, choice: u32) -> Result<(), NotJson> {
    let data = places.data;
    scanner.object(|scanner, key| match &data[key.inner()] {
        b"content" => content(places, scanner, choice),
        b"reasoning_content" => {
            places.string(scanner, Channel::Thinking { choice, block: REASONING_CONTENT }, Escape::JsonString)
        }
        b"reasoning" => {
            places.string(scanner, Channel::Thinking { choice, block: REASONING }, Escape::JsonString)
        }
        b"reasoning_details" if scanner.kind()? == Kind::Array => {
            scanner.array(|scanner, position| reasoning_detail(places, scanner, choice, position))
        }
        b"refusal" => places.string(scanner, Channel::Refusal { choice }, Escape::JsonString),
        b"tool_calls" if scanner.kind()? == Kind::Array => {
            scanner.array(|scanner, position| tool_call(places, scanner, choice, position))
        }
        b"function_call" => tool_function(places, scanner, choice, 0),
        b"audio" => audio(places, scanner, choice),
        b"annotations" => places.value(scanner, Channel::Echo { choice, block: ANNOTATIONS }),
        _ => Ok(()),
    })
}

/// A text, or the list of parts that some servers send.
fn content(places: &mut Places<'_>, scanner: &mut Scanner<'_>, choice: u32) -> Result<(), NotJson> {
    if scanner.kind()? != Kind::Array {
        return places.string(scanner, Channel::Text { choice, block: 0 }, Escape::JsonString);
    }
    let data = places.data;
    scanner.array(|scanner, position| {
        if scanner.kind()? != Kind::Object {
            return Ok(());
        }
        let block = small(position);
        scanner.object(|scanner, key| match &data[key.inner()] {
            b"text" => places.string(scanner, Channel::Text { choice, block }, Escape::JsonString),
            b"refusal" => places.string(scanner, Channel::Refusal { choice }, Escape::JsonString),
            b"thinking" => thinking_part(places, scanner, Channel::Thinking { choice, block: PARTS + block }),
            _ => Ok(()),
        })
    })
}

/// Mistral's thinking part holds a list of texts.
fn thinking_part(
    places: &mut Places<'_>,
    scanner: &mut Scanner<'_>,
    channel: Channel,
) -> Result<(), NotJson> {
    if scanner.kind()? != Kind::Array {
        return places.string(scanner, channel, Escape::JsonString);
    }
    scanner.array(|scanner, _| member_string(places, scanner, &["text"], channel, Escape::JsonString))
}

fn reasoning_detail(
    places: &mut Places<'_>,
    scanner: &mut Scanner<'_>,
    choice: u32,
    position: usize,
) -> Result<(), NotJson> {
    let index = places.number(scanner, "index").unwrap_or(small(position)).min(u32::from(u16::MAX));
    let channel = Channel::Thinking { choice, block: DETAILS + index };
    member_string(places, scanner, &["text", "summary"], channel, Escape::JsonString)
}

fn tool_call(
    places: &mut Places<'_>,
    scanner: &mut Scanner<'_>,
    choice: u32,
    position: usize,
) -> Result<(), NotJson> {
    if scanner.kind()? != Kind::Object {
        return Ok(());
    }
    let index = places.number(scanner, "index").unwrap_or(small(position));
    let data = places.data;
    scanner.object(|scanner, key| match &data[key.inner()] {
        b"function" => tool_function(places, scanner, choice, index),
        b"custom" => member_string(
            places,
            scanner,
            &["input"],
            Channel::ToolArguments { choice, index },
            Escape::JsonString,
        ),
        _ => Ok(()),
    })
}

fn tool_function(
    places: &mut Places<'_>,
    scanner: &mut Scanner<'_>,
    choice: u32,
    index: u32,
) -> Result<(), NotJson> {
    let channel = Channel::ToolArguments { choice, index };
    member_string(places, scanner, &["arguments"], channel, Escape::JsonInJsonString)
}

/// The transcript of spoken output. Such a message has no text content.
fn audio(places: &mut Places<'_>, scanner: &mut Scanner<'_>, choice: u32) -> Result<(), NotJson> {
    member_string(
        places,
        scanner,
        &["transcript"],
        Channel::Text { choice, block: AUDIO },
        Escape::JsonString,
    )
}

/// The strings of those names in the object that comes next, if it is one.
fn member_string(
    places: &mut Places<'_>,
    scanner: &mut Scanner<'_>,
    names: &[&str],
    channel: Channel,
    escape: Escape,
) -> Result<(), NotJson> {
    if scanner.kind()? != Kind::Object {
        return Ok(());
    }
    let data = places.data;
    scanner.object(|scanner, key| {
        if names.iter().any(|name| key.is(data, name)) {
            places.string(scanner, channel, escape)?;
        }
        Ok(())
    })
}

fn small(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(u32::MAX).min(u32::from(u16::MAX))
}

// Blocks of what has no index of its own.
const REASONING_CONTENT: u32 = 0;
const REASONING: u32 = 1;
const DETAILS: u32 = 0x1_0000;
const PARTS: u32 = 0x2_0000;
const AUDIO: u32 = 0x3_0000;
const LOGPROBS: u32 = 0;
const ANNOTATIONS: u32 = 1;

#[cfg(test)]
mod tests {
    use domain::Dialect;

    use super::*;
    use crate::locate::{locate, text_at};

    #[track_caller]
    fn check(data: &str, expected: &[(Channel, Escape, &str)]) {
        let places = locate(Dialect::OpenaiChat, data.as_bytes());
        let seen: Vec<_> = places
            .iter()
            .map(|place| (place.channel, place.escape, text_at(data.as_bytes(), place).unwrap()))
            .collect();
        let seen: Vec<_> = seen.iter().map(|(channel, escape, text)| (*channel, *escape, &**text)).collect();
        assert_eq!(seen, expected);
    }

    #[test]
    fn every_channel_of_a_delta_is_found() {
        check(
            r#"{"id":"content","choices":[
                {"delta":{"role":"assistant","content":"hi","reasoning_content":"a","reasoning":"b",
                          "reasoning_details":[{"type":"reasoning.text","text":"c"},{"summary":"d","data":"opaque"}],
                          "refusal":"no","tool_calls":[
                            {"function":{"name":"f","arguments":"{\"x\":"},"index":2,"id":"content"},
                            {"index":3,"custom":{"input":"raw"}}]},
                 "logprobs":{"content":[{"token":"hi"}]},"finish_reason":null,"index":1}],"usage":null}"#,
            &[
                (Channel::Text { choice: 1, block: 0 }, Escape::JsonString, "hi"),
                (Channel::Thinking { choice: 1, block: REASONING_CONTENT }, Escape::JsonString, "a"),
                (Channel::Thinking { choice: 1, block: REASONING }, Escape::JsonString, "b"),
                (Channel::Thinking { choice: 1, block: DETAILS }, Escape::JsonString, "c"),
                (Channel::Thinking { choice: 1, block: DETAILS + 1 }, Escape::JsonString, "d"),
                (Channel::Refusal { choice: 1 }, Escape::JsonString, "no"),
                (Channel::ToolArguments { choice: 1, index: 2 }, Escape::JsonInJsonString, "{\"x\":"),
                (Channel::ToolArguments { choice: 1, index: 3 }, Escape::JsonString, "raw"),
                (
                    Channel::Echo { choice: 1, block: LOGPROBS },
                    Escape::Value,
                    r#"{"content":[{"token":"hi"}]}"#,
                ),
            ],
        );
    }

    #[test]
    fn a_whole_reply_has_messages() {
        check(
            r#"{"choices":[{"index":0,"message":{"content":null,"annotations":[{"url":"u"}],"function_call":{"arguments":"{}"}}},
                {"index":1,"message":{"content":[{"type":"thinking","thinking":[{"type":"text","text":"t"}]},
                                                 {"type":"text","text":"x"}],"annotations":[]},"logprobs":null},
                {"index":2,"message":{"content":"","audio":{"transcript":"said","data":"AAAA"}}}]}"#,
            &[
                (Channel::Echo { choice: 0, block: ANNOTATIONS }, Escape::Value, r#"[{"url":"u"}]"#),
                (Channel::ToolArguments { choice: 0, index: 0 }, Escape::JsonInJsonString, "{}"),
                (Channel::Thinking { choice: 1, block: PARTS }, Escape::JsonString, "t"),
                (Channel::Text { choice: 1, block: 1 }, Escape::JsonString, "x"),
                (Channel::Text { choice: 2, block: AUDIO }, Escape::JsonString, "said"),
            ],
        );
    }

    #[test]
    fn odd_data_has_no_places() {
        for data in ["[DONE]", "", "{\"choices\":null}", "{\"choices\":[1,\"content\",{\"delta\":[]}]}", "[]"]
        {
            check(data, &[]);
        }
    }
}
