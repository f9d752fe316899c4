//! Days of the calendar, in UTC.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use jiff::civil;
use jiff::tz::Offset;
use serde::{Deserialize, Serialize};

use crate::kit::system::clock::Timestamp;

/// A day of the calendar, in UTC; written like `2026-11-30`, so that the text sorts as the days do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Date(civil::Date);

/// Text that is no day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a date like 2026-11-30")]
pub struct DayError;

impl Date {
    /// The day that `moment` falls on.
    #[must_use]
    pub fn of(moment: Timestamp) -> Self {
        let moment = jiff::Timestamp::from_millisecond(moment.as_millis()).unwrap_or(jiff::Timestamp::MAX);
        Self(Offset::UTC.to_datetime(moment).date())
    }

    /// The day so many days earlier; the calendar's first, if it does not reach that far back.
    #[must_use]
    pub fn days_before(self, days: u32) -> Self {
        let span = Duration::from_hours(24 * u64::from(days));
        Self(self.0.checked_sub(span).unwrap_or(civil::Date::MIN))
    }

    /// How many days `later` is from this one; negative if it is earlier.
    #[must_use]
    pub fn days_until(self, later: Self) -> i64 {
        (later.0.duration_since(self.0)).as_hours() / 24
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Date {
    type Err = DayError;

    /// One spelling a day: the calendar's parser takes others as well.
    fn from_str(text: &str) -> Result<Self, DayError> {
        let day = text.parse().map(Self).map_err(|_| DayError)?;
        if text.len() == "2026-11-30".len() && day.to_string() == text { Ok(day) } else { Err(DayError) }
    }
}

impl TryFrom<String> for Date {
    type Error = DayError;

    fn try_from(text: String) -> Result<Self, DayError> {
        text.parse()
    }
}

impl From<Date> for String {
    fn from(day: Date) -> Self {
        day.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn a_day_begins_and_ends_at_midnight_in_utc() {
        let midnight = Timestamp::from_millis(1_767_225_600_000);
        assert_eq!(Date::of(midnight), day("2026-01-01"));
        assert_eq!(Date::of(midnight.saturating_sub(Duration::from_millis(1))), day("2025-12-31"));
    }

    #[test]
    fn days_are_counted_over_months_and_leap_years() {
        assert_eq!(day("2028-03-01").days_before(1), day("2028-02-29"));
        assert_eq!(day("2028-01-01").days_until(day("2029-01-01")), 366);
        assert_eq!(day("2026-11-30").days_until(day("2026-11-01")), -29);
    }

    #[test]
    fn a_day_has_one_spelling() {
        for text in ["", "2026-11-31", "2026-1-1", "20261101", "2026-11-01T00:00", "+002026-11-01", "today"] {
            assert!(text.parse::<Date>().is_err(), "{text}");
        }
    }
}
