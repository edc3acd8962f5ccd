//! Forms around other values: with its place, in a list, or switched off.

use serde_json::Value;

use crate::diagnostic::At;
use crate::schema::shape::MOST_ITEMS;
use crate::schema::{Field, Reading, Shape};
use crate::tree::{Content, Kind, Node};

/// A value that something else may refer to or contradict, so that its place is wanted later.
#[derive(Debug, Clone)]
pub(crate) struct Located<T> {
    pub(crate) value: T,
    pub(crate) at: At,
}

impl<T> Located<T> {
    /// A default: it stands nowhere.
    pub(crate) fn nowhere(value: T) -> Self {
        Self { value, at: At::default() }
    }
}

impl<T: Field> Field for Located<T> {
    fn shape() -> Shape {
        T::shape()
    }

    fn read(node: &Node, reading: &mut Reading<'_>) -> Option<Self> {
        let at = reading.at(node);
        T::read(node, reading).map(|value| Self { value, at })
    }

    fn written(&self) -> Option<Value> {
        self.value.written()
    }
}

impl<T: Field> Field for Vec<T> {
    fn shape() -> Shape {
        Shape::list(T::shape())
    }

    fn read(node: &Node, reading: &mut Reading<'_>) -> Option<Self> {
        reading.items(node, false, Some(MOST_ITEMS))
    }

    fn written(&self) -> Option<Value> {
        if self.is_empty() { None } else { self.iter().map(Field::written).collect() }
    }
}

/// The objects of one kind: as many as there are.
#[derive(Debug)]
pub(crate) struct Many<T>(pub(crate) Vec<T>);

impl<T> Many<T> {
    pub(crate) const fn none() -> Self {
        Self(Vec::new())
    }
}

impl<T> std::ops::Deref for Many<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T: Field> Field for Many<T> {
    fn shape() -> Shape {
        Shape::List { of: Box::new(T::shape()), filled: false, distinct: false, most: None }
    }

    fn read(node: &Node, reading: &mut Reading<'_>) -> Option<Self> {
        reading.items(node, false, None).map(Self)
    }
}

/// A list of scalars, none of them twice.
#[derive(Debug, Clone)]
pub(crate) struct Distinct<T>(pub(crate) Vec<T>);

impl<T> Distinct<T> {
    pub(crate) const fn none() -> Self {
        Self(Vec::new())
    }

    pub(crate) fn iter(&self) -> std::slice::Iter<'_, T> {
        self.0.iter()
    }
}

impl<T: Field> Field for Distinct<T> {
    fn shape() -> Shape {
        Shape::List { of: Box::new(T::shape()), filled: false, distinct: true, most: Some(MOST_ITEMS) }
    }

    fn read(node: &Node, reading: &mut Reading<'_>) -> Option<Self> {
        let items = reading.items(node, false, Some(MOST_ITEMS))?;
        if let Content::List(nodes) = &node.content {
            let mut seen: Vec<&str> = Vec::with_capacity(nodes.len());
            for item in nodes {
                let Content::Scalar(scalar) = &item.content else { continue };
                if seen.contains(&scalar.text.as_str()) {
                    reading.error_with(item, "this stands in the list twice", "remove one of them");
                    return None;
                }
                seen.push(&scalar.text);
            }
        }
        Some(Self(items))
    }
}

/// A value whose absence means something else than its being wrong: what was written wrongly is not missing.
#[derive(Debug, Clone)]
pub(crate) struct Attempt<T>(pub(crate) Option<T>);

impl<T: Field> Field for Attempt<T> {
    fn shape() -> Shape {
        T::shape()
    }

    fn read(node: &Node, reading: &mut Reading<'_>) -> Option<Self> {
        Some(Self(T::read(node, reading)))
    }
}

/// `off`, or a value.
#[derive(Debug, Clone)]
pub(crate) enum Switch<T> {
    Off,
    On(T),
}

impl<T: Field> Field for Switch<T> {
    fn shape() -> Shape {
        Shape::Either(vec![Shape::Choice(&["off"]), T::shape()])
    }

    fn read(node: &Node, reading: &mut Reading<'_>) -> Option<Self> {
        match &node.content {
            Content::Scalar(scalar) if scalar.kind() == Kind::Boolean(false) => Some(Self::Off),
            _ => T::read(node, reading).map(Self::On),
        }
    }
}
