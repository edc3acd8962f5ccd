//! Numbers with a unit: time and size.

use std::time::Duration;

use serde_json::Value;

use crate::schema::reading::Shown;
use crate::schema::{Field, Reading, Shape};
use crate::tree::Node;

/// A duration of at least `LEAST_MS` milliseconds and at most 30 days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Time<const LEAST_MS: u64>(pub(crate) Duration);

const UNITS_OF_TIME: [(&str, u64); 4] = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000)];
const LONGEST_MS: u64 = 30 * 24 * 3_600_000;

impl<const LEAST_MS: u64> Time<LEAST_MS> {
    pub(crate) const fn millis(millis: u64) -> Self {
        Self(Duration::from_millis(millis))
    }

    pub(crate) const fn secs(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }

    /// For a time that comes from somewhere else than the file.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let millis = measure(text, &UNITS_OF_TIME)?;
        (LEAST_MS..=LONGEST_MS).contains(&millis).then(|| Self::millis(millis))
    }
}

impl<const LEAST_MS: u64> Field for Time<LEAST_MS> {
    fn shape() -> Shape {
        let pattern = if LEAST_MS == 0 { "^[0-9]{1,10}(ms|s|m|h)$" } else { "^0*[1-9][0-9]{0,9}(ms|s|m|h)$" };
        let exact = if LEAST_MS == 0 {
            "^([0-9]{1,9}ms|[0-9]{1,6}s|[0-9]{1,4}m|[0-9]{1,2}h)$"
        } else {
            "^([1-9][0-9]{0,8}ms|[1-9][0-9]{0,5}s|[1-9][0-9]{0,3}m|[1-9][0-9]?h)$"
        };
        let what = "duration such as `200ms`, `5s`, `10m` or `1h`";
        Shape::Text { what, pattern: Some(pattern), exact: Some(exact), most: 32 }
    }

    fn read(node: &Node, reading: &mut Reading<'_>) -> Option<Self> {
        let expected = "a duration such as `200ms`, `5s`, `10m` or `1h`";
        let written = reading.scalar(node, expected, Shown::Yes)?;
        let Some(millis) = measure(&written.value, &UNITS_OF_TIME) else {
            reading.refuse(node, expected, &written);
            return None;
        };
        if !(LEAST_MS..=LONGEST_MS).contains(&millis) {
            let range = if millis > LONGEST_MS { "at most 30 days" } else { "longer than nothing" };
            reading.refuse(node, &format!("a duration that is {range}"), &written);
            return None;
        }
        Some(Self::millis(millis))
    }

    fn written(&self) -> Option<Value> {
        Some(print(u64::try_from(self.0.as_millis()).ok()?, &UNITS_OF_TIME).into())
    }
}

/// A number of bytes from 1 KiB to 1 GiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size(pub(crate) u64);

const UNITS_OF_SIZE: [(&str, u64); 7] = [
    ("B", 1),
    ("KB", 1_000),
    ("KiB", 1 << 10),
    ("MB", 1_000_000),
    ("MiB", 1 << 20),
    ("GB", 1_000_000_000),
    ("GiB", 1 << 30),
];

impl Size {
    pub(crate) const fn mebibytes(mebibytes: u64) -> Self {
        Self(mebibytes << 20)
    }
}

impl Field for Size {
    fn shape() -> Shape {
        let pattern = "^0*[1-9][0-9]{0,9}(B|KB|KiB|MB|MiB|GB|GiB)$";
        Shape::text("size such as `32MiB`", pattern, 32)
    }

    fn read(node: &Node, reading: &mut Reading<'_>) -> Option<Self> {
        let expected = "a size from `1KiB` to `1GiB`, such as `32MiB`";
        let written = reading.scalar(node, expected, Shown::Yes)?;
        match measure(&written.value, &UNITS_OF_SIZE) {
            Some(bytes) if (1 << 10..=1 << 30).contains(&bytes) => Some(Self(bytes)),
            _ => {
                reading.refuse(node, expected, &written);
                None
            }
        }
    }

    fn written(&self) -> Option<Value> {
        Some(print(self.0, &UNITS_OF_SIZE).into())
    }
}

/// A whole number directly followed by its unit.
fn measure(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let end = text.find(|c: char| !c.is_ascii_digit())?;
    let (digits, unit) = text.split_at(end);
    let (_, factor) = units.iter().find(|(name, _)| *name == unit)?;
    let significant = digits.trim_start_matches('0');
    if digits.is_empty() || significant.len() > 10 {
        return None;
    }
    let number: u64 = if significant.is_empty() { 0 } else { significant.parse().ok()? };
    number.checked_mul(*factor)
}

/// In the largest unit that leaves a whole number; decimal and binary sizes do not mix that way, so the later wins.
fn print(amount: u64, units: &[(&str, u64)]) -> String {
    let fitting = units.iter().filter(|(_, factor)| amount.is_multiple_of(*factor) && amount >= *factor);
    match fitting.max_by_key(|(_, factor)| *factor) {
        Some((unit, factor)) => format!("{}{unit}", amount / factor),
        None => format!("{amount}{}", units.first().map_or("", |(unit, _)| *unit)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_measure_is_digits_and_a_unit() {
        let time = |text| measure(text, &UNITS_OF_TIME);
        assert_eq!(time("200ms"), Some(200));
        assert_eq!(time("10m"), Some(600_000));
        assert_eq!(time("0s"), Some(0));
        for text in
            ["", "5", "s", "5 s", "-5s", "1.5s", "5S", "5sec", "99999999999s", "18446744073709551616h"]
        {
            assert_eq!(time(text), None, "{text}");
        }
        assert_eq!(measure("32MiB", &UNITS_OF_SIZE), Some(33_554_432));
        assert_eq!(measure("9999999999GiB", &UNITS_OF_SIZE), Some(9_999_999_999 << 30));
    }

    #[test]
    fn printing_reads_back() {
        for (amount, text) in [(0, "0ms"), (200, "200ms"), (5_000, "5s"), (90_000, "90s"), (3_600_000, "1h")]
        {
            assert_eq!(print(amount, &UNITS_OF_TIME), text);
            assert_eq!(measure(text, &UNITS_OF_TIME), Some(amount));
        }
        assert_eq!(print(32 << 20, &UNITS_OF_SIZE), "32MiB");
    }
}
