//! Numbers: whole ones within bounds, and money.

use domain::UnitPrice;
use serde_json::Value;

use crate::schema::reading::Shown;
use crate::schema::{Field, Reading, Shape};
use crate::tree::Node;

impl Field for bool {
    fn shape() -> Shape {
        Shape::Boolean
    }

    fn read(node: &Node, reading: &mut Reading<'_>) -> Option<Self> {
        reading.boolean(node)
    }

    fn written(&self) -> Option<Value> {
        Some((*self).into())
    }
}

/// A whole number from `LEAST` to `MOST`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Whole<const LEAST: u64, const MOST: u64>(pub(crate) u64);

impl<const LEAST: u64, const MOST: u64> Whole<LEAST, MOST> {
    /// For fields whose bounds fit; saturates where they do not.
    pub(crate) fn as_u32(self) -> u32 {
        u32::try_from(self.0).unwrap_or(u32::MAX)
    }

    pub(crate) fn as_usize(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

impl<const LEAST: u64, const MOST: u64> Field for Whole<LEAST, MOST> {
    fn shape() -> Shape {
        Shape::Whole { least: LEAST, most: MOST }
    }

    fn read(node: &Node, reading: &mut Reading<'_>) -> Option<Self> {
        let expected = format!("a whole number from {LEAST} to {MOST}");
        let written = reading.number(node, &expected)?;
        let digits = written.value.bytes().all(|byte| byte.is_ascii_digit());
        match written.value.parse() {
            Ok(number) if digits && (LEAST..=MOST).contains(&number) => Some(Self(number)),
            _ => {
                reading.refuse(node, &expected, &written);
                None
            }
        }
    }

    fn written(&self) -> Option<Value> {
        Some(self.0.into())
    }
}

/// US dollars per million tokens, read from the text itself: no binary fraction is ever between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Amount(pub(crate) UnitPrice);

impl Amount {
    /// The JSON numbers that are taken; text goes up to the same number with every decimal kept.
    pub(crate) const MOST: f64 = 999_999_999.0;

    /// JSON numbers are binary fractions: `0.1` arrives a little beside it. They are rounded to the 12 decimals that a
    /// price has; text is exact.
    pub(crate) fn of_json_number(text: &str) -> Option<UnitPrice> {
        let number: f64 = text.parse().ok()?;
        (0.0..=Self::MOST).contains(&number).then(|| UnitPrice::parse(&format!("{number:.12}"))).flatten()
    }
}

impl Field for Amount {
    fn shape() -> Shape {
        Shape::Decimal
    }

    fn read(node: &Node, reading: &mut Reading<'_>) -> Option<Self> {
        let expected = "a decimal number of at most 12 decimals, such as `0.075`";
        let written = reading.scalar(node, expected, Shown::Yes)?;
        let price = if reading.is_document() && written.is_number() {
            Self::of_json_number(&written.value)
        } else {
            UnitPrice::parse(&written.value)
        };
        if price.is_none() {
            reading.refuse(node, expected, &written);
        }
        price.map(Self)
    }
}
