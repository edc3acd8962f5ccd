//! The declared patches of a request that is passed on in its own dialect, as byte splices: every byte that no patch
//! names stays as the caller sent it, key order and number spelling included.

use std::ops::Range;

use domain::Dialect;

use crate::json::{self, Kind};
use crate::peek::{Maximum, Peek, Place};

/// What to change. The default changes nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Patch<'a> {
    pub model: Option<&'a str>,
    /// Ask for the usage chunk at the end of a stream, which openai-chat sends on demand only.
    pub include_usage: bool,
    pub max_output_tokens: Option<u64>,
}

/// The patched body. `peek` must come from the same body.
pub fn patch(dialect: Dialect, body: &[u8], peek: &Peek<'_>, patch: &Patch<'_>) -> Vec<u8> {
    let mut edits = Edits { replaced: Vec::new(), added: Vec::new() };
    if let Some(model) = patch.model {
        edits.model(peek, model);
    }
    if patch.include_usage && dialect == Dialect::OpenaiChat {
        edits.include_usage(peek);
    }
    if let Some(maximum) = patch.max_output_tokens {
        edits.max_output_tokens(dialect, peek, maximum);
    }
    edits.apply(body, peek)
}

struct Edits {
    replaced: Vec<(Range<usize>, Vec<u8>)>,
    /// Members to add at the end of the body, each with a comma before it.
    added: Vec<u8>,
}

impl Edits {
    fn model(&mut self, peek: &Peek<'_>, model: &str) {
        let mut value = Vec::with_capacity(model.len() + 2);
        json::string_into(&mut value, model);
        match &peek.model_at {
            Some(at) => self.replaced.push((at.clone(), value)),
            None => self.add("model", &value),
        }
    }

    fn include_usage(&mut self, peek: &Peek<'_>) {
        if let Some(at) = &peek.places.include_usage {
            if peek.include_usage != Some(true) {
                self.replaced.push((at.clone(), b"true".to_vec()));
            }
            return;
        }
        match &peek.places.stream_options {
            None => self.add("stream_options", b"{\"include_usage\":true}"),
            Some(Place { range, kind: Kind::Null, .. }) => {
                self.replaced.push((range.clone(), b"{\"include_usage\":true}".to_vec()));
            }
            Some(Place { range, kind: Kind::Object, empty }) => {
                let inside = range.start + 1..range.start + 1;
                let member: &[u8] =
                    if *empty { b"\"include_usage\":true" } else { b"\"include_usage\":true," };
                self.replaced.push((inside, member.to_vec()));
            }
            // Not something that could hold the option: the provider will refuse the request, and rightly.
            Some(_) => {}
        }
    }

    /// Sets the maximum wherever the caller gave one; both of OpenAI's names at once are an error of the caller, which
    /// must not become a way around the limit. A name that is only there as null is used if no other is.
    fn max_output_tokens(&mut self, dialect: Dialect, peek: &Peek<'_>, maximum: u64) {
        let known = |name: Maximum| match dialect {
            Dialect::OpenaiChat => matches!(name, Maximum::CompletionTokens | Maximum::Tokens),
            Dialect::AnthropicMessages => name == Maximum::Tokens,
        };
        let places: Vec<&Place> =
            peek.places.maxima.iter().filter(|(name, _)| known(*name)).map(|(_, place)| place).collect();
        let mut given = places.iter().filter(|place| place.kind != Kind::Null).peekable();
        let value = maximum.to_string().into_bytes();
        if given.peek().is_some() {
            self.replaced.extend(given.map(|place| (place.range.clone(), value.clone())));
        } else if let Some(null) = places.first() {
            self.replaced.push((null.range.clone(), value));
        } else {
            let name = match dialect {
                Dialect::OpenaiChat => "max_completion_tokens",
                Dialect::AnthropicMessages => "max_tokens",
            };
            self.add(name, &value);
        }
    }

    fn add(&mut self, name: &str, value: &[u8]) {
        self.added.push(b',');
        json::string_into(&mut self.added, name);
        self.added.push(b':');
        self.added.extend_from_slice(value);
    }

    fn apply(mut self, body: &[u8], peek: &Peek<'_>) -> Vec<u8> {
        if !self.added.is_empty() {
            if peek.places.empty {
                self.added.remove(0);
            }
            self.replaced.push((peek.places.end..peek.places.end, self.added));
        }
        json::splice(body, &mut self.replaced)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::peek::peek;

    const OPENAI: Dialect = Dialect::OpenaiChat;
    const ANTHROPIC: Dialect = Dialect::AnthropicMessages;

    #[track_caller]
    fn check(dialect: Dialect, body: &str, change: Patch<'_>, expected: &str) {
        let peek = peek(body.as_bytes()).unwrap();
        let patched = patch(dialect, body.as_bytes(), &peek, &change);
        assert_eq!(String::from_utf8(patched).unwrap(), expected);
    }

    #[test]
    fn nothing_changes_without_a_patch() {
        check(OPENAI, " { \"n\" : 1.0e0 } ", Patch::default(), " { \"n\" : 1.0e0 } ");
    }

    #[test]
    fn the_model_is_replaced_in_its_place() {
        let change = Patch { model: Some("a\"b\\é\u{1}"), ..Patch::default() };
        check(
            OPENAI,
            r#"{ "x":1.10, "model" : "gpt" ,"y":[ ]}"#,
            change,
            r#"{ "x":1.10, "model" : "a\"b\\é\u0001" ,"y":[ ]}"#,
        );
        check(OPENAI, "{}", Patch { model: Some("m"), ..Patch::default() }, r#"{"model":"m"}"#);
        check(
            ANTHROPIC,
            "{\"a\":1\n}",
            Patch { model: Some("m"), ..Patch::default() },
            "{\"a\":1\n,\"model\":\"m\"}",
        );
    }

    #[test]
    fn usage_is_asked_for_in_every_form_of_stream_options() {
        let change = Patch { include_usage: true, ..Patch::default() };
        check(OPENAI, r#"{"a":1}"#, change, r#"{"a":1,"stream_options":{"include_usage":true}}"#);
        check(OPENAI, r#"{"stream_options":null}"#, change, r#"{"stream_options":{"include_usage":true}}"#);
        check(
            OPENAI,
            r#"{"stream_options": { } }"#,
            change,
            r#"{"stream_options": {"include_usage":true } }"#,
        );
        check(
            OPENAI,
            r#"{"stream_options":{"include_obfuscation":false}}"#,
            change,
            r#"{"stream_options":{"include_usage":true,"include_obfuscation":false}}"#,
        );
        check(
            OPENAI,
            r#"{"stream_options":{"include_usage":false,"b":2}}"#,
            change,
            r#"{"stream_options":{"include_usage":true,"b":2}}"#,
        );
        check(
            OPENAI,
            r#"{"stream_options":{"include_usage": true}}"#,
            change,
            r#"{"stream_options":{"include_usage": true}}"#,
        );
        check(OPENAI, r#"{"stream_options":"x"}"#, change, r#"{"stream_options":"x"}"#);
        check(ANTHROPIC, r#"{"a":1}"#, change, r#"{"a":1}"#);
    }

    #[test]
    fn the_maximum_is_set_where_the_caller_set_it() {
        let change = Patch { max_output_tokens: Some(9), ..Patch::default() };
        check(OPENAI, r#"{"max_tokens":50}"#, change, r#"{"max_tokens":9}"#);
        check(
            OPENAI,
            r#"{"max_tokens":50,"max_completion_tokens":"60"}"#,
            change,
            r#"{"max_tokens":9,"max_completion_tokens":9}"#,
        );
        check(
            OPENAI,
            r#"{"max_completion_tokens":null,"max_tokens":5}"#,
            change,
            r#"{"max_completion_tokens":null,"max_tokens":9}"#,
        );
        check(OPENAI, r#"{"max_completion_tokens":null}"#, change, r#"{"max_completion_tokens":9}"#);
        check(OPENAI, "{}", change, r#"{"max_completion_tokens":9}"#);
        check(
            ANTHROPIC,
            r#"{"max_completion_tokens":3}"#,
            change,
            r#"{"max_completion_tokens":3,"max_tokens":9}"#,
        );
    }

    #[test]
    fn a_peek_at_another_body_does_no_harm() {
        let body = br#"{"model":"a-long-model-name","stream_options":{}}"#;
        let stale = peek(body).unwrap();
        let change = Patch { model: Some("m"), include_usage: true, max_output_tokens: Some(1) };
        assert_eq!(patch(OPENAI, b"{}", &stale, &change), b"{}");
    }

    proptest! {
        #[test]
        fn patches_compose_and_mean_what_they_say(
            before in prop::sample::select(vec!["", "\"a\":[1.0,{\"model\":\"x\"}],"]),
            model in prop::option::of(Just("\"model\":\"old\",")),
            options in prop::sample::select(vec!["", "\"stream_options\":{},", "\"stream_options\":{\"x\":1},", "\"stream_options\":null,"]),
            maximum in prop::sample::select(vec!["", "\"max_tokens\":1,", "\"max_completion_tokens\":77,"]),
            name in any::<String>(),
            limit in any::<u64>(),
        ) {
            let body = format!("{{{before}{}{options}{maximum}\"z\":0}}", model.unwrap_or_default());
            let peek = peek(body.as_bytes()).unwrap();
            let change = Patch { model: Some(&name), include_usage: true, max_output_tokens: Some(limit) };
            let patched = patch(OPENAI, body.as_bytes(), &peek, &change);

            let mut expected: Value = serde_json::from_str(&body).unwrap();
            expected["model"] = json!(name);
            expected["stream_options"]["include_usage"] = json!(true);
            let field = if expected.get("max_tokens").is_some() { "max_tokens" } else { "max_completion_tokens" };
            expected[field] = json!(limit);
            prop_assert_eq!(serde_json::from_slice::<Value>(&patched).unwrap(), expected);
        }
    }
}
