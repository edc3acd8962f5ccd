//! What an object says, as plain JSON in one spelling: fields in the order of their description, nothing that was not
//! written, every scalar in the type of its field. Secrets are taken out on the way.

use domain::Secret;
use serde_json::{Map, Value};

use crate::schema::value::Amount;
use crate::schema::{Description, Shape};
use crate::tree::{Content, Kind, Node, Scalar};

/// How a scalar becomes text.
pub(super) trait Texts {
    /// For scalars that are text to their reader.
    fn text(&self, scalar: &Scalar) -> String;

    /// For numbers, booleans and choices.
    fn typed(&self, scalar: &Scalar) -> String {
        self.text(scalar)
    }
}

/// A body under construction.
pub(super) struct Splitter<'a> {
    texts: &'a dyn Texts,
    /// Each with the path of its field, joined by dots.
    pub(super) secrets: Vec<(String, Secret<String>)>,
}

impl<'a> Splitter<'a> {
    pub(super) fn new(texts: &'a dyn Texts) -> Self {
        Self { texts, secrets: Vec::new() }
    }

    /// The plain part of an object of this shape.
    pub(super) fn body(&mut self, shape: &Shape, node: &Node) -> Map<String, Value> {
        match self.value(shape, node, "") {
            Some(Value::Object(body)) => body,
            _ => Map::new(),
        }
    }

    /// `None` for a secret, which is set aside.
    fn value(&mut self, shape: &Shape, node: &Node, path: &str) -> Option<Value> {
        match (shape, &node.content) {
            (Shape::Either(forms), _) => self.value(fitting(forms, node)?, node, path),
            (Shape::Section(describe), Content::Section(_)) => Some(self.section(&describe(), node, path)),
            (Shape::Table { of, .. } | Shape::Map { of, .. }, Content::Section(entries)) => {
                let mut table = Map::new();
                for entry in entries {
                    let value = self.value(of, &entry.value, &join(path, &entry.key));
                    table.extend(value.map(|value| (entry.key.clone(), value)));
                }
                Some(Value::Object(table))
            }
            (Shape::List { of, .. }, Content::List(items)) => {
                let values = items.iter().enumerate();
                let values =
                    values.filter_map(|(index, item)| self.value(of, item, &join(path, &index.to_string())));
                Some(Value::Array(values.collect()))
            }
            (Shape::Secret { .. }, Content::Scalar(scalar)) => {
                self.secrets.push((path.to_owned(), Secret::new(self.texts.text(scalar))));
                None
            }
            (shape, Content::Scalar(scalar)) => Some(self.scalar(shape, scalar)),
            // Of another form than its field has: the reader has refused it.
            _ => None,
        }
    }

    fn section(&mut self, description: &Description, node: &Node, path: &str) -> Value {
        let mut section = Map::new();
        for field in &description.fields {
            let Some(value) = node.get(field.key) else { continue };
            let value = self.value(&field.shape, value, &join(path, field.key));
            section.extend(value.map(|value| (field.key.to_owned(), value)));
        }
        Value::Object(section)
    }

    fn scalar(&self, shape: &Shape, scalar: &Scalar) -> Value {
        match shape {
            Shape::Boolean => {
                let text = self.texts.typed(scalar);
                let plain = Scalar { text, quoted: false };
                Value::Bool(plain.kind() == Kind::Boolean(true))
            }
            Shape::Whole { .. } => {
                let text = self.texts.typed(scalar);
                text.parse::<u64>().map_or(Value::String(text), Value::from)
            }
            Shape::Decimal => {
                let text = self.texts.typed(scalar);
                let number = scalar.kind() == Kind::Number;
                let exact = domain::UnitPrice::parse(&text);
                let price = exact.or_else(|| number.then(|| Amount::of_json_number(&text)).flatten());
                Value::String(price.map_or(text, |price| price.to_string()))
            }
            Shape::Choice(words) => Value::String(self.choice(words, scalar)),
            _ => Value::String(self.texts.text(scalar)),
        }
    }

    /// The word that was chosen. `off` is a boolean to YAML, and how people write `none`.
    fn choice(&self, words: &[&str], scalar: &Scalar) -> String {
        if scalar.kind() == Kind::Boolean(false)
            && let Some(word) = words.iter().find(|word| matches!(**word, "off" | "none"))
        {
            return (*word).to_owned();
        }
        self.texts.typed(scalar)
    }
}

/// The form that a node is written in.
fn fitting<'s>(forms: &'s [Shape], node: &Node) -> Option<&'s Shape> {
    let fits = |form: &&Shape| match (form, &node.content) {
        (Shape::Section(describe), Content::Section(entries)) => {
            let description = describe();
            entries.iter().all(|entry| description.fields.iter().any(|field| field.key == entry.key))
        }
        (Shape::Table { .. } | Shape::Map { .. }, Content::Section(_))
        | (Shape::List { .. }, Content::List(_)) => true,
        (
            Shape::Section(_)
            | Shape::Table { .. }
            | Shape::Map { .. }
            | Shape::List { .. }
            | Shape::Either(_),
            Content::Scalar(_),
        ) => false,
        (_, Content::Scalar(_)) => true,
        _ => false,
    };
    forms.iter().find(fits)
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}
