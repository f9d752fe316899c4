//! Formats amounts of money for e-mails.

use shared::domain::values::money::Money;

/// Supported currencies without a minor unit (ISO 4217).
const ZERO_DECIMAL_CURRENCIES: [&str; 3] = ["JPY", "KRW", "VND"];

/// Formats an amount with its currency, like `19.99 EUR`.
pub(crate) fn format_money(money: Money) -> String {
    let (amount, currency) = (money.amount(), money.currency());
    if ZERO_DECIMAL_CURRENCIES.contains(&currency.as_str()) {
        format!("{amount} {}", currency.as_str())
    } else {
        format!("{}.{:02} {}", amount / 100, amount % 100, currency.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::domain::values::money::Amount;

    #[test]
    fn minor_units_are_shown_if_the_currency_has_any() {
        let formatted = |amount: i64, currency: &str| {
            format_money(Money::new(Amount::try_from(amount).unwrap(), currency.parse().unwrap()))
        };
        assert_eq!(formatted(1_999, "EUR"), "19.99 EUR");
        assert_eq!(formatted(5, "USD"), "0.05 USD");
        assert_eq!(formatted(1_999, "JPY"), "1999 JPY");
    }
}
