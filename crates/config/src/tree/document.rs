//! A JSON document as a tree, so that one reader serves the file and the admin API. Its nodes have no line; whoever
//! reads them names places by the path.

use serde_json::{Map, Number, Value};

use super::{Content, Entry, Node, Place, Scalar};

/// The tree of an object.
pub(crate) fn document(object: &Map<String, Value>) -> Node {
    node(Content::Section(entries(object)))
}

fn entries(object: &Map<String, Value>) -> Vec<Entry> {
    let entry = |(key, value): (&String, &Value)| Entry {
        key: key.clone(),
        place: Place::default(),
        value: of_value(value),
    };
    object.iter().map(entry).collect()
}

fn of_value(value: &Value) -> Node {
    let plain = |text: String| Content::Scalar(Scalar { text, quoted: false });
    node(match value {
        Value::Null => plain(String::new()),
        Value::Bool(value) => plain(value.to_string()),
        Value::Number(number) => plain(decimal(number)),
        Value::String(text) => Content::Scalar(Scalar { text: text.clone(), quoted: true }),
        Value::Array(items) => Content::List(items.iter().map(of_value).collect()),
        Value::Object(object) => Content::Section(entries(object)),
    })
}

fn node(content: Content) -> Node {
    Node { place: Place::default(), content }
}

/// Without an exponent, and without the fraction that JavaScript and Python give whole numbers: `4.0` is `4`.
fn decimal(number: &Number) -> String {
    match number.as_f64() {
        // A negative zero is none.
        Some(float) if number.is_f64() => format!("{}", if float == 0.0 { 0.0 } else { float }),
        _ => number.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_plain_decimals() {
        let check = |json: &str, expected: &str| {
            let number: Number = serde_json::from_str(json).unwrap();
            assert_eq!(decimal(&number), expected);
        };
        check("4", "4");
        check("4.0", "4");
        check("1e3", "1000");
        check("1.5e-7", "0.00000015");
        check("-0.25", "-0.25");
        check("-0.0", "0");
        check("18446744073709551615", "18446744073709551615");
    }
}
