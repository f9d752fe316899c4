//! Money as people read it.

use shared::domain::values::money::Money;

/// Currencies without a minor unit (ISO 4217), of those that can be traded in.
const WHOLE: [&str; 3] = ["JPY", "KRW", "VND"];

/// The amount with its currency, like `19.99 EUR`.
pub(crate) fn price(money: Money) -> String {
    let (amount, currency) = (money.amount(), money.currency());
    if WHOLE.contains(&currency.as_str()) {
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
    fn minor_units_are_set_apart_where_there_are_any() {
        let shown = |amount: i64, currency: &str| {
            price(Money::new(Amount::try_from(amount).unwrap(), currency.parse().unwrap()))
        };
        assert_eq!(shown(1_999, "EUR"), "19.99 EUR");
        assert_eq!(shown(5, "USD"), "0.05 USD");
        assert_eq!(shown(1_999, "JPY"), "1999 JPY");
    }
}
