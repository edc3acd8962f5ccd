//! JSON that leaves no doubt: no key twice, no deep nesting, nothing behind the end. Two parsers that read the same
//! bytes differently are how a check is passed with one value and another is used.

use std::cell::RefCell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Why a text is not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Malformed {
    /// Where, as a JSON pointer.
    pub(super) pointer: String,
    pub(super) message: String,
}

/// Nothing that the admin API takes comes near it.
const DEPTH: usize = 32;

pub(super) fn parse(text: &[u8]) -> Result<Value, Malformed> {
    let place = RefCell::new(Vec::new());
    let mut reader = serde_json::Deserializer::from_slice(text);
    let parsed = Seed { place: &place }.deserialize(&mut reader).and_then(|value| {
        reader.end()?;
        Ok(value)
    });
    parsed.map_err(|error| Malformed { pointer: pointer(&place.borrow()), message: error.to_string() })
}

/// A place in a document, as JSON pointers write it (RFC 6901).
pub(super) fn pointer<T: AsRef<str>>(place: &[T]) -> String {
    place.iter().map(|step| format!("/{}", step.as_ref().replace('~', "~0").replace('/', "~1"))).collect()
}

/// Reads one value at this place. A step is left on the place when its value is wrong, so that the place of the error
/// is what remains.
#[derive(Clone, Copy)]
struct Seed<'a> {
    place: &'a RefCell<Vec<String>>,
}

impl Seed<'_> {
    fn descend<E: Error>(self, step: String) -> Result<(), E> {
        let mut place = self.place.borrow_mut();
        place.push(step);
        if place.len() > DEPTH {
            Err(E::custom(format!("nested deeper than {DEPTH} levels")))
        } else {
            Ok(())
        }
    }

    fn ascend(self) {
        self.place.borrow_mut().pop();
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("not a number"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        self.descend(list.len().to_string())?;
        while let Some(item) = items.next_element_seed(self)? {
            list.push(item);
            self.ascend();
            self.descend(list.len().to_string())?;
        }
        self.ascend();
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            self.descend(key.clone())?;
            if map.contains_key(&key) {
                return Err(A::Error::custom(format!("`{key}` stands twice")));
            }
            map.insert(key, entries.next_value_seed(self)?);
            self.ascend();
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn refused(text: &str) -> Malformed {
        parse(text.as_bytes()).expect_err(text)
    }

    #[test]
    fn what_is_json_is_read() {
        let text = r#" { "a": [1, -2, 2.5, true, null, "\u00e9", {}], "b": { "c": [] } } "#;
        assert_eq!(
            parse(text.as_bytes()),
            Ok(json!({ "a": [1, -2, 2.5, true, null, "é", {}], "b": { "c": [] } }))
        );
    }

    #[test]
    fn a_key_stands_once() {
        let twice = refused(r#"{"a": [0, {"b/c": 1, "x": 2, "b/c": 1}]}"#);
        assert_eq!(twice.pointer, "/a/1/b~1c");
        assert!(twice.message.contains("`b/c` stands twice"), "{}", twice.message);
        // The same key, spelled differently.
        assert_eq!(refused(r#"{"a": 1, "\u0061": 2}"#).pointer, "/a");
    }

    #[test]
    fn what_is_no_json_is_refused_at_its_place() {
        for (text, pointer) in [
            ("", ""),
            ("{", ""),
            ("{} {}", ""),
            ("[1, 2, x]", "/2"),
            (r#"{"a": {"b": 1e999}}"#, "/a/b"),
            (r#"{"a": NaN}"#, "/a"),
            (r#"{"a": "\ud800"}"#, "/a"),
            ("{\"a\": \"\u{1}\"}", "/a"),
        ] {
            assert_eq!(refused(text).pointer, pointer, "{text}");
        }
        assert!(parse(b"{\"a\": \"\xff\"}").is_err());
    }

    #[test]
    fn nesting_has_an_end() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(parse(nested(DEPTH).as_bytes()).is_ok());
        assert!(parse(nested(DEPTH + 1).as_bytes()).is_err());
        assert!(refused(&nested(100_000)).message.contains("nested deeper"));
        assert!(refused(&"{\"a\":".repeat(50_000)).message.contains("nested deeper"));
    }

    proptest! {
        /// Whatever this reads, others read the same.
        #[test]
        fn it_agrees_with_the_usual_reader(text in r#"[\[\]{}",:0-9a-c\\ .e-]{0,40}"#) {
            if let Ok(value) = parse(text.as_bytes()) {
                prop_assert_eq!(serde_json::from_str::<Value>(&text).ok(), Some(value));
            }
        }
    }
}
