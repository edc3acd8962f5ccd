//! UTC days, and which of them a call or a trace belongs to.

use std::fmt;
use std::str::FromStr;
use std::time::SystemTime;

use domain::{CallId, TraceId};

const MS_PER_DAY: i64 = 86_400_000;

/// A trace id whose time lies within this much of the present is taken at its word.
const PLAUSIBLE_DAYS: i64 = 40;

/// Days since the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Day(pub(super) i64);

impl Day {
    pub(super) fn of_ms(ms: i64) -> Self {
        Self(ms.div_euclid(MS_PER_DAY))
    }

    /// The first 48 bits of a call id (UUIDv7) are the milliseconds when it began.
    pub(super) fn of_call(call: CallId) -> Self {
        Self::of_ms(call_ms(call))
    }

    /// The day that a trace id says it began, if it is a UUIDv7 of about now: a trace begun by us has the id of its
    /// first call, and other programs make ids of this form too. A random id says nothing.
    pub(super) fn said_by(trace: TraceId, now: Self) -> Option<Self> {
        let version = (trace.0 >> 76) & 0xf;
        let variant = (trace.0 >> 62) & 0b11;
        let day = Self::of_call(CallId(trace.0));
        let plausible = day.0 >= now.0 - PLAUSIBLE_DAYS && day.0 <= now.0 + 1;
        (version == 7 && variant == 0b10 && plausible).then_some(day)
    }
}

impl FromStr for Day {
    type Err = ();

    /// The reverse: <https://howardhinnant.github.io/date_algorithms.html#days_from_civil>.
    fn from_str(date: &str) -> Result<Self, ()> {
        let mut parts = date.splitn(3, '-').map(|part| part.parse::<i64>().map_err(drop));
        let mut next = || parts.next().unwrap_or(Err(()));
        let (year, month, day) = (next()?, next()?, next()?);
        let year = year - i64::from(month <= 2);
        let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
        let shifted_month = (month + 9) % 12;
        let day_of_year = (153 * shifted_month + 2) / 5 + day - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        let found = Self(era * 146_097 + day_of_era - 719_468);
        // Whatever is no date reads back as another one.
        if found.to_string() == date { Ok(found) } else { Err(()) }
    }
}

pub(super) fn call_ms(call: CallId) -> i64 {
    i64::try_from(call.0 >> 80).unwrap_or(i64::MAX)
}

pub(super) fn now_us() -> i64 {
    let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX)
}

impl fmt::Display for Day {
    /// The civil date, by the algorithm of <https://howardhinnant.github.io/date_algorithms.html#civil_from_days>.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shifted = self.0 + 719_468;
        let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
        let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_print_as_dates() {
        for (day, text) in [
            (0, "1970-01-01"),
            (-1, "1969-12-31"),
            (11_016, "2000-02-29"),
            (20_779, "2026-11-22"),
            (20_818, "2026-12-31"),
            (20_819, "2027-01-01"),
        ] {
            assert_eq!(Day(day).to_string(), text);
            assert_eq!(text.parse(), Ok(Day(day)));
        }
        for text in ["", "2026", "2026-13-01", "2026-02-30", "index", "2026-11-22x", "-1-2-3"] {
            assert_eq!(text.parse::<Day>(), Err(()), "{text}");
        }
    }

    #[test]
    fn only_an_id_of_about_now_says_its_day() {
        let now = Day(20_779);
        let id = |ms: i64| TraceId((u128::try_from(ms).unwrap() << 80) | (7 << 76) | (0b10 << 62));
        assert_eq!(Day::said_by(id(20_770 * MS_PER_DAY + 5), now), Some(Day(20_770)));
        assert_eq!(Day::said_by(id(20_000 * MS_PER_DAY), now), None);
        assert_eq!(Day::said_by(id(20_790 * MS_PER_DAY), now), None);
        // Version 4 with a plausible beginning.
        assert_eq!(Day::said_by(TraceId(id(20_770 * MS_PER_DAY).0 & !(3 << 76)), now), None);
    }
}
