//! Language and formats of an e-mail.

use jiff::tz::TimeZone;
use shared::domain::values::money::Money;
use shared::kit::system::clock::Timestamp;

/// Locale of the recipient. The texts in `templates/` are in English; another language adds a variant, and
/// the templates select their texts by it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Locale {
    #[default]
    English,
}

impl Locale {
    /// BCP 47 language tag.
    pub(crate) const fn language_tag(self) -> &'static str {
        match self {
            Self::English => "en",
        }
    }

    /// Formats an amount with its currency, like `1,234.50 EUR`.
    pub(crate) fn money(self, money: Money) -> String {
        let (thousands_separator, decimal_separator) = match self {
            Self::English => (',', '.'),
        };
        let (amount, currency) = (money.amount(), money.currency());
        let unit = 10_i64.pow(currency.minor_digits());
        let major = grouped(amount / unit, thousands_separator);
        match currency.minor_digits() as usize {
            0 => format!("{major} {}", currency.as_str()),
            digits => {
                format!("{major}{decimal_separator}{:0digits$} {}", amount % unit, currency.as_str())
            }
        }
    }

    /// Formats a rate in basis points, like `19 %` or `7.25 %`.
    pub(crate) fn percent(self, basis_points: i64) -> String {
        let decimal_separator = match self {
            Self::English => '.',
        };
        let (whole, decimals) = (basis_points / 100, format!("{:02}", basis_points % 100));
        match decimals.trim_end_matches('0') {
            "" => format!("{whole} %"),
            decimals => format!("{whole}{decimal_separator}{decimals} %"),
        }
    }

    /// Formats a time, like `15 January 2027, 08:00 UTC`. The time zone of the recipient is not known.
    pub(crate) fn time(self, at: Timestamp) -> String {
        let at = jiff::Timestamp::from_millisecond(at.as_millis()).unwrap_or(jiff::Timestamp::MAX);
        let format = match self {
            Self::English => "%-d %B %Y, %H:%M UTC",
        };
        at.to_zoned(TimeZone::UTC).strftime(format).to_string()
    }
}

/// Formats a number that is not negative, in groups of three digits.
fn grouped(number: i64, separator: char) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(separator);
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::domain::values::money::Amount;

    #[test]
    fn amounts_have_the_decimals_of_their_currency() {
        let formatted = |amount: i64, currency: &str| {
            Locale::English.money(Money::new(Amount::try_from(amount).unwrap(), currency.parse().unwrap()))
        };
        assert_eq!(formatted(1_999, "EUR"), "19.99 EUR");
        assert_eq!(formatted(5, "USD"), "0.05 USD");
        assert_eq!(formatted(123_450, "EUR"), "1,234.50 EUR");
        assert_eq!(formatted(99_999_999, "GBP"), "999,999.99 GBP");
        assert_eq!(formatted(999, "JPY"), "999 JPY");
        assert_eq!(formatted(1_234_567, "JPY"), "1,234,567 JPY");
    }

    #[test]
    fn rates_are_percentages_without_trailing_zeros() {
        for (rate, text) in [(0, "0 %"), (1_900, "19 %"), (1_950, "19.5 %"), (725, "7.25 %"), (5, "0.05 %")] {
            assert_eq!(Locale::English.percent(rate), text);
        }
    }

    #[test]
    fn times_are_written_out_in_utc() {
        let at: Timestamp = "2027-01-05T08:03:59.999Z".parse().unwrap();
        assert_eq!(Locale::English.time(at), "5 January 2027, 08:03 UTC");
    }
}
