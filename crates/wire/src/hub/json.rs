//! JSON that is carried and not read: the text of a value, of a number, and the fields that ride along. Keeping the
//! text keeps key order and digits, and a provider's prompt cache sees the bytes that it saw before.

use std::fmt;

use crate::fields::Value;

/// One JSON value as it was written.
#[derive(Clone, PartialEq, Eq)]
pub struct Json(Box<str>);

impl Json {
    /// Checks that `text` is one JSON value.
    pub fn parse(text: &str) -> Option<Self> {
        Value::parse(text.as_bytes()).ok().map(Value::to_json)
    }

    /// For text that a reader of this crate has already checked.
    pub(crate) fn of_checked(text: &str) -> Self {
        Self(text.into())
    }

    /// For bytes that a writer of this crate has made.
    pub(crate) fn of_written(bytes: Vec<u8>) -> Self {
        Self(String::from_utf8(bytes).unwrap_or_else(|_| "null".to_owned()).into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn is_null(&self) -> bool {
        &*self.0 == "null"
    }

    /// The same value without the space between its tokens; numbers, strings and order stay as they are.
    pub(crate) fn compact(&self) -> String {
        let mut compact = String::with_capacity(self.0.len());
        let mut in_string = false;
        let mut escaped = false;
        for character in self.0.chars() {
            if in_string {
                in_string = escaped || character != '"';
                escaped = !escaped && character == '\\';
            } else if character.is_ascii_whitespace() {
                continue;
            } else {
                in_string = character == '"';
            }
            compact.push(character);
        }
        compact
    }

    pub(crate) fn value(&self) -> Option<Value<'_>> {
        Value::parse(self.0.as_bytes()).ok()
    }
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A number as it was written: `0.70` stays `0.70`.
#[derive(Clone, PartialEq, Eq)]
pub struct Number(Box<str>);

impl Number {
    pub(crate) fn of_checked(text: &str) -> Self {
        Self(text.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The value; one that no float can hold is infinite, and so larger than every limit it is compared with.
    pub fn as_f64(&self) -> f64 {
        self.0.parse().unwrap_or(f64::NAN)
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Fields that the hub has no word for, in the order they were written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Extra(Vec<(String, Json)>);

impl Extra {
    pub(crate) const fn new(fields: Vec<(String, Json)>) -> Self {
        Self(fields)
    }

    pub fn get(&self, name: &str) -> Option<&Json> {
        self.0.iter().rev().find(|(known, _)| known == name).map(|(_, json)| json)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &Json)> {
        self.0.iter().map(|(name, json)| (name.as_str(), json))
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_space_between_tokens_goes() {
        let json = Json::parse("{ \"a b\" : [ 1.50 ,\n \"c \\\" \\\\\", true ] }").unwrap();
        assert_eq!(json.compact(), r#"{"a b":[1.50,"c \" \\",true]}"#);
    }
}
