//! Tax of an amount, at a rate in basis points.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{Amount, Money};

/// Number of basis points that are the whole amount.
const WHOLE: i64 = 10_000;

/// Rate in hundredths of a percent, for example 1900 for 19 %: 0 to 10000.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub struct BasisPoints(u16);

/// The number is not a valid rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be an integer of basis points from 0 to 10000, like 1900 for 19 %")]
pub struct BasisPointsError;

impl BasisPoints {
    /// Nothing.
    pub const ZERO: Self = Self(0);
}

impl TryFrom<i64> for BasisPoints {
    type Error = BasisPointsError;

    fn try_from(points: i64) -> Result<Self, BasisPointsError> {
        if !(0..=WHOLE).contains(&points) {
            return Err(BasisPointsError);
        }
        u16::try_from(points).map(Self).map_err(|_| BasisPointsError)
    }
}

impl FromStr for BasisPoints {
    type Err = BasisPointsError;

    fn from_str(text: &str) -> Result<Self, BasisPointsError> {
        text.parse::<i64>().map_err(|_| BasisPointsError)?.try_into()
    }
}

impl From<BasisPoints> for i64 {
    fn from(rate: BasisPoints) -> Self {
        Self::from(rate.0)
    }
}

impl fmt::Debug for BasisPoints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl Money {
    /// Tax that is added to this net amount, rounded half away from zero to the minor unit.
    ///
    /// ```
    /// use shared::domain::values::money::Money;
    /// use shared::domain::values::money::tax::BasisPoints;
    ///
    /// let money = |json| serde_json::from_str::<Money>(json).unwrap();
    /// let rate = BasisPoints::try_from(1_900)?;
    /// // 19 % of 19.99 EUR are 3.7981 EUR; 19 % of 50 JPY are 9.5 JPY.
    /// assert_eq!(money(r#"{"amount":1999,"currency":"EUR"}"#).tax_on_top(rate).amount(), 380);
    /// assert_eq!(money(r#"{"amount":50,"currency":"JPY"}"#).tax_on_top(rate).amount(), 10);
    /// # Ok::<(), shared::domain::values::money::tax::BasisPointsError>(())
    /// ```
    #[must_use]
    pub fn tax_on_top(self, rate: BasisPoints) -> Self {
        self.at_rate(rate)
    }

    /// Tax that this gross amount includes, rounded half away from zero to the minor unit.
    ///
    /// ```
    /// use shared::domain::values::money::Money;
    /// use shared::domain::values::money::tax::BasisPoints;
    ///
    /// let money = |json| serde_json::from_str::<Money>(json).unwrap();
    /// let rate = BasisPoints::try_from(1_900)?;
    /// // 19.99 EUR are 119 % of the net amount: 19.99 × 19 / 119 are 3.1917 EUR.
    /// assert_eq!(money(r#"{"amount":1999,"currency":"EUR"}"#).tax_included(rate).amount(), 319);
    /// assert_eq!(money(r#"{"amount":119,"currency":"JPY"}"#).tax_included(rate).amount(), 19);
    /// # Ok::<(), shared::domain::values::money::tax::BasisPointsError>(())
    /// ```
    #[must_use]
    pub fn tax_included(self, rate: BasisPoints) -> Self {
        let rate = i64::from(rate);
        self.portion(rate, WHOLE + rate)
    }

    /// The amount times `numerator / denominator`, which is at most 1. The products are below 10¹⁷.
    /// Part of this amount at `rate`, rounded half away from zero to the minor unit.
    #[must_use]
    pub fn at_rate(self, rate: BasisPoints) -> Self {
        self.portion(rate.into(), WHOLE)
    }

    const fn portion(self, numerator: i64, denominator: i64) -> Self {
        let amount = (2 * self.amount.0 * numerator + denominator) / (2 * denominator);
        Self { amount: Amount(amount), ..self }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::values::money::Currency;

    /// Rational number with a positive denominator.
    #[derive(Debug, Clone, Copy)]
    struct Ratio(i128, i128);

    impl Ratio {
        /// Nearest integer; the larger one of two.
        fn rounded(self) -> i128 {
            let (floor, rest) = (self.0.div_euclid(self.1), self.0.rem_euclid(self.1));
            if rest * 2 >= self.1 { floor + 1 } else { floor }
        }
    }

    fn rate(points: i64) -> BasisPoints {
        BasisPoints::try_from(points).unwrap()
    }

    fn money(amount: i64, currency: Currency) -> Money {
        Money::new(Amount::try_from(amount).unwrap(), currency)
    }

    fn currencies() -> impl Strategy<Value = Currency> {
        proptest::sample::select(Currency::all()).prop_map(|code| code.parse().unwrap())
    }

    proptest! {
        #[test]
        fn taxes_agree_with_rational_numbers(
            amount in 0..=Amount::MAX,
            points in 0..=WHOLE,
            currency in currencies(),
        ) {
            let (whole, part, base) = (i128::from(WHOLE), i128::from(points), i128::from(amount));
            let on_top = money(amount, currency).tax_on_top(rate(points));
            prop_assert_eq!(i128::from(on_top.amount()), Ratio(base * part, whole).rounded());
            // The net amount is base × 10000 / (10000 + points), and the tax is the rest of the base.
            let included = money(amount, currency).tax_included(rate(points));
            let exact = Ratio(base * (whole + part) - base * whole, whole + part);
            prop_assert_eq!(i128::from(included.amount()), exact.rounded());
            prop_assert_eq!((on_top.currency(), included.currency()), (currency, currency));
        }

        #[test]
        fn included_tax_inverts_tax_on_top(
            net in 0..=Amount::MAX / 2,
            points in 0..=WHOLE,
            currency in currencies(),
        ) {
            let net = money(net, currency);
            let tax = net.tax_on_top(rate(points));
            prop_assert_eq!(net.checked_add(tax).unwrap().tax_included(rate(points)), tax);
        }
    }

    #[test]
    fn halves_are_rounded_away_from_zero() {
        let yen: Currency = "JPY".parse().unwrap();
        for (amount, points, tax) in [(1, 5_000, 1), (3, 5_000, 2), (49, 100, 0), (50, 100, 1), (7, 0, 0)] {
            assert_eq!(money(amount, yen).tax_on_top(rate(points)).amount(), tax, "{amount} at {points}");
        }
        for (amount, points, tax) in [(1, 10_000, 1), (3, 10_000, 2), (5, 10_000, 3), (7, 0, 0)] {
            assert_eq!(money(amount, yen).tax_included(rate(points)).amount(), tax, "{amount} at {points}");
        }
    }

    #[test]
    fn rates_are_limited_to_the_whole_amount() {
        for (points, valid) in [(-1, false), (0, true), (10_000, true), (10_001, false), (i64::MAX, false)] {
            let rate = BasisPoints::try_from(points).ok();
            assert_eq!(rate.map(i64::from), valid.then_some(points));
        }
        assert_eq!(format!("{:?}", rate(1_900)), "1900");
    }
}
