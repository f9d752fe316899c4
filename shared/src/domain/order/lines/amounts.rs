//! Amounts of a line: net, tax and gross.

use serde::{Deserialize, Serialize};

use super::{LineTax, OrderLine};
use crate::domain::values::money::{Currency, Money, MoneyError};

/// Amounts of a line, a part of them, or sums of them. Net and tax add up to gross, which is not stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "StoredAmounts", into = "StoredAmounts")]
pub struct LineAmounts {
    /// Amount without the tax.
    pub net: Money,
    /// Tax.
    pub tax: Money,
    /// Amount to pay.
    pub gross: Money,
}

impl LineAmounts {
    /// Amounts of a line with this price.
    fn of(price: Money, tax: Option<&LineTax>) -> Result<Self, MoneyError> {
        match tax {
            None => Ok(Self { net: price, tax: Money::zero(price.currency()), gross: price }),
            Some(tax) if tax.included => {
                Ok(Self { net: price.checked_sub(tax.amount)?, tax: tax.amount, gross: price })
            }
            Some(tax) => Ok(Self { net: price, tax: tax.amount, gross: price.checked_add(tax.amount)? }),
        }
    }

    /// Sum of these amounts and `other`.
    ///
    /// # Errors
    /// [`MoneyError`] if an amount is too large, or the currencies differ.
    pub(crate) fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        Ok(Self {
            net: self.net.checked_add(other.net)?,
            tax: self.tax.checked_add(other.tax)?,
            gross: self.gross.checked_add(other.gross)?,
        })
    }

    /// Amounts without `part`, which is a part of them.
    ///
    /// # Errors
    /// [`MoneyError`] if `part` exceeds them, or the currencies differ.
    pub(crate) fn without(self, part: Self) -> Result<Self, MoneyError> {
        Ok(Self {
            net: self.net.checked_sub(part.net)?,
            tax: self.tax.checked_sub(part.tax)?,
            gross: self.gross.checked_sub(part.gross)?,
        })
    }

    /// Part with this gross, or all if less is left: net and tax in proportion, and neither more than there is.
    pub(crate) fn part(self, gross: Money) -> Self {
        if gross.checked_sub(self.gross).is_ok() {
            return self;
        }
        let weights = [self.net, self.tax].map(|amount| amount.amount().unsigned_abs());
        match gross.allocate(&weights).as_deref() {
            Ok(&[net, tax]) => Self { net, tax, gross },
            _ => Self::zero(gross.currency()),
        }
    }

    /// Zero in `currency`.
    #[must_use]
    pub const fn zero(currency: Currency) -> Self {
        let zero = Money::zero(currency);
        Self { net: zero, tax: zero, gross: zero }
    }
}

/// Amounts as they are stored.
#[derive(Serialize, Deserialize)]
struct StoredAmounts {
    net: Money,
    tax: Money,
}

impl TryFrom<StoredAmounts> for LineAmounts {
    type Error = MoneyError;

    fn try_from(StoredAmounts { net, tax }: StoredAmounts) -> Result<Self, MoneyError> {
        Ok(Self { net, tax, gross: net.checked_add(tax)? })
    }
}

impl From<LineAmounts> for StoredAmounts {
    fn from(LineAmounts { net, tax, .. }: LineAmounts) -> Self {
        Self { net, tax }
    }
}

impl OrderLine {
    /// Amounts of the line.
    ///
    /// # Errors
    /// [`MoneyError`] if an amount is too large, an included tax exceeds the price, or the currencies differ.
    pub(super) fn amounts(&self) -> Result<LineAmounts, MoneyError> {
        match self {
            Self::Item(line) => {
                LineAmounts::of(line.unit_price.checked_mul(line.quantity)?, line.tax.as_ref())
            }
            Self::Shipping(line) => LineAmounts::of(line.amount, line.tax.as_ref()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::domain::order::lines::{ItemLine, OrderLines, OrderLinesError, ShippingLine};
    use crate::domain::tests::{dollars, euros, product};
    use crate::domain::values::money::tax::BasisPoints;
    use crate::domain::values::money::{Amount, Quantity};

    /// Price, rate in basis points, and whether the price includes the tax.
    type Priced = (i64, i64, bool);

    fn tax(price: Money, (_, rate, included): Priced) -> Option<LineTax> {
        let rate_basis_points = BasisPoints::try_from(rate).unwrap();
        let amount = if included {
            price.tax_included(rate_basis_points)
        } else {
            price.tax_on_top(rate_basis_points)
        };
        (rate > 0).then(|| LineTax { rate_basis_points, amount, name: "VAT".parse().unwrap(), included })
    }

    fn item(unit_price: Money, units: i64, tax: Option<LineTax>) -> OrderLine {
        let quantity = Quantity::try_from(units).unwrap();
        let (product_id, sku, title) = (product().id, product().sku, product().title);
        OrderLine::Item(ItemLine { product_id, sku, title, quantity, unit_price, tax })
    }

    fn shipping(amount: Money, tax: Option<LineTax>) -> OrderLine {
        let (option_id, name) = ("standard".parse().unwrap(), "Standard".parse().unwrap());
        OrderLine::Shipping(ShippingLine { option_id, name, amount, tax })
    }

    fn lines(lines: Vec<OrderLine>) -> Result<OrderLines, OrderLinesError> {
        lines.try_into()
    }

    proptest! {
        #[test]
        fn sum_of_the_lines_is_the_total(
            items in vec(((0..=999_999_i64, 0..=10_000_i64, any::<bool>()), 1..=1_000_i64), 1..20),
            shipped in (0..=999_999_i64, 0..=10_000_i64, any::<bool>()),
        ) {
            let items = items.into_iter().map(|(priced, units)| {
                let price = euros(priced.0).checked_mul(Quantity::try_from(units).unwrap()).unwrap();
                item(euros(priced.0), units, tax(price, priced))
            });
            let shipped = shipping(euros(shipped.0), tax(euros(shipped.0), shipped));
            let all = lines(items.chain([shipped]).collect()).unwrap();
            let sum = |amount: fn(LineAmounts) -> Money| -> i64 {
                all.iter().map(|(_, amounts)| amount(amounts).amount()).sum()
            };
            for (line, LineAmounts { net, tax, gross }) in all.iter() {
                prop_assert_eq!(net.amount() + tax.amount(), gross.amount(), "{:?}", line);
            }
            let total = all.sum();
            prop_assert_eq!(total.net.amount(), sum(|line| line.net));
            prop_assert_eq!(total.tax.amount(), sum(|line| line.tax));
            prop_assert_eq!(total.gross.amount(), sum(|line| line.gross));
            prop_assert_eq!(total.net.checked_add(total.tax).unwrap(), total.gross);
            let stored = serde_json::to_value(&all).unwrap();
            prop_assert_eq!(serde_json::from_value::<OrderLines>(stored).unwrap(), all);
        }
    }

    #[test]
    fn tax_is_included_in_the_price_or_added_to_it() {
        let amounts = |included| {
            let (price, priced) = (euros(1_999), (1_999, 1_900, included));
            lines(vec![item(price, 1, tax(price, priced))]).unwrap().sum()
        };
        assert_eq!(amounts(true), LineAmounts { net: euros(1_680), tax: euros(319), gross: euros(1_999) });
        assert_eq!(amounts(false), LineAmounts { net: euros(1_999), tax: euros(380), gross: euros(2_379) });
    }

    #[test]
    fn lines_without_a_sum_are_refused() {
        assert_eq!(lines(Vec::new()), Err(OrderLinesError::Empty));
        let mixed = vec![item(euros(1), 1, None), shipping(dollars(1), None)];
        assert_eq!(lines(mixed), Err(MoneyError::CurrencyMismatch.into()));
        let largest = || item(euros(Amount::MAX), 1, None);
        assert_eq!(lines(vec![largest(), largest()]), Err(MoneyError::TooLarge.into()));
        assert_eq!(lines(vec![item(euros(Amount::MAX), 2, None)]), Err(MoneyError::TooLarge.into()));
        let excessive = LineTax { amount: euros(2), ..tax(euros(1), (1, 1_900, true)).unwrap() };
        assert_eq!(lines(vec![item(euros(1), 1, Some(excessive))]), Err(MoneyError::Negative.into()));
    }

    #[test]
    fn line_of_an_earlier_version_is_an_item() {
        let mut stored = serde_json::to_value(item(euros(5), 2, None)).unwrap();
        assert_eq!(stored.as_object_mut().unwrap().remove("type").unwrap(), "item");
        assert_eq!(serde_json::from_value::<OrderLine>(stored).unwrap(), item(euros(5), 2, None));
        let shipped = serde_json::to_value(shipping(euros(5), None)).unwrap();
        assert_eq!(shipped["type"], "shipping");
    }
}
