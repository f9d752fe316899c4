//! Strict parser of RFC 3339 times.

use jiff::civil::{Date, Time, date};
use jiff::tz::TimeZone;

/// Seconds since the Unix epoch of the first and the last second of the years 0000 to 9999.
const SECONDS: std::ops::RangeInclusive<i64> = -62_167_219_200..=253_402_300_799;

/// Parses an RFC 3339 time (section 5.6) into milliseconds since the Unix epoch; further decimals are
/// truncated. Returns `None` if the format is different, a value is out of range, or the time in UTC is not
/// in the years 0000 to 9999.
///
/// A leap second is valid only at the end of June or December in UTC, and is parsed as the second before it.
pub(super) fn parse_millis(text: &str) -> Option<i64> {
    let mut scanner = Scanner(text.as_bytes());
    let date = scanner.date()?;
    scanner.one_of(b"Tt")?;
    let (hour, minute, second) =
        (scanner.digits(2)?, scanner.number_after(b":")?, scanner.number_after(b":")?);
    let millis = scanner.decimals()?;
    let offset = scanner.offset()?;
    let is_leap = second == 60;
    let second = if is_leap { 59 } else { second };
    let time = Time::new(narrow(hour)?, narrow(minute)?, narrow(second)?, 0).ok()?;
    let elapsed = date.to_datetime(time).duration_since(EPOCH.to_datetime(Time::midnight()));
    let seconds = elapsed.as_secs() - offset * 60;
    let is_valid =
        scanner.0.is_empty() && SECONDS.contains(&seconds) && (!is_leap || has_leap_second(seconds));
    is_valid.then_some(seconds * 1_000 + millis)
}

const EPOCH: Date = date(1970, 1, 1);

/// Returns true if a leap second can follow this second: the last of June or December in UTC.
fn has_leap_second(seconds: i64) -> bool {
    let next = jiff::Timestamp::from_second(seconds + 1).map(|next| next.to_zoned(TimeZone::UTC));
    next.is_ok_and(|next| next.time() == Time::midnight() && next.day() == 1 && matches!(next.month(), 1 | 7))
}

fn narrow(number: i64) -> Option<i8> {
    i8::try_from(number).ok()
}

/// Scanner of the bytes that are not parsed yet.
struct Scanner<'a>(&'a [u8]);

impl Scanner<'_> {
    fn one_of(&mut self, allowed: &[u8]) -> Option<u8> {
        let (first, rest) = self.0.split_first().filter(|(first, _)| allowed.contains(first))?;
        self.0 = rest;
        Some(*first)
    }

    /// Number with exactly `count` digits.
    fn digits(&mut self, count: usize) -> Option<i64> {
        (0..count).try_fold(0, |number, _| Some(number * 10 + i64::from(self.one_of(b"0123456789")? - b'0')))
    }

    /// Number with two digits after a separator.
    fn number_after(&mut self, separator: &[u8]) -> Option<i64> {
        self.one_of(separator)?;
        self.digits(2)
    }

    fn date(&mut self) -> Option<Date> {
        let (year, month, day) = (self.digits(4)?, self.number_after(b"-")?, self.number_after(b"-")?);
        Date::new(i16::try_from(year).ok()?, narrow(month)?, narrow(day)?).ok()
    }

    /// Milliseconds of optional decimals of the seconds.
    fn decimals(&mut self) -> Option<i64> {
        if self.one_of(b".").is_none() {
            return Some(0);
        }
        let mut millis = self.digits(1)? * 100;
        for weight in [10, 1] {
            millis += self.digits(1).unwrap_or(0) * weight;
        }
        while self.digits(1).is_some() {}
        Some(millis)
    }

    /// Minutes by which the time is ahead of UTC, at most 23 hours and 59 minutes.
    fn offset(&mut self) -> Option<i64> {
        let sign = match self.one_of(b"Zz+-")? {
            b'+' => 1,
            b'-' => -1,
            _ => return Some(0),
        };
        let (hours, minutes) = (self.digits(2)?, self.number_after(b":")?);
        (hours <= 23 && minutes <= 59).then_some(sign * (hours * 60 + minutes))
    }
}

#[cfg(test)]
mod tests {
    use crate::kit::system::clock::Timestamp;

    fn parse(text: &str) -> Option<String> {
        text.parse::<Timestamp>().ok().map(|time| time.to_string())
    }

    /// RFC 3339, section 5.6.
    #[test]
    fn rfc_3339_times_are_parsed_to_milliseconds() {
        for (text, expected) in [
            ("2025-01-02T03:04:05Z", "2025-01-02T03:04:05.000Z"),
            ("2025-01-02t03:04:05z", "2025-01-02T03:04:05.000Z"),
            ("2025-01-02T03:04:05.5Z", "2025-01-02T03:04:05.500Z"),
            ("2025-01-02T03:04:05.25Z", "2025-01-02T03:04:05.250Z"),
            ("2025-01-02T03:04:05.123999999999Z", "2025-01-02T03:04:05.123Z"),
            ("2025-01-02T03:04:05+23:59", "2025-01-01T03:05:05.000Z"),
            ("2025-01-02T03:04:05-23:59", "2025-01-03T03:03:05.000Z"),
            ("2025-01-02T03:04:05-00:00", "2025-01-02T03:04:05.000Z"),
            ("2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000Z"),
            ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59.000Z"),
            ("1990-12-31T15:59:60.5-08:00", "1990-12-31T23:59:59.500Z"),
            ("0000-01-01T00:00:00Z", "0000-01-01T00:00:00.000Z"),
            ("1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999Z"),
            ("9999-12-30T21:59:59.5Z", "9999-12-30T21:59:59.500Z"),
            ("9999-12-31T23:59:59.999Z", "9999-12-30T22:00:00.999Z"),
        ] {
            assert_eq!(parse(text).as_deref(), Some(expected), "{text}");
        }
    }

    const INVALID: [&str; 37] = [
        "2025-01-02T03:04:05+25:00",
        "2025-01-02T03:04:05+24:00",
        "2025-01-02T03:04:05+00:60",
        "2025-01-02T03:04:05+0100",
        "2025-01-02T03:04:05+01",
        "2025-01-02T03:04:05+01:00:00",
        "2025-01-02T03:04:05+1:00",
        "2025-01-02T03:04:05",
        "2025-01-02T03:04Z",
        "2025-01-02",
        "2025-01-02 03:04:05Z",
        "20250102T030405Z",
        "2025-1-2T03:04:05Z",
        "2025-W01-4T03:04:05Z",
        "2025-01-02T03:04:05.Z",
        "2025-01-02T03:04:05,5Z",
        "2025-01-02T03:04:05Z[UTC]",
        "2025-01-02T03:04:05Z ",
        " 2025-01-02T03:04:05Z",
        "2025-13-02T03:04:05Z",
        "2025-00-02T03:04:05Z",
        "2025-02-29T03:04:05Z",
        "2025-01-32T03:04:05Z",
        "2025-01-02T24:00:00Z",
        "2025-01-02T23:60:00Z",
        "2025-01-02T23:59:61Z",
        "2025-01-02T23:59:60Z",
        "2016-12-31T22:59:60Z",
        "2016-12-31T23:59:60+01:00",
        "0000-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
        "+002025-01-02T03:04:05Z",
        "-000001-01-02T03:04:05Z",
        "12025-01-02T03:04:05Z",
        "２025-01-02T03:04:05Z",
        "1735787045",
        "",
    ];

    #[test]
    fn malformed_or_out_of_range_times_are_rejected() {
        for text in INVALID {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
