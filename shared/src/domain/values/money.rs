//! Money in whole minor units of a currency, with checked arithmetic.

pub mod allocation;
mod charge_limits;
pub mod tax;

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Amount in the minor unit of its currency, for example 1999 for 19.99 EUR. Never negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Money {
    amount: Amount,
    currency: Currency,
}

/// Number of minor units, from 0 to [`Amount::MAX`]. A currency may have a lower maximum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "i64")]
pub struct Amount(i64);

impl Amount {
    /// Highest limit of the payment gateway for any currency.
    pub const MAX: i64 = 999_999_999_999;
    /// No money.
    pub const ZERO: Self = Self(0);

    /// Number of minor units.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }
}

impl TryFrom<i64> for Amount {
    type Error = AmountError;

    fn try_from(amount: i64) -> Result<Self, AmountError> {
        if (0..=Self::MAX).contains(&amount) { Ok(Self(amount)) } else { Err(AmountError) }
    }
}

/// The number is not a valid amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be an integer of minor units from 0 to 999999999999")]
pub struct AmountError;

/// The amount exceeds the maximum of its currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be at most {} in minor units of {}", .0.max_charge(), .0.as_str())]
pub struct AmountTooLarge(Currency);

/// Reason why an arithmetic operation fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// The result exceeds [`Amount::MAX`].
    #[error("the amount exceeds the maximum")]
    TooLarge,
    /// The result is negative.
    #[error("the amount is negative")]
    Negative,
    /// The currencies differ.
    #[error("the currencies differ")]
    CurrencyMismatch,
}

impl Money {
    /// Creates an amount of `currency` that can be charged.
    ///
    /// # Errors
    /// [`AmountTooLarge`] if it exceeds the maximum of the currency.
    pub fn chargeable(amount: Amount, currency: Currency) -> Result<Self, AmountTooLarge> {
        Self { amount, currency }.require_chargeable()
    }

    /// The amount, if it can be charged.
    ///
    /// # Errors
    /// [`AmountTooLarge`] if it exceeds the maximum of the currency.
    pub fn require_chargeable(self) -> Result<Self, AmountTooLarge> {
        if self.amount.0 > self.currency.max_charge() { Err(AmountTooLarge(self.currency)) } else { Ok(self) }
    }

    /// Creates an amount of `currency` without checking its maximum, for amounts that the payment gateway
    /// reports.
    #[must_use]
    pub const fn new(amount: Amount, currency: Currency) -> Self {
        Self { amount, currency }
    }

    /// Zero in `currency`.
    #[must_use]
    pub const fn zero(currency: Currency) -> Self {
        Self { amount: Amount::ZERO, currency }
    }

    /// Number of minor units.
    #[must_use]
    pub const fn amount(self) -> i64 {
        self.amount.0
    }

    /// Currency of the amount.
    #[must_use]
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// Adds `other`.
    ///
    /// # Errors
    /// [`MoneyError`] if the currencies differ or the sum is too large.
    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::CurrencyMismatch);
        }
        self.with(self.amount.0.checked_add(other.amount.0))
    }

    /// Subtracts `other`.
    ///
    /// # Errors
    /// [`MoneyError`] if the currencies differ or the result is negative.
    pub fn checked_sub(self, other: Self) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::CurrencyMismatch);
        }
        self.with(self.amount.0.checked_sub(other.amount.0)).map_err(|_| MoneyError::Negative)
    }

    /// Multiplies by `quantity`.
    ///
    /// # Errors
    /// [`MoneyError::TooLarge`] if the result is too large.
    pub fn checked_mul(self, quantity: Quantity) -> Result<Self, MoneyError> {
        self.with(self.amount.0.checked_mul(i64::from(quantity.get())))
    }

    fn with(self, amount: Option<i64>) -> Result<Self, MoneyError> {
        let amount = amount.and_then(|amount| Amount::try_from(amount).ok()).ok_or(MoneyError::TooLarge)?;
        Ok(Self { amount, ..self })
    }
}

/// ISO 4217 currency code in upper case.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency([u8; 3]);

/// Supported currencies: those of ISO 4217 that the payment gateway settles, without withdrawn ones such as
/// BGN, which the euro replaced on 1 January 2026.
const CURRENCIES: &str = "AED AUD BRL CAD CHF CNY CZK DKK EUR GBP HKD HUF IDR ILS INR JPY KRW MXN MYR NOK \
                          NZD PHP PLN RON SAR SEK SGD THB TRY TWD UAH USD VND ZAR";

/// Supported currencies without a minor unit (ISO 4217).
const WITHOUT_MINOR_UNIT: [&str; 3] = ["JPY", "KRW", "VND"];

/// The text is not a supported currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a supported ISO 4217 currency code in upper case, like EUR")]
pub struct CurrencyError;

impl Currency {
    /// Codes of all supported currencies.
    #[must_use]
    pub fn all() -> Vec<&'static str> {
        CURRENCIES.split_ascii_whitespace().collect()
    }

    /// The code as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Number of decimal digits of the minor unit: 2 for cents, 0 if the currency has no minor unit.
    #[must_use]
    pub fn minor_digits(&self) -> u32 {
        if WITHOUT_MINOR_UNIT.contains(&self.as_str()) { 0 } else { 2 }
    }
}

impl FromStr for Currency {
    type Err = CurrencyError;

    fn from_str(text: &str) -> Result<Self, CurrencyError> {
        let code: [u8; 3] = text.as_bytes().try_into().map_err(|_| CurrencyError)?;
        if CURRENCIES.split(' ').any(|known| known == text) { Ok(Self(code)) } else { Err(CurrencyError) }
    }
}

impl TryFrom<String> for Currency {
    type Error = CurrencyError;

    fn try_from(text: String) -> Result<Self, CurrencyError> {
        text.parse()
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.as_str().to_owned()
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Number of units of one product in an order: 1 to 1,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub struct Quantity(NonZeroU32);

/// The number is not a valid quantity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be an integer from 1 to 1000")]
pub struct QuantityError;

impl Quantity {
    /// Number of units.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0.get()
    }
}

impl TryFrom<i64> for Quantity {
    type Error = QuantityError;

    fn try_from(units: i64) -> Result<Self, QuantityError> {
        let units = u32::try_from(units).ok().filter(|units| *units <= 1_000).and_then(NonZeroU32::new);
        units.map(Self).ok_or(QuantityError)
    }
}

impl From<Quantity> for i64 {
    fn from(quantity: Quantity) -> Self {
        Self::from(quantity.get())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Maximum amount of euros, in cents.
    const EURO_MAX: i64 = 99_999_999;

    fn euros(amount: i64) -> Money {
        Money::new(Amount::try_from(amount).unwrap(), "EUR".parse().unwrap())
    }

    #[test]
    fn currencies_do_not_mix() {
        let dollars = Money::zero("USD".parse().unwrap());
        assert_eq!(euros(1).checked_add(dollars), Err(MoneyError::CurrencyMismatch));
        assert_eq!(euros(1).checked_sub(dollars), Err(MoneyError::CurrencyMismatch));
    }

    #[test]
    fn only_supported_upper_case_codes_are_currencies() {
        for text in ["eur", "EURO", "XXX", "E R", "", "UR "] {
            assert!(text.parse::<Currency>().is_err(), "{text}");
        }
    }

    #[test]
    fn currencies_withdrawn_from_iso_4217_are_refused() {
        // First the currencies that the euro replaced, then those with another successor.
        let replaced = "DEM FRF ITL SIT CYP MTL SKK EEK LVL LTL HRK BGN";
        for code in replaced.split(' ').chain(["ROL", "TRL", "PLZ", "BRR", "CSD", "VEF", "ZWL", "ANG"]) {
            assert_eq!(code.parse::<Currency>(), Err(CurrencyError), "{code}");
        }
    }

    #[test]
    fn all_text_forms_of_a_currency_are_its_code() {
        let all = Currency::all();
        assert!(all.contains(&"EUR"));
        for code in all {
            let currency: Currency = code.parse().unwrap();
            assert_eq!((currency.as_str(), format!("{currency:?}").as_str()), (code, code));
            assert_eq!(serde_json::to_value(currency).unwrap(), code);
            assert_eq!(serde_json::from_value::<Currency>(code.into()).unwrap(), currency);
        }
        assert!(serde_json::from_value::<Currency>("XXX".into()).is_err());
    }

    #[test]
    fn amounts_and_quantities_are_limited() {
        for (amount, valid) in [(-1, false), (0, true), (EURO_MAX, true), (EURO_MAX + 1, false)] {
            let money = Amount::try_from(amount).ok();
            let money = money.map(|amount| Money::chargeable(amount, euros(0).currency()));
            let money = money.and_then(Result::ok).ok_or(());
            assert_eq!(money.ok().map(Money::amount), valid.then_some(amount));
        }
        for (units, valid) in [(-1, false), (0, false), (1, true), (1_000, true), (1_001, false)] {
            let quantity = Quantity::try_from(units).ok();
            assert_eq!(quantity.map(i64::from), valid.then_some(units));
            assert_eq!(quantity.map(Quantity::get), u32::try_from(units).ok().filter(|_| valid));
        }
    }

    proptest! {
        #[test]
        fn arithmetic_is_exact_or_refused(
            a in 0..=Amount::MAX,
            b in 0..=Amount::MAX,
            units in 1..=1_000_i64,
        ) {
            let expected = |value: i64| {
                if value <= Amount::MAX { Ok(euros(value)) } else { Err(MoneyError::TooLarge) }
            };
            prop_assert_eq!(euros(a).checked_add(euros(b)), expected(a + b));
            let left = if a >= b { Ok(euros(a - b)) } else { Err(MoneyError::Negative) };
            prop_assert_eq!(euros(a).checked_sub(euros(b)), left);
            prop_assert_eq!(euros(a).checked_mul(Quantity::try_from(units).unwrap()), expected(a * units));
        }
    }
}
