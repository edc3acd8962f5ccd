//! Looks at a request body that will be passed on as it came: one pass that checks that it is JSON and picks out the
//! few fields that routing, limits and patches need. Nothing is copied, no tree is built, and what the fields that are
//! not picked out hold is the provider's to judge.

use std::borrow::Cow;
use std::ops::Range;

use smallvec::SmallVec;

use crate::json::{Kind, NotJson, Scanner, Text};

/// Why a request body cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct BadBody {
    pub message: String,
    /// The byte at which it went wrong.
    pub offset: usize,
    /// The field that is wrong, where it is one.
    pub field: Option<&'static str>,
}

/// What a request body says about itself, in any chat or embeddings dialect.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Peek<'a> {
    pub model: Option<Cow<'a, str>>,
    /// The JSON string of `model`, with its quotes.
    pub model_at: Option<Range<usize>>,
    pub stream: bool,
    /// `stream_options.include_usage`.
    pub include_usage: Option<bool>,
    /// The largest of `max_completion_tokens`, `max_tokens` and `max_output_tokens`.
    pub max_output_tokens: Option<u64>,
    /// `n`.
    pub choices: Option<u64>,
    /// `user`, else `safety_identifier`, else `metadata.user_id`.
    pub user: Option<Cow<'a, str>>,
    pub has_messages: bool,
    pub has_input: bool,
    pub(crate) places: Places,
}

/// Where a patch would have to write.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Places {
    pub(crate) stream_options: Option<Place>,
    /// The value of `stream_options.include_usage`.
    pub(crate) include_usage: Option<Range<usize>>,
    pub(crate) maxima: SmallVec<[(Maximum, Place); 2]>,
    /// The brace that closes the body.
    pub(crate) end: usize,
    pub(crate) empty: bool,
}

/// A value, and as much of its type as patching depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) range: Range<usize>,
    pub(crate) kind: Kind,
    /// An object without members.
    pub(crate) empty: bool,
}

/// The fields that bound the output, each with `max_` before its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Maximum {
    CompletionTokens,
    Tokens,
    OutputTokens,
}

/// Checks a body and picks out what is needed of it.
pub fn peek(body: &[u8]) -> Result<Peek<'_>, BadBody> {
    if body.trim_ascii().is_empty() {
        return Err(BadBody::new("the body is empty; send a JSON object", 0));
    }
    let mut scanner = Scanner::new(body);
    let kind = scanner.kind()?;
    if kind != Kind::Object {
        scanner.skip()?;
        return Err(BadBody::new("the body must be a JSON object", 0));
    }
    let mut fields = Fields { body, names: SmallVec::new(), users: Users::default(), peek: Peek::default() };
    scanner.object(|scanner, key| fields.read(scanner, key))?;
    let mut peek = fields.peek;
    peek.places.end = scanner.at() - 1;
    peek.places.empty = fields.names.is_empty();
    peek.user = fields.users.first();
    scanner.end()?;
    Ok(peek)
}

/// Top-level fields that a body may have. No API has a quarter of this many; without a limit, telling that no name
/// comes twice would take time quadratic in the size of the body.
const MAX_FIELDS: usize = 256;

struct Fields<'a> {
    body: &'a [u8],
    names: SmallVec<[Cow<'a, str>; 16]>,
    users: Users<'a>,
    peek: Peek<'a>,
}

/// The fields that may name the end user.
#[derive(Default)]
struct Users<'a> {
    user: Option<Cow<'a, str>>,
    safety_identifier: Option<Cow<'a, str>>,
    metadata_user_id: Option<Cow<'a, str>>,
}

impl<'a> Users<'a> {
    fn first(self) -> Option<Cow<'a, str>> {
        self.user.or(self.safety_identifier).or(self.metadata_user_id)
    }
}

impl<'a> Fields<'a> {
    fn read(&mut self, scanner: &mut Scanner<'_>, key: Text) -> Result<(), BadBody> {
        let Some(name) = key.decode(self.body) else {
            return Err(BadBody::new("the body has a field whose name is not text", key.start));
        };
        if self.names.contains(&name) {
            return Err(BadBody::new(format!("the body has the field `{name}` twice; keep one"), key.start));
        }
        if self.names.len() == MAX_FIELDS {
            return Err(BadBody::new("the body has more than 256 fields", key.start));
        }
        match &*name {
            "model" => self.model(scanner)?,
            "stream" => self.stream(scanner)?,
            "stream_options" => self.stream_options(scanner)?,
            "max_completion_tokens" => self.maximum(scanner, Maximum::CompletionTokens)?,
            "max_tokens" => self.maximum(scanner, Maximum::Tokens)?,
            "max_output_tokens" => self.maximum(scanner, Maximum::OutputTokens)?,
            "n" => self.peek.choices = read_count(&self.body[scanner.skip()?]),
            "user" => self.users.user = self.text(scanner)?,
            "safety_identifier" => self.users.safety_identifier = self.text(scanner)?,
            "metadata" => self.metadata(scanner)?,
            "messages" => self.peek.has_messages = true,
            "input" => self.peek.has_input = true,
            _ => {}
        }
        self.names.push(name);
        Ok(())
    }

    fn model(&mut self, scanner: &mut Scanner<'_>) -> Result<(), BadBody> {
        if scanner.kind()? != Kind::String {
            return Err(BadBody::field("model", "`model` must be a string", scanner.at()));
        }
        let text = scanner.string()?;
        let Some(model) = text.decode(self.body) else {
            return Err(BadBody::field("model", "`model` is not valid text", text.start));
        };
        self.peek.model = Some(model);
        self.peek.model_at = Some(text.outer());
        Ok(())
    }

    fn stream(&mut self, scanner: &mut Scanner<'_>) -> Result<(), BadBody> {
        self.peek.stream = match scanner.kind()? {
            Kind::True => true,
            // A serializer of optional fields writes null for "not given".
            Kind::False | Kind::Null => false,
            Kind::Object | Kind::Array | Kind::String | Kind::Number => {
                return Err(BadBody::field("stream", "`stream` must be true or false", scanner.at()));
            }
        };
        Ok(())
    }

    fn stream_options(&mut self, scanner: &mut Scanner<'_>) -> Result<(), BadBody> {
        let kind = scanner.kind()?;
        let start = scanner.at();
        let mut empty = true;
        if kind == Kind::Object {
            scanner.object(|scanner, key| {
                empty = false;
                if key.is(self.body, "include_usage") {
                    self.peek.include_usage = match scanner.kind()? {
                        Kind::True => Some(true),
                        Kind::False => Some(false),
                        _ => None,
                    };
                    self.peek.places.include_usage = Some(scanner.skip()?);
                }
                Ok::<_, NotJson>(())
            })?;
        } else {
            scanner.skip()?;
        }
        self.peek.places.stream_options = Some(Place { range: start..scanner.at(), kind, empty });
        Ok(())
    }

    fn maximum(&mut self, scanner: &mut Scanner<'_>, name: Maximum) -> Result<(), BadBody> {
        let kind = scanner.kind()?;
        let range = scanner.skip()?;
        self.peek.max_output_tokens = self.peek.max_output_tokens.max(read_count(&self.body[range.clone()]));
        self.peek.places.maxima.push((name, Place { range, kind, empty: false }));
        Ok(())
    }

    fn metadata(&mut self, scanner: &mut Scanner<'_>) -> Result<(), BadBody> {
        if scanner.kind()? != Kind::Object {
            return Ok(());
        }
        scanner.object(|scanner, key| {
            if key.is(self.body, "user_id") {
                self.users.metadata_user_id = self.text(scanner)?;
            }
            Ok(())
        })
    }

    /// A string, or nothing where something else stands: the provider will say so better.
    fn text(&self, scanner: &mut Scanner<'_>) -> Result<Option<Cow<'a, str>>, BadBody> {
        if scanner.kind()? != Kind::String {
            return Ok(None);
        }
        Ok(scanner.string()?.decode(self.body))
    }
}

/// A whole number that is not negative, however it is written: some servers take `1e3` for a maximum.
fn read_count(value: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(value).ok()?;
    if let Ok(count) = text.parse() {
        return Some(count);
    }
    let count = text.parse::<f64>().ok().filter(|count| *count >= 0.0 && count.fract() == 0.0)?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a cast from a float saturates"
    )]
    Some(count as u64)
}

impl BadBody {
    fn new(message: impl Into<String>, offset: usize) -> Self {
        Self { message: message.into(), offset, field: None }
    }

    fn field(field: &'static str, message: &str, offset: usize) -> Self {
        Self { message: message.to_owned(), offset, field: Some(field) }
    }
}

impl From<NotJson> for BadBody {
    fn from(fault: NotJson) -> Self {
        Self::new(format!("the body is not valid JSON: {} at byte {}", fault.reason, fault.at), fault.at)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use serde_json::value::RawValue;

    use super::*;

    #[test]
    fn a_chat_body_is_read() {
        let body = br#" {"model":"gpt-5","stream":true,"stream_options":{"include_usage":false,"x":1},"max_tokens":5,
            "max_completion_tokens":7,"n":2,"user":"u1","messages":[{"role":"user","content":"hi"}]} "#;
        let peek = peek(body).unwrap();
        assert_eq!(peek.model.as_deref(), Some("gpt-5"));
        assert!(matches!(peek.model, Some(Cow::Borrowed(_))));
        assert_eq!(&body[peek.model_at.unwrap()], b"\"gpt-5\"");
        assert!(peek.stream && peek.has_messages && !peek.has_input);
        assert_eq!(
            (peek.include_usage, peek.max_output_tokens, peek.choices),
            (Some(false), Some(7), Some(2))
        );
        assert_eq!(peek.user.as_deref(), Some("u1"));
    }

    #[test]
    fn an_anthropic_body_names_its_user_in_metadata() {
        let peek =
            peek(br#"{"metadata":{"user_id":"u\u0032"},"max_tokens":1e3,"model":"claude\u002d4"}"#).unwrap();
        assert_eq!((peek.user.as_deref(), peek.model.as_deref()), (Some("u2"), Some("claude-4")));
        assert_eq!(peek.max_output_tokens, Some(1000));
    }

    #[test]
    fn the_user_field_wins_wherever_it_stands() {
        let body = br#"{"metadata":{"user_id":"c"},"safety_identifier":"b","user":"a"}"#;
        assert_eq!(peek(body).unwrap().user.as_deref(), Some("a"));
        let body = br#"{"metadata":{"user_id":"c"},"safety_identifier":"b","user":null}"#;
        assert_eq!(peek(body).unwrap().user.as_deref(), Some("b"));
    }

    #[test]
    fn nested_fields_of_the_same_name_do_not_count() {
        let body = br#"{"messages":[{"model":"x","stream":true,"max_tokens":9}],"tools":{"input":1}}"#;
        let peek = peek(body).unwrap();
        assert_eq!(peek.model, None);
        assert!(!peek.stream && !peek.has_input);
        assert_eq!(peek.max_output_tokens, None);
    }

    #[test]
    fn odd_counts_are_left_to_the_provider() {
        for (text, expected) in [
            ("-1", None),
            ("1.5", None),
            ("\"7\"", None),
            ("null", None),
            ("1e99", Some(u64::MAX)),
            ("0", Some(0)),
        ] {
            let body = format!("{{\"max_tokens\":{text},\"n\":{text}}}");
            let peek = peek(body.as_bytes()).unwrap();
            assert_eq!((peek.max_output_tokens, peek.choices), (expected, expected), "{text}");
        }
    }

    #[test]
    fn bad_bodies_say_what_is_wrong() {
        #[track_caller]
        fn check(body: &[u8], message: &str, offset: usize) {
            let error = peek(body).unwrap_err();
            assert_eq!((error.message.as_str(), error.offset), (message, offset));
        }
        check(b"", "the body is empty; send a JSON object", 0);
        check(b" \n", "the body is empty; send a JSON object", 0);
        check(b"[{}]", "the body must be a JSON object", 0);
        check(b"model=gpt", "the body is not valid JSON: expected a value at byte 0", 0);
        check(b"{\"a\":1} x", "the body is not valid JSON: something follows the JSON document at byte 8", 8);
        check(b"{\"a\":1,", "the body is not valid JSON: expected a string at byte 7", 7);
        check(b"{\"a\":NaN}", "the body is not valid JSON: expected a value at byte 5", 5);
        check(b"{\"a\":\"\xC3\"}", "the body is not valid JSON: not valid UTF-8 at byte 6", 6);
        check(br#"{"a":1,"\u0061":2}"#, "the body has the field `a` twice; keep one", 7);
        check(br#"{"stream":"yes"}"#, "`stream` must be true or false", 10);
        check(br#"{"stream":1}"#, "`stream` must be true or false", 10);
        check(br#"{"model": null}"#, "`model` must be a string", 10);
        check(br#"{"model":"\ud800"}"#, "`model` is not valid text", 9);
        assert_eq!(peek(br#"{"model":5}"#).unwrap_err().field, Some("model"));
    }

    #[test]
    fn nesting_and_the_number_of_fields_have_limits() {
        let nested = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
        assert!(peek(nested(127).as_bytes()).is_ok());
        assert!(peek(nested(128).as_bytes()).unwrap_err().message.contains("deeper than 128"));
        let many = |count: usize| {
            let fields: Vec<_> = (0..count).map(|index| format!("\"{index}\":0")).collect();
            format!("{{{}}}", fields.join(","))
        };
        assert!(peek(many(256).as_bytes()).is_ok());
        assert_eq!(peek(many(257).as_bytes()).unwrap_err().message, "the body has more than 256 fields");
    }

    /// What serde_json takes for an object of distinct names.
    fn oracle(body: &[u8]) -> bool {
        struct Distinct;
        impl<'de> serde::de::Visitor<'de> for Distinct {
            type Value = ();
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
                let mut seen = BTreeMap::new();
                while let Some((key, value)) = map.next_entry::<String, &RawValue>()? {
                    if seen.insert(key, value).is_some() {
                        return Err(serde::de::Error::custom("twice"));
                    }
                }
                Ok(())
            }
        }
        let Ok(text) = std::str::from_utf8(body) else {
            return false;
        };
        let mut reader = serde_json::Deserializer::from_str(text);
        serde::Deserializer::deserialize_map(&mut reader, Distinct).is_ok() && reader.end().is_ok()
    }

    proptest! {
        #[test]
        fn exactly_the_objects_that_serde_takes_are_taken(
            parts in prop::collection::vec(
                prop::sample::select(vec![
                    "\"a\":1", "\"b\":[1,2]", "\"c\":{\"a\":null}", "\"\\u0061\":2", "\"d\":\"é\"", ",", ",", ",", " ", "}", "x",
                ]),
                0..8,
            ),
        ) {
            let body = format!("{{{}}}", parts.concat());
            prop_assert_eq!(peek(body.as_bytes()).is_ok(), oracle(body.as_bytes()), "{}", body);
            let listed = format!("{{{}}}", parts.join(","));
            prop_assert_eq!(peek(listed.as_bytes()).is_ok(), oracle(listed.as_bytes()), "{}", listed);
        }

        #[test]
        fn no_bytes_panic(body in prop::collection::vec(any::<u8>(), 0..64)) {
            prop_assert_eq!(peek(&body).is_ok(), oracle(&body));
        }
    }
}
