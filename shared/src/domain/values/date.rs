//! Calendar dates in UTC.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use jiff::civil;
use jiff::tz::Offset;
use serde::{Deserialize, Serialize};

use crate::kit::system::clock::Timestamp;

/// Calendar date in UTC. Its text form, for example `2026-11-30`, sorts chronologically.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Date(civil::Date);

/// The text is not a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a date like 2026-11-30")]
pub struct DateError;

impl Date {
    /// Date of `moment` in UTC.
    #[must_use]
    pub fn of(moment: Timestamp) -> Self {
        let moment = jiff::Timestamp::from_millisecond(moment.as_millis()).unwrap_or(jiff::Timestamp::MAX);
        Self(Offset::UTC.to_datetime(moment).date())
    }

    /// Date `days` days earlier, or the first date of the calendar if that is out of range.
    #[must_use]
    pub fn days_before(self, days: u32) -> Self {
        let span = Duration::from_hours(24 * u64::from(days));
        Self(self.0.checked_sub(span).unwrap_or(civil::Date::MIN))
    }

    /// Number of days from this date to `later`; negative if `later` is earlier.
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
    type Err = DateError;

    /// Accepts only `YYYY-MM-DD`; the calendar's parser also accepts other formats.
    fn from_str(text: &str) -> Result<Self, DateError> {
        let date = text.parse().map(Self).map_err(|_| DateError)?;
        if text.len() == "2026-11-30".len() && date.to_string() == text { Ok(date) } else { Err(DateError) }
    }
}

impl TryFrom<String> for Date {
    type Error = DateError;

    fn try_from(text: String) -> Result<Self, DateError> {
        text.parse()
    }
}

impl From<Date> for String {
    fn from(date: Date) -> Self {
        date.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn dates_change_at_midnight_utc() {
        let midnight = Timestamp::from_millis(1_767_225_600_000);
        assert_eq!(Date::of(midnight), day("2026-01-01"));
        assert_eq!(Date::of(midnight.saturating_sub(Duration::from_millis(1))), day("2025-12-31"));
    }

    #[test]
    fn days_are_counted_over_months_and_leap_years() {
        assert_eq!(day("2028-03-01").days_before(1), day("2028-02-29"));
        assert_eq!(day("2026-11-30").days_before(365), day("2025-11-30"));
        assert_eq!(day("2026-11-30").days_before(u32::MAX), Date(civil::Date::MIN));
        assert_eq!(day("2028-01-01").days_until(day("2029-01-01")), 366);
        assert_eq!(day("2026-11-30").days_until(day("2026-11-01")), -29);
    }

    #[test]
    fn only_the_canonical_spelling_is_a_date() {
        for text in [
            "",
            "2026-11-31",
            "2026-1-1",
            "20261101",
            "2026-11-01T00:00",
            "+002026-11-01",
            "-002026-11-01",
            "today",
        ] {
            assert!(text.parse::<Date>().is_err(), "{text}");
            assert!(serde_json::from_value::<Date>(text.into()).is_err(), "{text}");
        }
    }

    #[test]
    fn date_is_serialised_in_its_text_form() {
        let date = day("2026-11-30");
        assert_eq!(serde_json::to_value(date).unwrap(), "2026-11-30");
        assert_eq!(serde_json::from_value::<Date>("2026-11-30".into()).unwrap(), date);
    }
}
