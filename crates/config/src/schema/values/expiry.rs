//! The moment at which a key ends.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::schema::reading::Shown;
use crate::schema::{Field, Reading, Shape};
use crate::tree::Node;

/// Milliseconds since the Unix epoch; a date is its first moment in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Expiry(pub(crate) i64);

impl Field for Expiry {
    fn shape() -> Shape {
        let pattern = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}([Tt ][0-9]{2}:[0-9]{2}.*)?$";
        Shape::Text { what: "date or RFC 3339 time", pattern: Some(pattern), exact: Some(EXACT), most: 40 }
    }

    fn read(node: &Node, reading: &mut Reading<'_>) -> Option<Self> {
        let expected = "a date such as `2027-01-01` or a time such as `2027-01-01T12:00:00Z`";
        let written = reading.scalar(node, expected, Shown::Yes)?;
        let moment = parse(&written.value);
        if moment.is_none() {
            reading.refuse(node, expected, &written);
        }
        moment.map(Self)
    }
}

/// Every match is a moment. The only one that is not matched though it is one is 29 February.
const EXACT: &str = r"^20[0-9]{2}-((0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])|(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31)(T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?(Z|[+-](0[0-9]|1[0-3]):[0-5][0-9]))?$";

fn parse(text: &str) -> Option<i64> {
    let four_digit_year = text.len() >= 10 && text.bytes().take(4).all(|byte| byte.is_ascii_digit());
    if !four_digit_year {
        return None;
    }
    if text.len() == 10 {
        let date: Date = text.parse().ok()?;
        return Some(date.to_zoned(TimeZone::UTC).ok()?.timestamp().as_millisecond());
    }
    Some(text.parse::<Timestamp>().ok()?.as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_times_are_moments() {
        assert_eq!(parse("1970-01-02"), Some(86_400_000));
        assert_eq!(parse("1970-01-01T01:00:00+01:00"), Some(0));
        for text in ["", "2027", "2027-13-01", "2027-02-30", "01.01.2027", "2027-01-01T00:00", "tomorrow"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
