//! A JSON document read field by field: values stay slices of the document until somebody asks for one in a type, what
//! nobody asks for is left over as it was written, and a wrong type is an error that names its place.

use std::borrow::Cow;
use std::fmt;

use domain::{CallError, ErrorKind};

use crate::hub::{Extra, Json, Number};
use crate::json::{Kind, NotJson, Scanner};

/// Where a value is, for errors and notes: `messages[2].content[0].type`.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Path<'p> {
    Root,
    Member(&'p Self, &'p str),
    Item(&'p Self, usize),
}

impl<'p> Path<'p> {
    pub(crate) const fn member(&'p self, name: &'p str) -> Self {
        Self::Member(self, name)
    }

    pub(crate) const fn item(&'p self, index: usize) -> Self {
        Self::Item(self, index)
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => Ok(()),
            Self::Member(Self::Root, name) => f.write_str(name),
            Self::Member(parent, name) => write!(f, "{parent}.{name}"),
            Self::Item(parent, index) => write!(f, "{parent}[{index}]"),
        }
    }
}

/// The error for a field that is not what it should be.
pub(crate) fn wrong(at: &Path<'_>, expected: &str) -> CallError {
    let field = at.to_string();
    let message = if field.is_empty() {
        format!("the body must be {expected}")
    } else {
        format!("`{field}` must be {expected}")
    };
    let error = CallError::new(ErrorKind::InvalidRequest, message);
    if field.is_empty() { error } else { error.param(field) }
}

/// One value of a document whose grammar has been checked, without the space around it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Value<'a>(&'a str);

impl<'a> Value<'a> {
    /// Checks the whole document: grammar, UTF-8 and nesting.
    pub(crate) fn parse(body: &'a [u8]) -> Result<Self, NotJson> {
        let mut scanner = Scanner::new(body);
        let range = scanner.skip()?;
        scanner.end()?;
        // Strings are checked by the scanner and all else is ASCII, so this cannot fail; it costs one pass and keeps
        // every slice below safe.
        match std::str::from_utf8(&body[range]) {
            Ok(text) => Ok(Self(text)),
            Err(error) => Err(NotJson { reason: "not valid UTF-8", at: error.valid_up_to() }),
        }
    }

    pub(crate) const fn raw(self) -> &'a str {
        self.0
    }

    pub(crate) fn to_json(self) -> Json {
        Json::of_checked(self.0)
    }

    pub(crate) fn is_null(self) -> bool {
        self.0 == "null"
    }

    /// The characters of a string. Half of a surrogate pair, which no UTF-8 can hold, becomes U+FFFD: models cut
    /// inside of a pair, and a reply is not worth losing for it.
    pub(crate) fn text(self) -> Option<Cow<'a, str>> {
        let text = Scanner::new(self.0.as_bytes()).string().ok()?;
        text.decode(self.0.as_bytes()).or_else(|| {
            let mended = mend_surrogates(self.0);
            serde_json::from_str(&mended).ok().map(Cow::Owned)
        })
    }

    pub(crate) fn flag(self) -> Option<bool> {
        match self.0 {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        }
    }

    pub(crate) fn count(self) -> Option<u64> {
        self.0.parse().ok()
    }

    pub(crate) fn number(self) -> Option<Number> {
        self.is(Kind::Number).then(|| Number::of_checked(self.0))
    }

    pub(crate) fn items(self) -> Option<Vec<Self>> {
        if !self.is(Kind::Array) {
            return None;
        }
        let mut items = Vec::new();
        let document = self.0;
        let walked: Result<(), NotJson> = Scanner::new(document.as_bytes()).array(|scanner, _| {
            items.push(Self(&document[scanner.skip()?]));
            Ok(())
        });
        walked.ok().map(|()| items)
    }

    pub(crate) fn fields<'p>(self, at: &'p Path<'p>) -> Option<Fields<'a, 'p>> {
        if !self.is(Kind::Object) {
            return None;
        }
        let mut entries = Vec::new();
        let document = self.0;
        let walked: Result<(), NotJson> = Scanner::new(document.as_bytes()).object(|scanner, key| {
            let name = Self(&document[key.outer()]).text().unwrap_or_default();
            let value = Self(&document[scanner.skip()?]);
            entries.push(Entry { name, value, taken: false });
            Ok(())
        });
        walked.ok().map(|()| Fields { entries, at })
    }

    /// The fields of what must be an object.
    pub(crate) fn need_fields<'p>(self, at: &'p Path<'p>) -> Result<Fields<'a, 'p>, CallError> {
        self.fields(at).ok_or_else(|| wrong(at, "an object"))
    }

    fn is(self, kind: Kind) -> bool {
        Scanner::new(self.0.as_bytes()).kind() == Ok(kind)
    }

    pub(crate) fn is_string(self) -> bool {
        self.is(Kind::String)
    }

    pub(crate) fn is_object(self) -> bool {
        self.is(Kind::Object)
    }
}

/// The fields of one object in the order they were written. A field that is `null` counts as not there, and stays
/// among what is left over.
#[derive(Debug)]
pub(crate) struct Fields<'a, 'p> {
    entries: Vec<Entry<'a>>,
    pub(crate) at: &'p Path<'p>,
}

#[derive(Debug)]
struct Entry<'a> {
    name: Cow<'a, str>,
    value: Value<'a>,
    taken: bool,
}

impl<'a> Fields<'a, '_> {
    /// Looks at a field and leaves it.
    pub(crate) fn peek(&self, name: &str) -> Option<Value<'a>> {
        let found = self.entries.iter().rev().find(|entry| !entry.taken && entry.name == name)?;
        (!found.value.is_null()).then_some(found.value)
    }

    /// Takes a field. Of a name written twice the last counts, as in nearly every parser.
    pub(crate) fn take(&mut self, name: &str) -> Option<Value<'a>> {
        let value = self.peek(name)?;
        for entry in &mut self.entries {
            entry.taken |= entry.name == name;
        }
        Some(value)
    }

    pub(crate) fn text(&mut self, name: &str) -> Result<Option<String>, CallError> {
        self.typed(name, "a string", |value| value.text().map(Cow::into_owned))
    }

    pub(crate) fn need_text(&mut self, name: &str) -> Result<String, CallError> {
        self.text(name)?.ok_or_else(|| self.missing(name, "a string"))
    }

    pub(crate) fn flag(&mut self, name: &str) -> Result<Option<bool>, CallError> {
        self.typed(name, "true or false", Value::flag)
    }

    pub(crate) fn count(&mut self, name: &str) -> Result<Option<u64>, CallError> {
        self.typed(name, "a whole number", Value::count)
    }

    pub(crate) fn number(&mut self, name: &str) -> Result<Option<Number>, CallError> {
        self.typed(name, "a number", Value::number)
    }

    pub(crate) fn items(&mut self, name: &str) -> Result<Option<Vec<Value<'a>>>, CallError> {
        self.typed(name, "an array", Value::items)
    }

    pub(crate) fn need_items(&mut self, name: &str) -> Result<Vec<Value<'a>>, CallError> {
        self.items(name)?.ok_or_else(|| self.missing(name, "an array"))
    }

    pub(crate) fn object(&mut self, name: &str) -> Result<Option<Value<'a>>, CallError> {
        self.typed(name, "an object", |value| value.is_object().then_some(value))
    }

    pub(crate) fn need_object(&mut self, name: &str) -> Result<Value<'a>, CallError> {
        self.object(name)?.ok_or_else(|| self.missing(name, "an object"))
    }

    fn typed<T>(
        &mut self,
        name: &str,
        expected: &str,
        read: impl FnOnce(Value<'a>) -> Option<T>,
    ) -> Result<Option<T>, CallError> {
        let Some(value) = self.take(name) else {
            return Ok(None);
        };
        read(value).map(Some).ok_or_else(|| wrong(&self.at.member(name), expected))
    }

    pub(crate) fn missing(&self, name: &str, expected: &str) -> CallError {
        wrong(&self.at.member(name), &format!("given, as {expected}"))
    }

    /// What nobody took, as it was written.
    pub(crate) fn rest(self) -> Extra {
        let left = self.entries.into_iter().filter(|entry| !entry.taken);
        Extra::new(left.map(|entry| (entry.name.into_owned(), entry.value.to_json())).collect())
    }

    /// Whether anything that nobody took is left.
    pub(crate) fn is_spent(&self) -> bool {
        self.entries.iter().all(|entry| entry.taken)
    }

    /// Every field in order, taken or not.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, Value<'a>)> {
        self.entries.iter().map(|entry| (&*entry.name, entry.value))
    }
}

/// Replaces the escape of every lone surrogate by that of U+FFFD.
fn mend_surrogates(string: &str) -> String {
    let unit = |at: usize| -> Option<u16> {
        let hex = string.get(at..at + 6)?.strip_prefix("\\u")?;
        u16::from_str_radix(hex, 16).ok()
    };
    let mut mended = String::with_capacity(string.len());
    let mut rest = 0;
    while let Some(found) = string[rest..].find('\\') {
        let at = rest + found;
        mended.push_str(&string[rest..at]);
        let length = match (unit(at), unit(at + 6)) {
            (Some(0xD800..=0xDBFF), Some(0xDC00..=0xDFFF)) => 12,
            (Some(0xD800..=0xDFFF), _) => {
                mended.push_str("\\ufffd");
                rest = at + 6;
                continue;
            }
            (Some(_), _) => 6,
            (None, _) => 2,
        };
        let end = (at + length).min(string.len());
        mended.push_str(&string[at..end]);
        rest = end;
    }
    mended.push_str(&string[rest..]);
    mended
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_type_names_its_place() {
        let value = Value::parse(br#"{"a":[{"b":1}]}"#).unwrap();
        let mut fields = value.fields(&Path::Root).unwrap();
        let items = fields.need_items("a").unwrap();
        let list = Path::Root.member("a");
        let item = list.item(0);
        let mut inner = items[0].fields(&item).unwrap();
        let error = inner.text("b").unwrap_err();
        assert_eq!(error.message, "`a[0].b` must be a string");
        assert_eq!(error.param.as_deref(), Some("a[0].b"));
        let error = inner.need_text("c").unwrap_err();
        assert_eq!(error.message, "`a[0].c` must be given, as a string");
    }

    #[test]
    fn what_nobody_takes_is_left_as_written() {
        let value = Value::parse(br#"{"x": 1.50, "y": null, "z": "t", "x": 2.0 }"#).unwrap();
        let mut fields = value.fields(&Path::Root).unwrap();
        assert_eq!(fields.text("y").unwrap(), None);
        assert_eq!(fields.text("z").unwrap().as_deref(), Some("t"));
        assert_eq!(fields.number("x").unwrap().unwrap().as_str(), "2.0");
        let rest: Vec<_> =
            fields.rest().iter().map(|(name, json)| (name.to_owned(), json.to_string())).collect();
        assert_eq!(rest, [("y".to_owned(), "null".to_owned())]);
    }

    #[test]
    fn half_a_surrogate_pair_does_not_lose_the_text() {
        let text = |raw: &str| Value::parse(raw.as_bytes()).unwrap().text().unwrap().into_owned();
        assert_eq!(text(r#""a\ud83d\ude00\n""#), "a😀\n");
        assert_eq!(text(r#""a\ud83db\n""#), "a\u{fffd}b\n");
        assert_eq!(text(r#""\\ud83d \ude00\ud83d""#), "\\ud83d \u{fffd}\u{fffd}");
    }

    #[test]
    fn nesting_and_garbage_are_refused() {
        assert!(Value::parse(b"{} x").is_err());
        assert!(Value::parse(b"").is_err());
        assert!(Value::parse("[".repeat(200).as_bytes()).is_err());
        assert!(Value::parse(&[b"[".repeat(129), b"]".repeat(129)].concat()).is_err());
    }
}
