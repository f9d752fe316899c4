//! Limits of the payment gateway on the amount of a charge, by currency.
//!
//! Source: Stripe, "Minimum and maximum charge amounts",
//! <https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts>.

use super::{Amount, Currency};

/// Maximum of most currencies: eight digits.
const DEFAULT_MAX: i64 = 99_999_999;

impl Currency {
    /// Minimum amount of a charge in minor units; 1 if Stripe documents none. If Stripe converts the amount
    /// to another settlement currency, the result must reach the minimum of that currency as well. This
    /// depends on the exchange rate and is not checked here.
    #[must_use]
    pub fn min_charge(&self) -> i64 {
        match self.as_str() {
            "AUD" | "BRL" | "CAD" | "CHF" | "EUR" | "IDR" | "ILS" | "INR" | "JPY" | "KRW" | "NZD" | "PHP"
            | "SGD" | "USD" | "ZAR" => 50,
            "GBP" => 30,
            "AED" | "MYR" | "PLN" | "RON" => 200,
            "DKK" => 250,
            "NOK" | "SEK" => 300,
            "HKD" => 400,
            "MXN" | "THB" => 1_000,
            "CZK" => 1_500,
            "HUF" => 17_500,
            _ => 1,
        }
    }

    /// Maximum amount in minor units that can be charged to every payment method. Cards allow more in some
    /// currencies, but the payment method is not known when a price is set.
    #[must_use]
    pub fn max_charge(&self) -> i64 {
        match self.as_str() {
            "IDR" => Amount::MAX,
            "INR" => 999_999_999,
            _ => DEFAULT_MAX,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::domain::values::money::{Amount, Currency, Money, Quantity};

    fn currency(code: &str) -> Currency {
        code.parse().unwrap()
    }

    #[test]
    fn amounts_reach_the_documented_maximum_of_their_currency() {
        for (code, max) in
            [("IDR", 999_999_999_999), ("INR", 999_999_999), ("EUR", 99_999_999), ("JPY", 99_999_999)]
        {
            let chargeable = |amount| Money::chargeable(Amount::try_from(amount).unwrap(), currency(code));
            let largest = chargeable(max).unwrap();
            assert_eq!(largest.amount(), max, "{code}");
            // Arithmetic has no such limit: the gateway may report a charge that was made elsewhere.
            if let Ok(doubled) = largest.checked_mul(Quantity::try_from(2).unwrap()) {
                assert!(doubled.require_chargeable().is_err(), "{code}");
            }
            if max < Amount::MAX {
                let rule = format!("must be at most {max} in minor units of {code}");
                assert_eq!(chargeable(max + 1).unwrap_err().to_string(), rule);
            }
        }
        // About 900 US dollars.
        let phone = Money::chargeable(Amount::try_from(1_500_000_000).unwrap(), currency("IDR")).unwrap();
        assert_eq!(phone.checked_add(phone).unwrap().amount(), 3_000_000_000);
    }

    #[test]
    fn limits_of_every_currency_are_consistent() {
        for code in Currency::all() {
            let currency = currency(code);
            assert!((1..currency.max_charge()).contains(&currency.min_charge()), "{code}");
            assert!(currency.max_charge() <= Amount::MAX, "{code}");
        }
    }
}
