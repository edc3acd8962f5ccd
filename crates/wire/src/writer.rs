//! Writes JSON straight into a buffer, in the order it is told. Nothing is built first, so raw values go through with
//! every byte they had.

use crate::hub::{Extra, Json, Number};
use crate::json::string_into;

/// An object under construction.
#[derive(Debug)]
pub(crate) struct Object<'w> {
    out: &'w mut Vec<u8>,
    empty: bool,
}

/// An array under construction.
#[derive(Debug)]
pub(crate) struct Array<'w> {
    out: &'w mut Vec<u8>,
    empty: bool,
}

/// Appends an object.
pub(crate) fn object(out: &mut Vec<u8>, fill: impl FnOnce(&mut Object<'_>)) {
    out.push(b'{');
    fill(&mut Object { out, empty: true });
    out.push(b'}');
}

/// Appends an array.
pub(crate) fn array(out: &mut Vec<u8>, fill: impl FnOnce(&mut Array<'_>)) {
    out.push(b'[');
    fill(&mut Array { out, empty: true });
    out.push(b']');
}

/// An object as a value of its own.
pub(crate) fn json_object(fill: impl FnOnce(&mut Object<'_>)) -> Json {
    let mut out = Vec::new();
    object(&mut out, fill);
    Json::of_written(out)
}

impl Object<'_> {
    /// Begins a member; the caller appends exactly one value.
    pub(crate) fn key(&mut self, name: &str) -> &mut Vec<u8> {
        if !std::mem::take(&mut self.empty) {
            self.out.push(b',');
        }
        string_into(self.out, name);
        self.out.push(b':');
        self.out
    }

    pub(crate) fn string(&mut self, name: &str, value: &str) {
        string_into(self.key(name), value);
    }

    pub(crate) fn optional_string(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.string(name, value);
        }
    }

    pub(crate) fn integer(&mut self, name: &str, value: impl Into<i128>) {
        self.raw(name, &value.into().to_string());
    }

    pub(crate) fn optional_integer(&mut self, name: &str, value: Option<u64>) {
        if let Some(value) = value {
            self.integer(name, value);
        }
    }

    pub(crate) fn optional_number(&mut self, name: &str, value: Option<&Number>) {
        if let Some(value) = value {
            self.raw(name, value.as_str());
        }
    }

    pub(crate) fn boolean(&mut self, name: &str, value: bool) {
        self.raw(name, if value { "true" } else { "false" });
    }

    pub(crate) fn optional_boolean(&mut self, name: &str, value: Option<bool>) {
        if let Some(value) = value {
            self.boolean(name, value);
        }
    }

    pub(crate) fn null(&mut self, name: &str) {
        self.raw(name, "null");
    }

    pub(crate) fn raw(&mut self, name: &str, json: &str) {
        self.key(name).extend_from_slice(json.as_bytes());
    }

    pub(crate) fn json(&mut self, name: &str, json: &Json) {
        self.raw(name, json.as_str());
    }

    pub(crate) fn object(&mut self, name: &str, fill: impl FnOnce(&mut Object<'_>)) {
        object(self.key(name), fill);
    }

    pub(crate) fn array(&mut self, name: &str, fill: impl FnOnce(&mut Array<'_>)) {
        array(self.key(name), fill);
    }

    pub(crate) fn strings<'s>(&mut self, name: &str, values: impl IntoIterator<Item = &'s str>) {
        self.array(name, |array| {
            values.into_iter().for_each(|value| array.string(value));
        });
    }

    /// The fields that ride along.
    pub(crate) fn extra(&mut self, extra: &Extra) {
        for (name, json) in extra.iter() {
            self.json(name, json);
        }
    }
}

impl Array<'_> {
    /// Begins an item; the caller appends exactly one value.
    pub(crate) fn item(&mut self) -> &mut Vec<u8> {
        if !std::mem::take(&mut self.empty) {
            self.out.push(b',');
        }
        self.out
    }

    pub(crate) fn string(&mut self, value: &str) {
        string_into(self.item(), value);
    }

    pub(crate) fn json(&mut self, json: &Json) {
        self.item().extend_from_slice(json.as_str().as_bytes());
    }

    pub(crate) fn object(&mut self, fill: impl FnOnce(&mut Object<'_>)) {
        object(self.item(), fill);
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.empty
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_in_order_and_raw_ones_untouched() {
        let json = json_object(|object| {
            object.string("a\"", "é\n");
            object.integer("n", 3_u64);
            object.raw("raw", "{ \"z\": 1.0 }");
            object.object("o", |_| ());
            object.array("l", |list| {
                list.string("x");
                list.object(|object| object.null("none"));
            });
        });
        assert_eq!(json.as_str(), r#"{"a\"":"é\n","n":3,"raw":{ "z": 1.0 },"o":{},"l":["x",{"none":null}]}"#);
    }
}
