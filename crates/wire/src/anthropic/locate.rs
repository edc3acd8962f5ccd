//! Where an anthropic-messages event or reply holds what the model wrote.

use crate::json::{Kind, NotJson, Scanner};
use crate::locate::{Channel, Escape, Places};

/// An event names its block beside the block or delta; a whole reply is the message of `message_start` by itself.
pub(crate) fn locate(places: &mut Places<'_>) -> Result<(), NotJson> {
    let data = places.data;
    let mut scanner = Scanner::new(data);
    let index = places.number(&mut scanner, "index").unwrap_or(0);
    scanner.object(|scanner, key| match &data[key.inner()] {
        b"delta" => delta(places, scanner, index),
        b"content_block" => block(places, scanner, index),
        b"message" if scanner.kind()? == Kind::Object => {
            scanner.object(|scanner, key| message_member(places, scanner, &data[key.inner()]))
        }
        name => message_member(places, scanner, name),
    })
}

fn message_member(places: &mut Places<'_>, scanner: &mut Scanner<'_>, name: &[u8]) -> Result<(), NotJson> {
    match name {
        b"content" if scanner.kind()? == Kind::Array => scanner
            .array(|scanner, position| block(places, scanner, u32::try_from(position).unwrap_or(u32::MAX))),
        b"stop_details" => stop_details(places, scanner),
        _ => Ok(()),
    }
}

fn delta(places: &mut Places<'_>, scanner: &mut Scanner<'_>, index: u32) -> Result<(), NotJson> {
    if scanner.kind()? != Kind::Object {
        return Ok(());
    }
    let data = places.data;
    scanner.object(|scanner, key| match &data[key.inner()] {
        // `content` is the text of a compaction.
        b"text" | b"content" => {
            places.string(scanner, Channel::Text { choice: 0, block: index }, Escape::JsonString)
        }
        b"thinking" => {
            places.string(scanner, Channel::Thinking { choice: 0, block: index }, Escape::JsonString)
        }
        b"partial_json" => {
            places.string(scanner, Channel::ToolArguments { choice: 0, index }, Escape::JsonInJsonString)
        }
        b"citation" => places.value(scanner, Channel::Echo { choice: 0, block: index }),
        b"stop_details" => stop_details(places, scanner),
        _ => Ok(()),
    })
}

fn block(places: &mut Places<'_>, scanner: &mut Scanner<'_>, index: u32) -> Result<(), NotJson> {
    if scanner.kind()? != Kind::Object {
        return Ok(());
    }
    let data = places.data;
    scanner.object(|scanner, key| match &data[key.inner()] {
        b"text" => places.string(scanner, Channel::Text { choice: 0, block: index }, Escape::JsonString),
        b"thinking" => {
            places.string(scanner, Channel::Thinking { choice: 0, block: index }, Escape::JsonString)
        }
        // A tool's arguments are an object here, so its strings are escaped once.
        b"input" => places.strings(scanner, Channel::ToolArguments { choice: 0, index }),
        b"citations" => places.value(scanner, Channel::Echo { choice: 0, block: index }),
        _ => Ok(()),
    })
}

fn stop_details(places: &mut Places<'_>, scanner: &mut Scanner<'_>) -> Result<(), NotJson> {
    if scanner.kind()? != Kind::Object {
        return Ok(());
    }
    let data = places.data;
    scanner.object(|scanner, key| {
        if key.is(data, "explanation") {
            places.string(scanner, Channel::Refusal { choice: 0 }, Escape::JsonString)?;
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use domain::Dialect;

    use super::*;
    use crate::locate::{locate, text_at};

    #[track_caller]
    fn check(data: &str, expected: &[(Channel, Escape, &str)]) {
        let places = locate(Dialect::AnthropicMessages, data.as_bytes());
        let seen: Vec<_> = places
            .iter()
            .map(|place| (place.channel, place.escape, text_at(data.as_bytes(), place).unwrap()))
            .collect();
        let seen: Vec<_> = seen.iter().map(|(channel, escape, text)| (*channel, *escape, &**text)).collect();
        assert_eq!(seen, expected);
    }

    const TEXT_4: Channel = Channel::Text { choice: 0, block: 4 };

    #[test]
    fn deltas_belong_to_their_block() {
        check(
            r#"{"type":"content_block_delta","delta":{"type":"text_delta","text":"hi"},"index":4}"#,
            &[(TEXT_4, Escape::JsonString, "hi")],
        );
        check(
            r#"{"type":"content_block_delta","index":4,"delta":{"type":"thinking_delta","thinking":"hm"}}"#,
            &[(Channel::Thinking { choice: 0, block: 4 }, Escape::JsonString, "hm")],
        );
        check(
            r#"{"type":"content_block_delta","index":4,"delta":{"type":"input_json_delta","partial_json":"{\"a"}}"#,
            &[(Channel::ToolArguments { choice: 0, index: 4 }, Escape::JsonInJsonString, "{\"a")],
        );
        check(
            r#"{"type":"content_block_delta","index":4,"delta":{"type":"citations_delta","citation":{"cited_text":"x"}}}"#,
            &[(Channel::Echo { choice: 0, block: 4 }, Escape::Value, r#"{"cited_text":"x"}"#)],
        );
        check(
            r#"{"type":"content_block_delta","index":4,"delta":{"type":"signature_delta","signature":"s"}}"#,
            &[],
        );
        check(
            r#"{"type":"message_delta","delta":{"stop_reason":"refusal","stop_details":{"explanation":"no"}}}"#,
            &[(Channel::Refusal { choice: 0 }, Escape::JsonString, "no")],
        );
    }

    #[test]
    fn a_block_may_start_with_its_text() {
        check(
            r#"{"type":"content_block_start","index":4,"content_block":{"type":"text","text":"hi","citations":null}}"#,
            &[(TEXT_4, Escape::JsonString, "hi")],
        );
    }

    #[test]
    fn a_whole_reply_is_its_blocks() {
        let message = r#"{"type":"message","model":"m","content":[
            {"type":"thinking","thinking":"hm","signature":"s"},
            {"type":"text","text":"hi","citations":[{"cited_text":"c"}]},
            {"type":"tool_use","id":"t","name":"f","input":{"a":"x","b":["y",{"c":"z"}],"d":1}}]}"#;
        let arguments = Channel::ToolArguments { choice: 0, index: 2 };
        let expected = [
            (Channel::Thinking { choice: 0, block: 0 }, Escape::JsonString, "hm"),
            (Channel::Text { choice: 0, block: 1 }, Escape::JsonString, "hi"),
            (Channel::Echo { choice: 0, block: 1 }, Escape::Value, r#"[{"cited_text":"c"}]"#),
            (arguments, Escape::JsonString, "x"),
            (arguments, Escape::JsonString, "y"),
            (arguments, Escape::JsonString, "z"),
        ];
        check(message, &expected);
        check(&format!("{{\"type\":\"message_start\",\"message\":{message}}}"), &expected);
    }

    #[test]
    fn odd_data_has_no_places() {
        for data in ["", "[]", "{\"delta\":\"text\"}", "{\"type\":\"ping\"}", "{\"content\":\"plain\"}"] {
            check(data, &[]);
        }
    }
}
