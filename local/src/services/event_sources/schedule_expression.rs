//! Schedule expressions such as `rate(5 minutes)` and `cron(0 3 * * ? *)`, after "Schedule types" in the
//! Amazon `EventBridge` Scheduler user guide. The cron wildcards `L`, `W` and `#` and one-time schedules are
//! not supported.

use std::time::Duration;

use jiff::{Timestamp, ToSpan, Zoned, tz::TimeZone};

/// Schedule expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expression {
    /// Fixed interval.
    Rate(Duration),
    /// Minutes that match a cron expression.
    Cron(Cron),
}

/// Values that match each field of a cron expression. Times are in UTC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cron {
    minutes: Vec<i16>,
    hours: Vec<i16>,
    days: Vec<i16>,
    months: Vec<i16>,
    weekdays: Vec<i16>,
    years: Vec<i16>,
}

impl Expression {
    /// Parses an expression. `None` if its form is not supported.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(rate) = inner(text, "rate(") {
            let (count, unit) = rate.split_once(' ')?;
            let count: u64 = count.parse().ok().filter(|count| *count > 0)?;
            let seconds = match unit.trim() {
                "minute" | "minutes" => 60,
                "hour" | "hours" => 3_600,
                "day" | "days" => 86_400,
                _ => return None,
            };
            return Some(Self::Rate(Duration::from_secs(count.checked_mul(seconds)?)));
        }
        Cron::parse(inner(text, "cron(")?).map(Self::Cron)
    }

    /// First scheduled time after `now`. `None` if there is none within five years.
    #[must_use]
    pub fn next(&self, now: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Rate(period) => now.checked_add(*period).ok(),
            Self::Cron(cron) => cron.next(now),
        }
    }
}

fn inner<'a>(text: &'a str, opening: &str) -> Option<&'a str> {
    text.trim().strip_prefix(opening)?.strip_suffix(')').map(str::trim)
}

const MONTHS: [&str; 12] =
    ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

impl Cron {
    fn parse(text: &str) -> Option<Self> {
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [minutes, hours, days, months, weekdays, years] = fields.as_slice() else { return None };
        Some(Self {
            minutes: field(minutes, 0, 59, &[])?,
            hours: field(hours, 0, 23, &[])?,
            days: field(days, 1, 31, &[])?,
            months: field(months, 1, 12, &MONTHS)?,
            weekdays: field(weekdays, 1, 7, &WEEKDAYS)?,
            years: field(years, 1970, 2199, &[])?,
        })
    }

    fn next(&self, now: Timestamp) -> Option<Timestamp> {
        let now = now.to_zoned(TimeZone::UTC);
        let mut at = now.checked_add(1.minute()).ok()?.with().second(0).subsec_nanosecond(0).build().ok()?;
        let end = now.checked_add(5.years()).ok()?;
        while at < end {
            if self.day_matches(&at) {
                if self.hours.contains(&at.hour().into()) && self.minutes.contains(&at.minute().into()) {
                    return Some(at.timestamp());
                }
                at = at.checked_add(1.minute()).ok()?;
            } else {
                at = at.start_of_day().ok()?.checked_add(1.day()).ok()?;
            }
        }
        None
    }

    fn day_matches(&self, at: &Zoned) -> bool {
        // Cron expressions number the days of the week from Sunday = 1.
        let weekday = i16::from(at.weekday().to_sunday_one_offset());
        self.days.contains(&at.day().into())
            && self.months.contains(&at.month().into())
            && self.weekdays.contains(&weekday)
            && self.years.contains(&at.year())
    }
}

fn field(text: &str, minimum: i16, maximum: i16, names: &[&str]) -> Option<Vec<i16>> {
    let value = |text: &str| {
        let position = names.iter().position(|name| name.eq_ignore_ascii_case(text));
        let number = match position {
            Some(at) => i16::try_from(at).ok()? + 1,
            None => text.parse().ok()?,
        };
        (minimum..=maximum).contains(&number).then_some(number)
    };
    let mut values = Vec::new();
    for part in text.split(',') {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, step.parse::<usize>().ok().filter(|step| *step > 0)?),
            None => (part, 1),
        };
        let (from, to) = match (range, range.split_once('-')) {
            ("*" | "?", _) => (minimum, maximum),
            (_, Some((from, to))) => (value(from)?, value(to)?),
            (single, None) if part.contains('/') => (value(single)?, maximum),
            (single, None) => (value(single)?, value(single)?),
        };
        values.extend((from..=to).step_by(step));
    }
    Some(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(expression: &str, now: &str) -> String {
        let now: Timestamp = now.parse().unwrap();
        Expression::parse(expression).unwrap().next(now).unwrap().to_string()
    }

    #[test]
    fn rate_is_counted_from_the_given_time() {
        assert_eq!(Expression::parse("rate(1 minute)"), Some(Expression::Rate(Duration::from_mins(1))));
        assert_eq!(next("rate(2 hours)", "2026-01-01T00:00:30Z"), "2026-01-01T02:00:30Z");
        assert_eq!(Expression::parse("rate(0 minutes)"), None);
        assert_eq!(Expression::parse("rate(1 week)"), None);
    }

    #[test]
    fn cron_returns_the_next_matching_minute() {
        assert_eq!(next("cron(0 3 * * ? *)", "2026-01-01T03:00:00Z"), "2026-01-02T03:00:00Z");
        assert_eq!(next("cron(*/15 * * * ? *)", "2026-01-01T03:01:10Z"), "2026-01-01T03:15:00Z");
        // 2026-01-01 is a Thursday.
        assert_eq!(next("cron(30 9 ? * MON-FRI *)", "2026-01-02T10:00:00Z"), "2026-01-05T09:30:00Z");
        assert_eq!(next("cron(0 0 1 JAN ? *)", "2026-01-01T00:00:00Z"), "2027-01-01T00:00:00Z");
    }

    #[test]
    fn unsupported_expressions_are_refused() {
        assert_eq!(Expression::parse("cron(0 0 L * ? *)"), None);
        assert_eq!(Expression::parse("cron(0 0 * *)"), None);
        assert_eq!(Expression::parse("at(2026-01-01T00:00:00)"), None);
    }
}
