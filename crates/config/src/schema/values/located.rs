//! Forms around other values: with its place, in a list, or switched off.

use serde_json::Value;

use crate::diagnostic::At;
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
        Shape::List { of: Box::new(T::shape()), filled: false }
    }

    fn read(node: &Node, reading: &mut Reading<'_>) -> Option<Self> {
        reading.items(node, false)
    }

    fn written(&self) -> Option<Value> {
        if self.is_empty() { None } else { self.iter().map(Field::written).collect() }
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
