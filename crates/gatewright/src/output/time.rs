//! Times as people say them: how long ago, how long from now, and where it matters the local time.

use anyhow::{Context, Result, bail};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// `3 min ago`, `in 89 days`; what is no time stays as it is.
pub(crate) fn relative(time: &str) -> String {
    relative_to(time, Timestamp::now())
}

fn relative_to(time: &str, now: Timestamp) -> String {
    let Some(time) = read(time) else {
        return time.to_owned();
    };
    let seconds = time.duration_since(now).as_secs();
    let distance = distance(seconds.unsigned_abs());
    match seconds {
        -4..=4 => "now".to_owned(),
        ..-4 => format!("{distance} ago"),
        5.. => format!("in {distance}"),
    }
}

/// `2026-11-22 21:04:10`, in the time zone of whoever looks.
pub(crate) fn local(time: &str) -> String {
    let zoned = read(time).map(|moment| moment.to_zoned(TimeZone::system()));
    zoned.map_or_else(|| time.to_owned(), |zoned| zoned.strftime("%Y-%m-%d %H:%M:%S").to_string())
}

/// `2026-11-22 21:04:10 (3 min ago)`
pub(crate) fn full(time: &str) -> String {
    if read(time).is_none() { time.to_owned() } else { format!("{} ({})", local(time), relative(time)) }
}

/// The largest unit of which there are two, else the next one: `90 s`, `3 h`, `40 days`.
pub(crate) fn distance(seconds: u64) -> String {
    const MINUTE: u64 = 60;
    const HOUR: u64 = 60 * MINUTE;
    const DAY: u64 = 24 * HOUR;
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", rounded(seconds, MINUTE)),
        7_200..172_800 => format!("{} h", rounded(seconds, HOUR)),
        _ => format!("{} days", rounded(seconds, DAY)),
    }
}

/// What was 90 days a second ago still is.
const fn rounded(seconds: u64, unit: u64) -> u64 {
    seconds.saturating_add(unit / 2) / unit
}

/// A point in time as the API and the file write it; a date is its first moment, in UTC.
pub(crate) fn read(time: &str) -> Option<Timestamp> {
    let date =
        || time.parse::<jiff::civil::Date>().ok()?.to_zoned(TimeZone::UTC).ok().map(|day| day.timestamp());
    time.parse().ok().or_else(date)
}

/// `30m`, `24h`, `7d`.
pub(crate) fn span(text: &str) -> Result<SignedDuration> {
    let number = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = &text[number.len()..];
    let count: i64 = number.parse().ok().filter(|count| *count >= 0).with_context(|| {
        format!("`{text}` is no time; write a number and a unit, such as `30m`, `24h` or `7d`")
    })?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        "w" => 604_800,
        _ => bail!("`{text}` has an unknown unit; use `s`, `m`, `h`, `d` or `w`"),
    };
    let seconds = count.checked_mul(seconds).with_context(|| format!("`{text}` is too long"))?;
    Ok(SignedDuration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_and_nonsense_is_refused() {
        assert_eq!(span("90m").unwrap().as_secs(), 5_400);
        assert_eq!(span("7d").unwrap().as_secs(), 604_800);
        for text in ["", "7", "d", "-1h", "1y", "99999999999999999w", "1.5h"] {
            assert!(span(text).is_err(), "{text}");
        }
    }

    #[test]
    fn distances_are_said_in_one_unit() {
        let now: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
        let table = [
            ("2026-11-22T12:00:01Z", "now"),
            ("2026-11-22T11:58:30Z", "90 s ago"),
            ("2026-11-22T11:57:00Z", "3 min ago"),
            ("2026-11-21T00:00:00Z", "36 h ago"),
            ("2027-02-20T12:00:00Z", "in 90 days"),
            ("2026-11-25", "in 3 days"),
            ("2027-02-20T11:59:59Z", "in 90 days"),
            ("some day", "some day"),
        ];
        for (time, said) in table {
            assert_eq!(relative_to(time, now), said, "{time}");
        }
    }
}
